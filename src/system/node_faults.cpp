// What happens to a node as a whole: it is off, cut off or slow.
#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "system/fault_injector.h"

namespace xedgesim::system {

using nodes::ControlCode;
using scenario::Fault;

void FaultInjector::pair(SimTime begin, SimTime end, ControlCode on, ControlCode off) {
  const bool of_devices =
      on == ControlCode::power_off || on == ControlCode::reset || on == ControlCode::shield_on;
  for (const auto& target : targets()) {
    const bool device = target.kind == scenario::NodeClass::device;
    if (of_devices && !device && fault_.type != Fault::Type::network_partition)
      throw ConfigError(
          fmt::format("the fault at {} is for devices, but '{}' is none", to_string(begin), target.id));
    if (const MachineNode* m = machine_named(target.id); m && !m->of_edge)
      throw ConfigError(
          fmt::format("the fault at {} would stop the machine '{}': use link_down on its cable instead",
                      to_string(begin), target.id));
    for (sim::ParticipantId id : system_.participants_of(target.id)) {
      const bool service = of_devices && !device;  // a partitioned service is cut off like a failed one
      post(begin, id, service ? ControlCode::fail : on);
      if (!end.is_never()) post(end, id, service ? ControlCode::recover : off);
    }
  }
}

void FaultInjector::switch_machines(SimTime begin, SimTime end, ControlCode at_begin, ControlCode at_end) {
  for (const auto& target : targets()) {
    const MachineNode* machine = machine_named(target.id);
    if (!machine)
      throw ConfigError(fmt::format("the fault at {} is for machines, containers and processes, but '{}' is none",
                                    to_string(begin), target.id));
    post(begin, machine->participant, at_begin);
    if (!end.is_never()) post(end, machine->participant, at_end);
  }
}

void FaultInjector::fail_nodes(SimTime begin, SimTime end) {
  for (const auto& target : targets()) {
    const bool board = target.kind == scenario::NodeClass::device;
    for (sim::ParticipantId id : system_.participants_of(target.id)) {
      post(begin, id, board ? ControlCode::power_off : ControlCode::fail);
      if (!end.is_never()) post(end, id, board ? ControlCode::power_on : ControlCode::recover);
    }
  }
}

void FaultInjector::slow_services(SimTime begin, SimTime end) {
  for (const auto& target : targets()) {
    const auto id = system_.scheduler().id(target.id);
    post(begin, id, ControlCode::slow, std::llround(*fault_.factor * 1e9));
    if (!end.is_never()) post(end, id, ControlCode::slow, 1'000'000'000);
  }
}

const MachineNode* FaultInjector::machine_named(const std::string& id) const {
  for (const MachineNode& m : system_.ethernet().machines())
    if (m.id == id) return &m;
  return nullptr;
}

}  // namespace xedgesim::system
