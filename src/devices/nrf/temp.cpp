#include "devices/nrf/temp.h"

#include <cmath>

namespace xedgesim::devices::nrf {

using namespace bus;

namespace {

constexpr uint32_t kDataRdy = 0x100, kTemp = 0x508;
constexpr Duration kMeasurement = Duration::us(36);  // PS 6.29.2
constexpr Field kSlope{"A", 0, 12}, kIntercept{"B", 0, 14}, kPoint{"T", 0, 8};

}  // namespace

const TaskEventTable& Temp::registers() {
  static const TaskEventTable table(
      {
          task(0x000, "TASKS_START", run<&Temp::start>),
          task(0x004, "TASKS_STOP", run<&Temp::stop>),
          event(kDataRdy, "EVENTS_DATARDY"),
      },
      {},
      {
          {.offset = kTemp, .name = "TEMP", .access = Access::ro},
          {.offset = 0x520, .name = "A0", .reset = 0x326, .fields = {kSlope}},
          {.offset = 0x524, .name = "A1", .reset = 0x348, .fields = {kSlope}},
          {.offset = 0x528, .name = "A2", .reset = 0x3aa, .fields = {kSlope}},
          {.offset = 0x52c, .name = "A3", .reset = 0x40e, .fields = {kSlope}},
          {.offset = 0x530, .name = "A4", .reset = 0x4bd, .fields = {kSlope}},
          {.offset = 0x534, .name = "A5", .reset = 0x5a3, .fields = {kSlope}},
          {.offset = 0x540, .name = "B0", .reset = 0x3fef, .fields = {kIntercept}},
          {.offset = 0x544, .name = "B1", .reset = 0x3fbe, .fields = {kIntercept}},
          {.offset = 0x548, .name = "B2", .reset = 0x3fbe, .fields = {kIntercept}},
          {.offset = 0x54c, .name = "B3", .reset = 0x012, .fields = {kIntercept}},
          {.offset = 0x550, .name = "B4", .reset = 0x124, .fields = {kIntercept}},
          {.offset = 0x554, .name = "B5", .reset = 0x27c, .fields = {kIntercept}},
          {.offset = 0x560, .name = "T0", .reset = 0xe2, .fields = {kPoint}},
          {.offset = 0x564, .name = "T1", .reset = 0x00, .fields = {kPoint}},
          {.offset = 0x568, .name = "T2", .reset = 0x19, .fields = {kPoint}},
          {.offset = 0x56c, .name = "T3", .reset = 0x3c, .fields = {kPoint}},
          {.offset = 0x570, .name = "T4", .reset = 0x50, .fields = {kPoint}},
      });
  return table;
}

void Temp::reset() {
  stop();
  Peripheral::reset();
}

void Temp::start() {
  if (alarm_ != 0) return;
  draw("temp", true);
  arm(alarm_, now() + kMeasurement, 0);
}

void Temp::stop() {
  disarm(alarm_);
  draw("temp", false);
}

void Temp::on_alarm(uint32_t) {
  done(alarm_);
  draw("temp", false);
  set_value(kTemp, static_cast<uint32_t>(static_cast<int32_t>(std::lround(resources().temperature_c * 4))));
  generate(kDataRdy);
}

}  // namespace xedgesim::devices::nrf
