// What happens to a board alone: its battery, its sensors, its clocks.
#include <fmt/format.h>

#include "base/error.h"
#include "system/fault_injector.h"
#include "system/fault_times.h"

namespace xedgesim::system {

using nodes::ControlCode;
using scenario::Fault;

DeviceNode& FaultInjector::device_named(const std::string& id) {
  for (DeviceNode& d : system_.devices())
    if (d.id == id) return d;
  invariant_failed("targets of device faults are devices", __FILE__, __LINE__);
}

void FaultInjector::drain(SimTime begin, const std::string& device) {
  for (const DeviceNode& d : system_.devices()) {
    if (d.id != device) continue;
    if (!d.mcu || !d.mcu->battery())
      throw ConfigError(fmt::format(
          "the fault at {} drains the battery of '{}', which is no emulated device with a battery",
          to_string(begin), device));
    post(begin, d.participant, ControlCode::set_charge, static_cast<int64_t>(*fault_.charge * 1e9 + 0.5));
  }
}

void FaultInjector::disturb(SimTime begin, SimTime end, const std::string& id) {
  DeviceNode& d = device_named(id);
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(
        fmt::format("the fault at {} disturbs a sensor of '{}', {}", to_string(begin), id, why));
  };
  if (!d.mcu || !d.feed) refuse("which is no emulated device with sensors");
  nodes::SensorFault f{.from = begin, .to = end, .mode = {}, .value = fault_.value_v};
  using Mode = nodes::SensorFault::Mode;
  switch (*fault_.mode) {
    case Fault::SensorMode::stuck:
      f.mode = Mode::stuck;
      break;
    case Fault::SensorMode::noise:
      f.mode = Mode::noise;
      break;
    case Fault::SensorMode::drift:
      f.mode = Mode::drift;
      break;
    case Fault::SensorMode::disconnect:
      f.mode = Mode::disconnect;
      break;
  }
  bool any = false;
  for (unsigned ain = 0; ain < 8; ++ain) {
    if (!d.feed->connected(ain) || (fault_.pin && *fault_.pin != fmt::format("AIN{}", ain))) continue;
    d.feed->add_fault(ain, f, system_.scenario().meta.seed, id);
    any = true;
  }
  if (!any)
    refuse(fault_.pin ? fmt::format("but nothing is connected to '{}'", *fault_.pin) : "which has none");
}

void FaultInjector::shift_clock(SimTime begin, SimTime end, const std::string& id) {
  const DeviceNode& d = device_named(id);
  if (!d.mcu && !d.model)
    throw ConfigError(fmt::format("the fault at {} shifts the clock of '{}', which is a program with none",
                                  to_string(begin), id));
  using Clock = Fault::DriftingClock;
  const Clock clock = fault_.clock.value_or(Clock::both);
  const int64_t which = clock == Clock::both ? 3 : clock == Clock::low ? 1 : 2;
  post(begin, d.participant, ControlCode::set_clock, parts_per_billion(*fault_.ppm), which);
  if (!end.is_never())
    post(end, d.participant, ControlCode::set_clock, parts_per_billion(d.instance.clock_drift_ppm), which);
}

}  // namespace xedgesim::system
