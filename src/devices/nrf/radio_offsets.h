#pragma once
#include "bus/register.h"

/// Register offsets and fields of RADIO that its model uses (nRF52840 PS v1.1, 6.20.14).
namespace xedgesim::devices::nrf::radio {

constexpr uint32_t kTxEn = 0x000, kRxEn = 0x004, kStart = 0x008, kStop = 0x00c, kDisable = 0x010;
constexpr uint32_t kRssiStart = 0x014, kRssiStop = 0x018, kBcStart = 0x01c, kEdStart = 0x024,
                   kCcaStart = 0x02c;

constexpr uint32_t kReady = 0x100, kAddress = 0x104, kPayload = 0x108, kEnd = 0x10c, kDisabled = 0x110;
constexpr uint32_t kRssiEnd = 0x11c, kBcMatch = 0x128, kCrcOk = 0x130, kCrcError = 0x134, kFrameStart = 0x138;
constexpr uint32_t kEdEnd = 0x13c, kEdStopped = 0x140, kCcaIdle = 0x144, kCcaBusy = 0x148,
                   kCcaStopped = 0x14c;
constexpr uint32_t kTxReady = 0x154, kRxReady = 0x158, kMhrMatch = 0x15c, kSync = 0x168, kPhyEnd = 0x16c;

constexpr uint32_t kCrcStatus = 0x400, kRxCrc = 0x40c, kPacketPtr = 0x504, kFrequency = 0x508,
                   kTxPower = 0x50c;
constexpr uint32_t kMode = 0x510, kPcnf0 = 0x514, kPcnf1 = 0x518, kCrcCnf = 0x534, kCrcPoly = 0x538;
constexpr uint32_t kCrcInit = 0x53c, kTifs = 0x544, kRssiSample = 0x548, kBcc = 0x560, kMhrMatchConf = 0x644;
constexpr uint32_t kMhrMatchMask = 0x648, kModeCnf0 = 0x650, kEdCnt = 0x664, kEdSample = 0x668,
                   kCcaCtrl = 0x66c;
constexpr uint32_t kPower = 0xffc;

constexpr bus::Field kChannelOffset{"FREQUENCY", 0, 7}, kMap{"MAP", 8};
constexpr bus::Field kLfLen{"LFLEN", 0, 4}, kS0Len{"S0LEN", 8}, kS1Len{"S1LEN", 16, 4}, kCrcInc{"CRCINC", 26};
constexpr bus::Field kMaxLen{"MAXLEN", 0, 8};
constexpr bus::Field kCrcLen{"LEN", 0, 2}, kSkipAddr{"SKIPADDR", 8, 2};
constexpr bus::Field kRampUp{"RU", 0};
constexpr bus::Field kCcaMode{"CCAMODE", 0, 3}, kCcaEdThreshold{"CCAEDTHRES", 8, 8};

// Codes of Radio's alarms.
enum Alarm : uint32_t { state_change, bit_match };

/// EDSAMPLE and CCAEDTHRES count dB above this level (ED_RSSIOFFS, PS 6.20.15).
constexpr int64_t kEdOffsetDbm = -92;
/// LQI in RAM and EDSAMPLE are the standard's 8-bit values divided by this (ED_RSSISCALE).
constexpr int64_t kEdScale = 4;

}  // namespace xedgesim::devices::nrf::radio
