#include "devices/nrf/saadc.h"

#include <algorithm>
#include <cmath>

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kStarted = 0x100, kEnd = 0x104, kDone = 0x108, kResultDone = 0x10c, kCalibrateDone = 0x110;
constexpr uint32_t kStopped = 0x114, kLimitH = 0x118, kLimitL = 0x11c;
constexpr uint32_t kEnable = 0x500, kPselP = 0x510, kPselN = 0x514, kConfig = 0x518, kLimit = 0x51c;
constexpr uint32_t kResolution = 0x5f0, kOversample = 0x5f4, kSampleRate = 0x5f8;
constexpr uint32_t kPtr = 0x62c, kMaxcnt = 0x630, kAmount = 0x634;
constexpr uint16_t kChannelStride = 0x10;

constexpr Field kPsel{"PSEL", 0, 5}, kResP{"RESP", 0, 2}, kResN{"RESN", 4, 2}, kGain{"GAIN", 8, 3};
constexpr Field kRefSel{"REFSEL", 12}, kTacq{"TACQ", 16, 3}, kMode{"MODE", 20}, kBurst{"BURST", 24};
constexpr Field kRateCc{"CC", 0, 11}, kRateMode{"MODE", 12};

constexpr uint32_t kNotConnected = 0, kVdd = 9, kVddhDiv5 = 0xd;
constexpr std::array<double, 8> kGains = {1.0 / 6, 1.0 / 5, 1.0 / 4, 1.0 / 3, 1.0 / 2, 1, 2, 4};
constexpr std::array<int, 8> kAcquisitionUs = {3, 5, 10, 15, 20, 40, 40, 40};
constexpr double kInternalReference = 0.6;
constexpr Duration kConversion = Duration::us(2);     // tCONV, PS 6.23.10
constexpr Duration kCalibration = Duration::us(200);  // not in the PS
constexpr int64_t kHalfNsPerRateTick = 125;           // 16 MHz

enum Alarm : uint32_t { converted, next_sample, calibrated };

}  // namespace

const TaskEventTable& Saadc::registers() {
  using S = Saadc;
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&S::start>),
          task(0x004, "TASKS_SAMPLE", run<&S::sample>),
          task(0x008, "TASKS_STOP", run<&S::stop>),
          task(0x00c, "TASKS_CALIBRATEOFFSET", run<&S::calibrate>),
          event(kStarted, "EVENTS_STARTED"),
          event(kEnd, "EVENTS_END"),
          event(kDone, "EVENTS_DONE"),
          event(kResultDone, "EVENTS_RESULTDONE"),
          event(kCalibrateDone, "EVENTS_CALIBRATEDONE"),
          event(kStopped, "EVENTS_STOPPED"),
          event(kLimitH, "EVENTS_CH.LIMITH", kChannels, 8),
          event(kLimitL, "EVENTS_CH.LIMITL", kChannels, 8),
      },
      {},
      {
          {.offset = 0x400, .name = "STATUS", .access = Access::ro, .read = get<&S::status>},
          {.offset = kEnable, .name = "ENABLE", .fields = {{"ENABLE", 0}}, .write = set<&S::write_enable>},
          {.offset = kPselP,
           .name = "CH.PSELP",
           .fields = {kPsel},
           .count = kChannels,
           .stride = kChannelStride},
          {.offset = kPselN,
           .name = "CH.PSELN",
           .fields = {kPsel},
           .count = kChannels,
           .stride = kChannelStride},
          {.offset = kConfig,
           .name = "CH.CONFIG",
           .reset = 0x20000,
           .fields = {kResP, kResN, kGain, kRefSel, kTacq, kMode, kBurst},
           .count = kChannels,
           .stride = kChannelStride},
          {.offset = kLimit,
           .name = "CH.LIMIT",
           .reset = 0x7fff8000,
           .count = kChannels,
           .stride = kChannelStride},
          {.offset = kResolution, .name = "RESOLUTION", .reset = 1, .fields = {{"VAL", 0, 3}}},
          {.offset = kOversample, .name = "OVERSAMPLE", .fields = {{"OVERSAMPLE", 0, 4}}},
          {.offset = kSampleRate, .name = "SAMPLERATE", .fields = {kRateCc, kRateMode}},
          {.offset = kPtr, .name = "RESULT.PTR"},
          {.offset = kMaxcnt, .name = "RESULT.MAXCNT", .fields = {{"MAXCNT", 0, 15}}},
          {.offset = kAmount, .name = "RESULT.AMOUNT", .access = Access::ro},
      },
      true);
  return table;
}

void Saadc::reset() {
  for (AlarmId* a : {&alarm_, &rate_alarm_, &calibration_alarm_}) disarm(*a);
  Peripheral::reset();
  started_ = converting_ = false;
  averaged_ = 0;
  sum_ = 0;
  draw("saadc", false);
}

void Saadc::write_enable(unsigned, uint32_t v) {
  if (v != 0) return;
  disarm(alarm_);
  disarm(rate_alarm_);
  started_ = converting_ = false;
  draw("saadc", false);
}

void Saadc::start() {
  if (value(kEnable) == 0) return;
  started_ = true;
  ptr_ = value(kPtr);
  max_ = value(kMaxcnt);
  averaged_ = 0;
  sum_ = 0;
  set_value(kAmount, 0);
  generate(kStarted);
}

void Saadc::stop() {
  disarm(alarm_);
  disarm(rate_alarm_);
  if (converting_) draw("saadc", false);
  started_ = converting_ = false;
  generate(kStopped);
}

void Saadc::calibrate() {
  if (value(kEnable) != 0) arm(calibration_alarm_, now() + kCalibration, calibrated);
}

void Saadc::sample() {
  if (!started_) return;
  if (converting_)
    return note("TASKS_SAMPLE during a conversion is ignored: sample less often or acquire faster");
  const uint32_t rate = value(kSampleRate);
  if (kRateMode.of(rate) != 0 && rate_alarm_ == 0) {
    arm(rate_alarm_, now() + Duration::ns((kRateCc.of(rate) * kHalfNsPerRateTick + 1) / 2), next_sample);
  }
  begin_scan();
}

void Saadc::begin_scan() {
  channel_ = 0;
  while (channel_ < kChannels && value(kPselP + kChannelStride * channel_) == kNotConnected) ++channel_;
  if (channel_ == kChannels) return;
  converting_ = true;
  samples_left_ = burst(channel_) ? oversampling() : 1;
  draw("saadc", true);
  begin_conversion();
}

void Saadc::begin_conversion() { arm(alarm_, now() + acquisition_time(channel_) + kConversion, converted); }

Duration Saadc::acquisition_time(unsigned channel) const {
  return Duration::us(kAcquisitionUs[kTacq.of(value(kConfig + kChannelStride * channel))]);
}

unsigned Saadc::oversampling() const { return 1u << std::min(value(kOversample), 8u); }

bool Saadc::burst(unsigned channel) const {
  return kBurst.of(value(kConfig + kChannelStride * channel)) != 0;
}

double Saadc::supply_volts(SimTime t) const {
  const auto volts = resources().analog ? resources().analog->supply_volts(t) : std::nullopt;
  return volts.value_or(resources().supply_volts);
}

double Saadc::input_volts(uint32_t psel, SimTime t) const {
  const double vdd = supply_volts(t);
  if (psel == kVdd) return vdd;
  if (psel == kVddhDiv5) return vdd / 5;
  if (psel == kNotConnected || psel > 8 || resources().analog == nullptr) return 0;
  return std::clamp(resources().analog->volts(psel - 1, t), 0.0, vdd);
}

int32_t Saadc::convert(unsigned channel, SimTime t) const {
  const uint32_t config = value(kConfig + kChannelStride * channel);
  const bool differential = kMode.of(config) != 0;
  const int bits = 8 + 2 * static_cast<int>(std::min(value(kResolution), 3u)) - (differential ? 1 : 0);
  const double reference = kRefSel.of(config) == 0 ? kInternalReference : supply_volts(t) / 4;
  double v = input_volts(value(kPselP + kChannelStride * channel), t);
  if (differential) v -= input_volts(value(kPselN + kChannelStride * channel), t);
  const double full_scale = static_cast<double>(1 << bits);
  const double code = std::floor(v * kGains[kGain.of(config)] / reference * full_scale + 0.5);
  return static_cast<int32_t>(std::clamp(code, differential ? -full_scale : 0.0, full_scale - 1));
}

void Saadc::conversion_done() {
  const unsigned channel = channel_;
  sum_ += convert(channel, now() - kConversion);
  ++averaged_;
  --samples_left_;
  const bool result = averaged_ >= oversampling();
  int32_t average = 0;
  if (result) {
    average = static_cast<int32_t>(sum_ / averaged_);
    sum_ = 0;
    averaged_ = 0;
  }
  // What comes next is decided before any event is generated: the events may start, stop or sample again.
  if (samples_left_ > 0) {
    begin_conversion();
  } else {
    do {
      ++channel_;
    } while (channel_ < kChannels && value(kPselP + kChannelStride * channel_) == kNotConnected);
    converting_ = channel_ < kChannels;
    if (converting_) {
      samples_left_ = burst(channel_) ? oversampling() : 1;
      begin_conversion();
    } else {
      draw("saadc", false);
    }
  }
  generate(kDone);
  if (result) result_ready(channel, average);
}

void Saadc::result_ready(unsigned channel, int32_t result) {
  const uint32_t amount = value(kAmount);
  if (amount >= max_) return;
  const auto word = static_cast<uint16_t>(static_cast<int16_t>(result));
  const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(word), static_cast<uint8_t>(word >> 8)};
  board().dma_write(ptr_ + 2 * amount, bytes);
  set_value(kAmount, amount + 1);
  generate(kResultDone);
  check_limits(channel, result);
  if (amount + 1 != max_) return;
  started_ = false;  // further samples need a START, which may come through PPI right now
  generate(kEnd);
}

void Saadc::check_limits(unsigned channel, int32_t result) {
  const uint32_t limit = value(kLimit + kChannelStride * channel);
  if (result <= static_cast<int16_t>(limit)) generate(kLimitL + 8 * channel);
  if (result >= static_cast<int16_t>(limit >> 16)) generate(kLimitH + 8 * channel);
}

void Saadc::on_alarm(uint32_t code) {
  switch (code) {
    case converted:
      done(alarm_);
      return conversion_done();
    case next_sample: {
      done(rate_alarm_);
      const int64_t ticks = kRateCc.of(value(kSampleRate));
      arm(rate_alarm_, now() + Duration::ns((ticks * kHalfNsPerRateTick + 1) / 2), next_sample);
      if (started_ && !converting_) begin_scan();
      return;
    }
    default:
      done(calibration_alarm_);
      return generate(kCalibrateDone);
  }
}

}  // namespace xedgesim::devices::nrf
