#include "devices/nrf/timer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kCompare = 0x140, kMode = 0x504, kBitmode = 0x508, kPrescaler = 0x510, kCc = 0x540;
constexpr Field kPrescale{"PRESCALER", 0, 4};
constexpr int64_t kHalfNsPerTick = 125;  // 62.5 ns

uint32_t width_mask(uint32_t bitmode) {
  switch (bitmode) {
    case 1:
      return 0xff;
    case 2:
      return 0xffffff;
    case 3:
      return 0xffffffff;
    default:
      return 0xffff;
  }
}

}  // namespace

const TaskEventTable& Timer::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&Timer::start>),
          task(0x004, "TASKS_STOP", run<&Timer::stop>),
          task(0x008, "TASKS_COUNT", run<&Timer::count>),
          task(0x00c, "TASKS_CLEAR", run<&Timer::clear_counter>),
          task(0x010, "TASKS_SHUTDOWN", run<&Timer::shutdown>),
          task(0x040, "TASKS_CAPTURE", run<&Timer::capture>, kMaxChannels),
          event(kCompare, "EVENTS_COMPARE", kMaxChannels),
      },
      [] {
        std::vector<Short> shorts;
        for (uint8_t i = 0; i < kMaxChannels; ++i) {
          const auto compare = static_cast<uint16_t>(kCompare + 4 * i);
          shorts.push_back({.bit = i, .event = compare, .task = 0x00c});
          shorts.push_back({.bit = static_cast<uint8_t>(8 + i), .event = compare, .task = 0x004});
        }
        return shorts;
      }(),
      {
          {.offset = kMode, .name = "MODE", .fields = {{"MODE", 0, 2}}},
          {.offset = kBitmode, .name = "BITMODE", .fields = {{"BITMODE", 0, 2}}},
          {.offset = kPrescaler, .name = "PRESCALER", .reset = 4, .fields = {kPrescale}},
          {.offset = kCc, .name = "CC", .write = set<&Timer::write_cc>, .count = kMaxChannels},
      });
  return table;
}

Timer::Timer(const DeviceParams& params, Board& board, Resources& resources)
    : Peripheral(params, registers(), board, resources), channels_(params.number("channels", 4)) {
  if (channels_ > kMaxChannels) {
    throw ConfigError("device " + params.name + ": a TIMER has at most 6 channels");
  }
  links().deviation_users.push_back(this);
}

void Timer::reset() {
  disarm(alarm_);
  set_running(false);
  counter_mode_ = at_match_ = false;
  held_ = 0;
  mask_ = 0xffff;
  Peripheral::reset();
}

void Timer::set_running(bool running) {
  if (running == running_) return;
  running_ = running;
  unsigned& count = links().running_timers;
  count = running ? count + 1 : count - 1;
  if (count <= 1) board().current("timer", count != 0 ? amperes("timer") : 0.0);
}

int64_t Timer::instant() const { return at_match_ ? match_instant_ : links().hf_clock.at(now()); }

uint64_t Timer::ticks() const { return static_cast<uint64_t>((instant() - origin_) / period_); }

uint32_t Timer::counter() const { return counting_time() ? static_cast<uint32_t>(ticks()) & mask_ : held_; }

void Timer::latch_configuration() {
  counter_mode_ = value(kMode) != 0;
  mask_ = width_mask(value(kBitmode));
  period_ = kHalfNsPerTick << std::min(value(kPrescaler), 9u);
}

void Timer::start() {
  if (running_) return;
  latch_configuration();
  set_running(true);
  held_ &= mask_;
  origin_ = instant() - static_cast<int64_t>(held_) * period_;
  if (counting_time()) reschedule();
}

void Timer::stop() {
  if (!running_) return;
  held_ = counter();
  set_running(false);
  disarm(alarm_);
}

void Timer::shutdown() {
  stop();
  held_ = 0;
}

void Timer::clear_counter() {
  const int64_t at = instant();
  latch_configuration();
  held_ = 0;
  origin_ = at;
  if (counting_time()) reschedule();
}

void Timer::count() {
  if (!running_ || !counter_mode_) return;
  held_ = (held_ + 1) & mask_;
  generate_matches(held_);
}

void Timer::capture(unsigned channel) {
  if (channel >= channels_) return;
  const uint32_t before = value(kCc + 4 * channel);
  set_value(kCc + 4 * channel, counter());
  // The captured value is a whole turn away, so the alarm moves only if it was this channel's.
  if (counting_time() && ((before ^ due_ticks_) & mask_) == 0) reschedule();
}

void Timer::write_cc(unsigned channel, uint32_t) {
  if (channel >= channels_)
    return note(fmt::format("write to CC[{}], which this timer does not have, has no effect", channel));
  if (counting_time()) reschedule();
}

void Timer::generate_matches(uint32_t counter_value) {
  uint32_t matches = 0;
  for (unsigned i = 0; i < channels_; ++i) {
    if ((value(kCc + 4 * i) & mask_) == counter_value) matches |= 1u << i;
  }
  for (unsigned i = 0; i < channels_; ++i) {
    if (matches >> i & 1) generate(kCompare + 4 * i);
  }
}

void Timer::reschedule() {
  if (at_match_) return;  // on_alarm does it once, at its end
  const uint64_t elapsed = ticks();
  const auto present = static_cast<uint32_t>(elapsed) & mask_;
  uint64_t soonest = uint64_t{mask_} + 1;
  for (unsigned i = 0; i < channels_; ++i) {
    const uint64_t distance = (value(kCc + 4 * i) - present) & mask_;
    if (distance != 0) soonest = std::min(soonest, distance);
  }
  due_ticks_ = elapsed + soonest;
  const int64_t due = origin_ + static_cast<int64_t>(due_ticks_) * period_;
  rearm(alarm_, alarm_time_, links().hf_clock.time_of(due), 0);
}

void Timer::on_alarm(uint32_t) {
  done(alarm_);
  at_match_ = true;
  match_instant_ = origin_ + static_cast<int64_t>(due_ticks_) * period_;
  generate_matches(static_cast<uint32_t>(due_ticks_) & mask_);
  at_match_ = false;
  if (counting_time()) reschedule();
}

}  // namespace xedgesim::devices::nrf
