#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "nodes/codes.h"
#include "system/fault_times.h"
#include "system/impairments.h"
#include "system/located.h"
#include "system/system.h"

namespace xedgesim::system {
namespace {

using nodes::ControlCode;
using scenario::Fault;

constexpr Duration kBrownOut = Duration::ms(10);

void post_link_change(System& system, const net::Link& link, SimTime t, net::LinkSide side,
                      net::LinkAction action, int64_t patch) {
  if (t.is_never() || t.since_start() > system.scenario().meta.duration) return;
  auto& s = system.scheduler();
  s.post(s.id(System::kFaults), net::link_change(link.config().id, t, side, action, patch));
}

/// Puts a profile in force on every link; no name: none.
void apply_profile(System& system, const std::optional<std::string>& name, SimTime when) {
  const auto profile = name ? scenario::find_profile(system.scenario(), *name) : scenario::Profile{};
  if (!profile) throw ConfigError(fmt::format("there is no profile '{}': define it under 'profiles'", *name));
  for (const System::LinkEnds& l : system.links()) {
    const auto apply = [&](net::LinkSide side, const std::string& node) {
      const scenario::Impairments* i = profile_entry(*profile, l.link->config().name, node);
      post_link_change(system, *l.link, when, side, net::LinkAction::profile,
                       i ? l.link->add_patch(link_patch(*i)) : -1);
    };
    apply(net::LinkSide::a_to_b, l.b);
    apply(net::LinkSide::b_to_a, l.a);
  }
}

/// Links by name, and those of nodes and switches.
std::vector<net::Link*> fault_links(System& system, const Fault& fault) {
  std::vector<net::Link*> out;
  for (const auto& target : scenario::NameTable(system.scenario()).resolve(fault.target)) {
    const size_t before = out.size();
    for (const System::LinkEnds& l : system.links())
      if (l.link->config().name == target.id || l.a == target.id || l.b == target.id ||
          (target.kind == scenario::NodeClass::switch_ &&
           (l.link->config().a == system.scheduler().id(target.id) ||
            l.link->config().b == system.scheduler().id(target.id))))
        out.push_back(l.link);
    if (out.size() == before)
      throw ConfigError(fmt::format("the fault at {} is for wired links, and '{}' has none",
                                    to_string(SimTime::at(fault.time)), target.id));
  }
  return out;
}

class Injector {
 public:
  Injector(System& system, size_t index)
      : system_(system), index_(index), fault_(system.scenario().faults[index]) {}

  void inject(Duration at) {
    const SimTime begin = SimTime::at(at);
    const SimTime end = fault_.duration                              ? begin + *fault_.duration
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
        for (net::Link* l : fault_links(system_, fault_))
          change(*l, begin, net::LinkSide::both, net::LinkAction::set,
                 l->add_patch(link_patch(fault_.impairments)));
        break;
      case Fault::Type::apply_profile:
        apply_profile(system_, fault_.profile, begin);
        if (!end.is_never()) apply_profile(system_, system_.scenario().network.profile, end);
        break;
      case Fault::Type::radio_interference:
        break;  // a station of its own, System::build_jammers()
      case Fault::Type::sensor_fault:
        for (const auto& target : targets()) disturb(begin, end, target.id);
        break;
      case Fault::Type::brown_out:
        pair(begin, end, ControlCode::power_off, ControlCode::power_on);
        break;
      case Fault::Type::clock_drift:
        for (const auto& target : targets()) shift_clock(begin, end, target.id);
        break;
      case Fault::Type::service_slow:
        for (const auto& target : targets()) {
          const auto id = system_.scheduler().id(target.id);
          post(begin, id, ControlCode::slow, std::llround(*fault_.factor * 1e9));
          if (!end.is_never()) post(end, id, ControlCode::slow, 1'000'000'000);
        }
        break;
    }
  }

 private:
  std::vector<scenario::NamedNode> targets() const {
    return scenario::NameTable(system_.scenario()).resolve(fault_.target);
  }

  void note(SimTime t, nodes::ObserverCode code) {
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

  void post(SimTime t, sim::ParticipantId target, ControlCode code, int64_t value = 0, int64_t which = 0) {
    if (t.since_start() > system_.scenario().meta.duration) return;
    auto& s = system_.scheduler();
    s.post(s.id(System::kFaults), {.time = t,
                                   .kind = sim::EventKind::control,
                                   .target = target,
                                   .code = static_cast<uint32_t>(code),
                                   .args = {value, which, 0, 0}});
  }

  void drain(SimTime begin, const std::string& device) {
    for (const DeviceNode& d : system_.devices()) {
      if (d.id != device) continue;
      if (!d.mcu || !d.mcu->battery())
        throw ConfigError(fmt::format(
            "the fault at {} drains the battery of '{}', which is no emulated device with a battery",
            to_string(begin), device));
      post(begin, d.participant, ControlCode::set_charge, static_cast<int64_t>(*fault_.charge * 1e9 + 0.5));
    }
  }

  DeviceNode& device_named(const std::string& id) {
    for (DeviceNode& d : system_.devices())
      if (d.id == id) return d;
    invariant_failed("targets of device faults are devices", __FILE__, __LINE__);
  }

  void disturb(SimTime begin, SimTime end, const std::string& id) {
    DeviceNode& d = device_named(id);
    const auto refuse = [&](const std::string& why) {
      throw ConfigError(fmt::format("the fault at {} disturbs a sensor of '{}', {}", to_string(begin), id, why));
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
    if (!any) refuse(fault_.pin ? fmt::format("but nothing is connected to '{}'", *fault_.pin) : "which has none");
  }

  void shift_clock(SimTime begin, SimTime end, const std::string& id) {
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

  void pair(SimTime begin, SimTime end, ControlCode on, ControlCode off) {
    const bool of_devices =
        on == ControlCode::power_off || on == ControlCode::reset || on == ControlCode::shield_on;
    for (const auto& target : targets()) {
      const bool device = target.kind == scenario::NodeClass::device;
      if (of_devices && !device && fault_.type != Fault::Type::network_partition)
        throw ConfigError(
            fmt::format("the fault at {} is for devices, but '{}' is none", to_string(begin), target.id));
      if (machine_named(target.id))
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

  void switch_machines(SimTime begin, SimTime end, ControlCode at_begin, ControlCode at_end) {
    for (const auto& target : targets()) {
      const MachineNode* machine = machine_named(target.id);
      if (!machine)
        throw ConfigError(fmt::format("the fault at {} is for machines of type vm, but '{}' is none",
                                      to_string(begin), target.id));
      post(begin, machine->participant, at_begin);
      if (!end.is_never()) post(end, machine->participant, at_end);
    }
  }

  const MachineNode* machine_named(const std::string& id) const {
    for (const MachineNode& m : system_.ethernet().machines())
      if (m.id == id) return &m;
    return nullptr;
  }

  void fail_nodes(SimTime begin, SimTime end) {
    for (const auto& target : targets()) {
      const bool board = target.kind == scenario::NodeClass::device;
      for (sim::ParticipantId id : system_.participants_of(target.id)) {
        post(begin, id, board ? ControlCode::power_off : ControlCode::fail);
        if (!end.is_never()) post(end, id, board ? ControlCode::power_on : ControlCode::recover);
      }
    }
  }

  void change(net::Link& link, SimTime t, net::LinkSide side, net::LinkAction action, int64_t patch) {
    post_link_change(system_, link, t, side, action, patch);
  }

  void overlay(SimTime begin, SimTime end, const net::LinkPatch& patch) {
    for (net::Link* l : fault_links(system_, fault_)) {
      const int64_t number = l->add_patch(patch);
      change(*l, begin, net::LinkSide::both, net::LinkAction::begin_overlay, number);
      change(*l, end, net::LinkSide::both, net::LinkAction::end_overlay, number);
    }
  }

  System& system_;
  size_t index_;
  const Fault& fault_;
};

}  // namespace

void schedule_faults(System& system) {
  const auto& faults = system.scenario().faults;
  if (system.scenario().network.profile)
    located(system.scenario(), "network.profile",
            [&] { apply_profile(system, system.scenario().network.profile, SimTime::zero()); });
  for (size_t i = 0; i < faults.size(); ++i)
    located(system.scenario(), fmt::format("faults[{}]", i), [&] {
      for (Duration t : fault_times(faults[i], i, system.scenario())) Injector(system, i).inject(t);
    });
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
  for (Duration t : fault_times(fault, index, system.scenario())) Injector(system, index).inject(t);
}

}  // namespace xedgesim::system
