#include "devices/nrf/wdt.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kTimeout = 0x100, kCrv = 0x504, kRren = 0x508, kConfig = 0x50c;
constexpr uint32_t kReloadKey = 0x6e524635;  // PS 6.36, RR[n]
constexpr uint32_t kRunInSleep = 1;

/// n periods of LFCLK in half nanoseconds of that clock, rounded up.
int64_t lfclk_periods(int64_t n) { return (n * 1953125 + 31) / 32; }

}  // namespace

const TaskEventTable& Wdt::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&Wdt::start>),
          event(kTimeout, "EVENTS_TIMEOUT"),
      },
      {},
      {
          {.offset = 0x400, .name = "RUNSTATUS", .access = Access::ro, .read = get<&Wdt::run_status>},
          {.offset = 0x404, .name = "REQSTATUS", .access = Access::ro, .read = get<&Wdt::request_status>},
          {.offset = kCrv, .name = "CRV", .reset = 0xffffffff, .write = set<&Wdt::set_config>},
          {.offset = kRren,
           .name = "RREN",
           .reset = 1,
           .fields = {{"RR", 0, 8}},
           .write = set<&Wdt::set_reload>},
          {.offset = kConfig,
           .name = "CONFIG",
           .reset = 1,
           .fields = {{"SLEEP", 0}, {"HALT", 3}},
           .write = set<&Wdt::set_config>},
          {.offset = 0x600, .name = "RR", .access = Access::wo, .write = set<&Wdt::reload>, .count = 8},
      });
  return table;
}

void Wdt::reset() {
  disarm(alarm_);
  running_ = resetting_ = paused_ = false;
  enabled_ = config_ = pending_ = 1;
  Peripheral::reset();
}

void Wdt::start() {
  if (running_) return;
  running_ = true;
  crv_ = value(kCrv);
  enabled_ = value(kRren);
  config_ = value(kConfig);
  if (links().clocks != nullptr) links().clocks->request_lfclk();
  restart();
}

void Wdt::restart() {
  pending_ = enabled_;
  left_ = lfclk_periods(int64_t{crv_} + 1);
  due_ = links().lf_clock.at(now()) + left_;
  if (!paused_) arm(alarm_, links().lf_clock.time_of(due_), 0);
}

void Wdt::reload(unsigned channel, uint32_t v) {
  if (v != kReloadKey || resetting_) return;
  pending_ &= ~(1u << channel);
  if (running_ && pending_ == 0) restart();
}

void Wdt::set_reload(unsigned, uint32_t v) {
  if (!running_) {
    pending_ = v;
  } else {
    set_value(kRren, enabled_);
  }
}

void Wdt::set_config(unsigned, uint32_t) {
  if (!running_) return;
  note("CRV and CONFIG are locked while the watchdog runs");
  set_value(kCrv, crv_);
  set_value(kConfig, config_);
}

void Wdt::cpu_sleep(bool asleep) {
  if (!running_ || resetting_ || (config_ & kRunInSleep) || asleep == paused_) return;
  paused_ = asleep;
  if (asleep) {
    left_ = due_ - links().lf_clock.at(now());
    disarm(alarm_);
  } else {
    due_ = links().lf_clock.at(now()) + left_;
    arm(alarm_, links().lf_clock.time_of(due_), 0);
  }
}

void Wdt::clocks_deviate() {
  if (running_ && !paused_) arm(alarm_, links().lf_clock.time_of(due_), 0);
}

void Wdt::on_alarm(uint32_t) {
  done(alarm_);
  if (!resetting_) {
    resetting_ = true;
    due_ = links().lf_clock.at(now()) + lfclk_periods(2);
    arm(alarm_, links().lf_clock.time_of(due_), 0);
    return generate(kTimeout);
  }
  board().log(name() + ": watchdog reset", false);
  if (resources().power != nullptr) resources().power->reset(ResetReason::watchdog);
}

}  // namespace xedgesim::devices::nrf
