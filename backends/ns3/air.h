// Copyright the xedgesim authors
// SPDX-License-Identifier: GPL-2.0-only
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ns3/lr-wpan-phy.h"
#include "ns3/mobility-model.h"
#include "ns3/propagation-loss-model.h"
#include "ns3/single-model-spectrum-channel.h"

/// RFC 4648, section 4. Throws std::runtime_error.
std::vector<uint8_t> decode_base64(const std::string& text);
std::string encode_base64(const std::vector<uint8_t>& bytes);

/// The air of a run in ns-3: a LrWpanPhy for each station on one SingleModelSpectrumChannel, and no MAC.
/// Stations are numbered as INIT lists them.
///
/// Each PHY is left in RX_ON and leaves it to transmit only: whether its station's receiver was on is
/// xedgesim's to know. After a transmission, a change of channel or an abort it is deaf for the 192 us that
/// LrWpanPhy takes to RX_ON. LrWpanPhy keeps the powers it sees to itself; levels (RSSI, energy detection)
/// are summed up here from ns-3's propagation.
class Air {
 public:
  using Report = std::function<void(const char* verb, const nlohmann::json& event)>;
  struct Frame {
    int64_t id;
    double power_dbm;
    std::vector<uint8_t> psdu;
    bool header;  ///< report where its header was received
  };

  Air(const nlohmann::json& init, Report report);
  ~Air();

  /// Everything due at or before `t_ns`, what that causes at once included; the clock then stands at t_ns.
  void run_to(int64_t t_ns);
  void transmit(size_t station, const Frame& frame);
  void tune(size_t station, int channel);
  void abort(size_t station);
  void clear_channel_assessment(size_t station, int64_t token);
  /// The highest of the mean powers over consecutive 128 us, or the level at the end of a shorter time.
  void measure(size_t station, int64_t duration_ns, int64_t token);

 private:
  struct Cca {
    int64_t due_ns, token;
  };
  struct Station {
    ns3::Ptr<ns3::LrWpanPhy> phy;
    ns3::Ptr<ns3::MobilityModel> place;
    double gain_db = 0;
    int channel = 26;
    int64_t stream = 0;
    ns3::LrWpanPhyEnumeration state = ns3::IEEE_802_15_4_PHY_TRX_OFF;
    bool transmitting = false;
    int64_t receiving = 0;  ///< id of the packet it is locked on
    int64_t ended = 0;      ///< ... whose end is being judged
    std::deque<Cca> ccas;
  };
  struct OnAir {
    int64_t id, start_ns, end_ns;
    size_t station;
    int channel;
    double power_dbm;
    bool header;
    std::vector<uint8_t> psdu;
  };

  Station& at(size_t station);
  void make_phy(size_t station);
  /// What the PHY of a station tells comes here, until it is retired.
  void listen_to(size_t station);
  void fence();
  const OnAir* find(int64_t id) const;
  const OnAir* of(ns3::Ptr<const ns3::Packet> packet) const;
  void reception_began(size_t station, ns3::Ptr<const ns3::Packet> packet);
  void header_ended(size_t station, int64_t id);
  void reception_ended(size_t station, ns3::Ptr<const ns3::Packet> packet);
  void received(size_t station, int64_t id, bool ok, int lqi);
  void recover(size_t station);
  void cca_ended(size_t station, ns3::LrWpanPhyEnumeration result);
  void cca_by_level(size_t station, int64_t token);
  double received_dbm(const OnAir& packet, size_t station) const;
  double level_mw(size_t station, int64_t from_ns, int64_t to_ns) const;

  Report report_;
  ns3::Ptr<ns3::SingleModelSpectrumChannel> channel_;
  ns3::Ptr<ns3::PropagationLossModel> loss_;
  double noise_factor_ = 1;
  std::vector<Station> stations_;
  std::deque<std::pair<int64_t, ns3::Ptr<ns3::LrWpanPhy>>> retired_;  // since when; their last events are yet to come
  std::deque<OnAir> air_;                // in order of id and of start
  std::map<uint64_t, int64_t> packets_;  // ns-3's number of a packet -> id
  uint64_t fence_seen_ = 0;
};
