#include <fmt/format.h>

#include "system/fault_injector.h"
#include "system/fault_times.h"
#include "system/impairments.h"
#include "system/located.h"
#include "system/system.h"

namespace xedgesim::system {
namespace {

constexpr Duration kBrownOut = Duration::ms(10);

}  // namespace

using nodes::ControlCode;
using scenario::Fault;

void FaultInjector::inject(Duration at) {
  const SimTime begin = SimTime::at(at);
  const SimTime end = fault_.duration                         ? begin + *fault_.duration
                      : fault_.type == Fault::Type::brown_out ? begin + kBrownOut
                                                              : SimTime::never();
  note(begin, nodes::ObserverCode::fault_begin);
  if (!end.is_never()) note(end, nodes::ObserverCode::fault_end);
  switch (fault_.type) {
    case Fault::Type::edge_failure:
    case Fault::Type::cloud_failure:
      pair(begin, end, ControlCode::fail, ControlCode::recover);
      break;
    case Fault::Type::node_failure:
      fail_nodes(begin, end);
      break;
    case Fault::Type::machine_failure:
      switch_machines(begin, end, ControlCode::power_off, ControlCode::power_on);
      break;
    case Fault::Type::machine_reset:
      switch_machines(begin, SimTime::never(), ControlCode::reset, ControlCode::reset);
      break;
    case Fault::Type::device_failure:
    case Fault::Type::brown_out:
      pair(begin, end, ControlCode::power_off, ControlCode::power_on);
      break;
    case Fault::Type::device_reset:
      pair(begin, SimTime::never(), ControlCode::reset, ControlCode::reset);
      break;
    case Fault::Type::battery_drain:
      for (const auto& target : targets()) drain(begin, target.id);
      break;
    case Fault::Type::network_partition:
      pair(begin, end, ControlCode::shield_on, ControlCode::shield_off);
      break;
    case Fault::Type::link_down: {
      net::LinkPatch down;
      down.up = false;
      overlay(begin, end, down);
      break;
    }
    case Fault::Type::packet_loss:
    case Fault::Type::link_degradation:
      overlay(begin, end, link_patch(fault_.impairments));
      break;
    case Fault::Type::link_set:
      set_links(begin);
      break;
    case Fault::Type::apply_profile:
      change_profile(begin, end);
      break;
    case Fault::Type::radio_interference:
      break;  // a station of its own, System::build_jammers()
    case Fault::Type::sensor_fault:
      for (const auto& target : targets()) disturb(begin, end, target.id);
      break;
    case Fault::Type::clock_drift:
      for (const auto& target : targets()) shift_clock(begin, end, target.id);
      break;
    case Fault::Type::service_slow:
      slow_services(begin, end);
      break;
  }
}

void FaultInjector::set_links(SimTime t) {
  for (net::Link* l : fault_links(system_, fault_))
    post_link_change(system_, *l, t, net::LinkSide::both, net::LinkAction::set,
                     l->add_patch(link_patch(fault_.impairments)));
}

void FaultInjector::change_profile(SimTime begin, SimTime end) {
  apply_profile(system_, fault_.profile, begin);
  if (!end.is_never()) apply_profile(system_, system_.scenario().network.profile, end);
  system_.profile_times().add(begin, end);
}

std::vector<scenario::NamedNode> FaultInjector::targets() const {
  return scenario::NameTable(system_.scenario()).resolve(fault_.target);
}

void FaultInjector::note(SimTime t, nodes::ObserverCode code) {
  if (t.since_start() > system_.scenario().meta.duration) return;
  auto& s = system_.scheduler();
  const std::string& text = fault_.description;
  s.post(s.id(System::kFaults), {.time = t,
                                 .kind = sim::EventKind::control,
                                 .target = system_.observer_id(),
                                 .code = static_cast<uint32_t>(code),
                                 .args = {static_cast<int64_t>(index_), 0, 0, 0},
                                 .data = std::make_shared<sim::Bytes>(text.begin(), text.end())});
}

void FaultInjector::post(SimTime t, sim::ParticipantId target, ControlCode code, int64_t value,
                         int64_t which) {
  if (t.since_start() > system_.scenario().meta.duration) return;
  auto& s = system_.scheduler();
  s.post(s.id(System::kFaults), {.time = t,
                                 .kind = sim::EventKind::control,
                                 .target = target,
                                 .code = static_cast<uint32_t>(code),
                                 .args = {value, which, 0, 0}});
}

void schedule_faults(System& system) {
  const auto& faults = system.scenario().faults;
  if (system.scenario().network.profile)
    located(system.scenario(), "network.profile",
            [&] { apply_profile(system, system.scenario().network.profile, SimTime::zero()); });
  for (size_t i = 0; i < faults.size(); ++i)
    located(system.scenario(), fmt::format("faults[{}]", i), [&] {
      for (Duration t : fault_times(faults[i], i, system.scenario())) FaultInjector(system, i).inject(t);
    });
  keep_later_profiles(system);
}

void check_fault(System& system, const Fault& fault) {
  if (fault.type == Fault::Type::link_set)
    for (const net::Link* l : fault_links(system, fault)) l->check_patch(link_patch(fault.impairments));
  const auto profile =
      fault.profile ? scenario::find_profile(system.scenario(), *fault.profile) : std::nullopt;
  if (fault.type != Fault::Type::apply_profile || !profile) return;
  for (const System::LinkEnds& l : system.links())
    for (const std::string* node : {&l.a, &l.b})
      if (const auto* i = profile_entry(*profile, l.link->config().name, *node))
        l.link->check_patch(link_patch(*i));
}

void add_fault(System& system, const Fault& fault) {
  const size_t index = system.add_fault(fault);
  for (Duration t : fault_times(fault, index, system.scenario())) FaultInjector(system, index).inject(t);
  keep_later_profiles(system);
}

}  // namespace xedgesim::system
