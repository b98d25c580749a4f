#include "devices/nrf/rng.h"

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kValrdy = 0x100, kConfig = 0x504, kValue = 0x508;
// PS 6.19.4.
constexpr Duration kStart = Duration::us(128), kRaw = Duration::us(30), kCorrected = Duration::us(120);

}  // namespace

const TaskEventTable& Rng::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&Rng::start>),
          task(0x004, "TASKS_STOP", run<&Rng::stop>),
          event(kValrdy, "EVENTS_VALRDY"),
      },
      {{.bit = 0, .event = kValrdy, .task = 0x004}},
      {
          {.offset = kConfig, .name = "CONFIG", .fields = {{"DERCEN", 0}}},
          {.offset = kValue, .name = "VALUE", .access = Access::ro},
      });
  return table;
}

void Rng::reset() {
  stop();
  Peripheral::reset();
}

Duration Rng::byte_time() const { return value(kConfig) & 1 ? kCorrected : kRaw; }

void Rng::start() {
  if (alarm_ != 0) return;
  draw("rng", true);
  arm(alarm_, now() + kStart + byte_time(), 0);
}

void Rng::stop() {
  disarm(alarm_);
  draw("rng", false);
}

void Rng::on_alarm(uint32_t) {
  set_value(kValue, board().random_bits("rng") & 0xff);
  done(alarm_);
  arm(alarm_, now() + byte_time(), 0);
  generate(kValrdy);
}

}  // namespace xedgesim::devices::nrf
