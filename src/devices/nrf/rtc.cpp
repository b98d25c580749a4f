#include "devices/nrf/rtc.h"

#include <algorithm>

#include "base/error.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kTick = 0x100, kOverflow = 0x104, kCompare = 0x140, kPrescaler = 0x508, kCc = 0x540;
constexpr uint32_t kMask = 0xffffff;
constexpr unsigned kTickBit = nordic::event_bit(kTick), kOverflowBit = nordic::event_bit(kOverflow);

// One LFCLK period is 2e9 / 32768 = 1953125 / 32 half nanoseconds.
constexpr int64_t kPeriodNumerator = 1953125, kPeriodDenominator = 32;

}  // namespace

const TaskEventTable& Rtc::registers() {
  static const std::vector<Field> evten_fields = {{"TICK", 0}, {"OVRFLW", 1}, {"COMPARE", 16, 4}};
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&Rtc::start>),
          task(0x004, "TASKS_STOP", run<&Rtc::stop>),
          task(0x008, "TASKS_CLEAR", run<&Rtc::clear_counter>),
          task(0x00c, "TASKS_TRIGOVRFLW", run<&Rtc::trigger_overflow>),
          event(kTick, "EVENTS_TICK"),
          event(kOverflow, "EVENTS_OVRFLW"),
          event(kCompare, "EVENTS_COMPARE", kMaxChannels),
      },
      {},
      {
          {.offset = 0x340,
           .name = "EVTEN",
           .fields = evten_fields,
           .read = get<&Rtc::read_evten>,
           .write = set<&Rtc::write_evten>},
          {.offset = 0x344,
           .name = "EVTENSET",
           .fields = evten_fields,
           .read = get<&Rtc::read_evten>,
           .write = set<&Rtc::set_evten>},
          {.offset = 0x348,
           .name = "EVTENCLR",
           .fields = evten_fields,
           .read = get<&Rtc::read_evten>,
           .write = set<&Rtc::clear_evten>},
          {.offset = 0x504, .name = "COUNTER", .access = Access::ro, .read = get<&Rtc::read_counter>},
          {.offset = kPrescaler,
           .name = "PRESCALER",
           .fields = {{"PRESCALER", 0, 12}},
           .write = set<&Rtc::write_prescaler>},
          {.offset = kCc,
           .name = "CC",
           .fields = {{"COMPARE", 0, 24}},
           .write = set<&Rtc::write_cc>,
           .count = kMaxChannels},
      });
  return table;
}

Rtc::Rtc(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources), channels_(params.number("channels", kMaxChannels)) {
  if (channels_ > kMaxChannels) {
    throw ConfigError("device " + params.name + ": an RTC has at most 4 channels");
  }
  if (links().clocks == nullptr) {
    throw ConfigError("device " + params.name + ": list the nrf.power_clock device before it");
  }
  links().clocks->add_user(*this);
  links().deviation_users.push_back(this);
}

void Rtc::reset() {
  disarm(alarm_);
  started_ = counting_ = false;
  base_count_ = 0;
  divider_ = 1;
  evten_ = 0;
  Peripheral::reset();
}

int64_t Rtc::edge_now() const {
  return (links().lf_clock.at(now()) - links().clocks->lfclk_origin()) * kPeriodDenominator / kPeriodNumerator;
}

SimTime Rtc::edge_time(int64_t edge) const {
  return links().lf_clock.time_of(links().clocks->lfclk_origin() +
                                  (edge * kPeriodNumerator + kPeriodDenominator - 1) / kPeriodDenominator);
}

uint64_t Rtc::increments() const {
  const int64_t edges = edge_now() - base_edge_;
  return edges <= 0 ? 0 : static_cast<uint64_t>(edges / divider_);
}

uint32_t Rtc::counter() const {
  return counting_ ? static_cast<uint32_t>(base_count_ + increments()) & kMask : base_count_;
}

void Rtc::restart_at(uint32_t count) {
  base_count_ = count;
  divider_ = int64_t{value(kPrescaler)} + 1;
  counting_ = started_ && links().clocks->lfclk_running();
  if (counting_) base_edge_ = edge_now() + 1;
  reschedule();
}

void Rtc::start() {
  if (started_) return;
  started_ = true;
  if (!links().clocks->lfclk_running()) note("started while LFCLK is stopped: counts when LFCLK runs");
  restart_at(base_count_);
}

void Rtc::stop() {
  base_count_ = counter();
  started_ = counting_ = false;
  disarm(alarm_);
}

void Rtc::clear_counter() { restart_at(0); }
void Rtc::trigger_overflow() { restart_at(0xfffff0); }

void Rtc::lfclk_changed() {
  base_count_ = counter();  // while the origin is still the old one
  if (links().clocks->lfclk_running()) return restart_at(base_count_);
  counting_ = false;
  disarm(alarm_);
}

void Rtc::write_evten(unsigned, uint32_t v) {
  evten_ = v;
  reschedule();
}

void Rtc::write_prescaler(unsigned, uint32_t) {
  if (started_) note("PRESCALER written while running takes effect at the next CLEAR");
}

void Rtc::reschedule() {
  if (!counting_) return;
  const uint64_t done_so_far = increments();
  const auto present = static_cast<uint32_t>(base_count_ + done_so_far) & kMask;
  uint64_t soonest = UINT64_MAX;
  const uint32_t wanted = enabled();
  if (wanted >> kTickBit & 1) soonest = 1;
  if (wanted >> kOverflowBit & 1) soonest = std::min<uint64_t>(soonest, uint64_t{kMask} + 1 - present);
  for (unsigned i = 0; i < channels_; ++i) {
    if (!(wanted >> nordic::event_bit(kCompare + 4 * i) & 1)) continue;
    const uint64_t distance = (value(kCc + 4 * i) - present) & kMask;
    soonest = std::min(soonest, distance == 0 ? uint64_t{kMask} + 1 : distance);
  }
  if (soonest == UINT64_MAX) return disarm(alarm_);
  due_ = done_so_far + soonest;
  rearm(alarm_, alarm_time_, edge_time(base_edge_ + static_cast<int64_t>(due_) * divider_), 0);
}

void Rtc::on_alarm(uint32_t) {
  done(alarm_);
  const auto count = static_cast<uint32_t>(base_count_ + due_) & kMask;
  const uint32_t wanted = enabled();
  uint32_t events = 0;
  if (wanted >> kTickBit & 1) events |= 1u << kTickBit;
  if (count == 0 && (wanted >> kOverflowBit & 1)) events |= 1u << kOverflowBit;
  for (unsigned i = 0; i < channels_; ++i) {
    const unsigned bit = nordic::event_bit(kCompare + 4 * i);
    if (value(kCc + 4 * i) == count && (wanted >> bit & 1)) events |= 1u << bit;
  }
  for (unsigned bit = 0; bit < 32; ++bit) {
    // Only EVTEN lets an event out to the interconnect (PS 6.22.6).
    if (events >> bit & 1) generate(nordic::kEvents + 4 * bit, (evten_ >> bit & 1) != 0);
  }
  reschedule();
}

}  // namespace xedgesim::devices::nrf
