#include <fmt/format.h>

#include "base/error.h"
#include "base/rng.h"
#include "nodes/codes.h"
#include "system/system.h"
#include "system/wiring.h"

namespace xedgesim::system {
namespace {

using nodes::ControlCode;
using scenario::Fault;

/// Instants at which a fault begins: once, repeated, or at random.
std::vector<Duration> begin_times(const Fault& f, size_t index, const scenario::Scenario& s) {
  std::vector<Duration> times{f.time};
  if (f.repeat) {
    for (Duration t = f.time + f.repeat->every; t < s.meta.duration; t += f.repeat->every) {
      if (f.repeat->times && static_cast<int64_t>(times.size()) >= *f.repeat->times) break;
      times.push_back(t);
    }
  } else if (f.random) {
    RandomStream random(s.meta.seed, fmt::format("fault {}", index), "times");
    times.clear();
    for (Duration t = f.time; !f.random->times || static_cast<int64_t>(times.size()) < *f.random->times;) {
      t += Duration::seconds(random.exponential(f.random->mean_interval.count_s()));
      if (t >= s.meta.duration) break;
      times.push_back(t);
    }
  }
  return times;
}

class Injector {
 public:
  Injector(System& system, size_t index)
      : system_(system), index_(index), fault_(system.scenario().faults[index]) {}

  void inject(Duration at) {
    const SimTime begin = SimTime::at(at);
    const SimTime end = fault_.duration ? begin + *fault_.duration : SimTime::never();
    note(begin, nodes::ObserverCode::fault_begin);
    if (!end.is_never()) note(end, nodes::ObserverCode::fault_end);
    switch (fault_.type) {
      case Fault::Type::edge_failure:
      case Fault::Type::cloud_failure:
        pair(begin, end, ControlCode::fail, ControlCode::recover);
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
      case Fault::Type::link_down:
        link(begin, net::LinkSetting::up, 0);
        link(end, net::LinkSetting::up, 1);
        break;
      case Fault::Type::packet_loss:
      case Fault::Type::link_degradation:
        degrade(begin, end);
        break;
      default:
        throw ConfigError(fmt::format(
            "faults: the fault at {} has a type that this version cannot inject: it has edge_failure, "
            "cloud_failure, "
            "device_failure, device_reset, battery_drain, network_partition, link_down, link_degradation and "
            "packet_loss",
            to_string(begin)));
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

  void post(SimTime t, sim::ParticipantId target, ControlCode code, int64_t value = 0) {
    if (t.since_start() > system_.scenario().meta.duration) return;
    auto& s = system_.scheduler();
    s.post(s.id(System::kFaults), {.time = t,
                                   .kind = sim::EventKind::control,
                                   .target = target,
                                   .code = static_cast<uint32_t>(code),
                                   .args = {value, 0, 0, 0}});
  }

  void drain(SimTime begin, const std::string& device) {
    for (const DeviceNode& d : system_.devices()) {
      if (d.id != device) continue;
      if (!d.mcu || !d.mcu->battery())
        throw ConfigError(fmt::format(
            "faults: the fault at {} drains the battery of '{}', which is no emulated device with a battery",
            to_string(begin), device));
      post(begin, d.participant, ControlCode::set_charge, static_cast<int64_t>(*fault_.charge * 1e9 + 0.5));
    }
  }

  void pair(SimTime begin, SimTime end, ControlCode on, ControlCode off) {
    const bool of_devices =
        on == ControlCode::power_off || on == ControlCode::reset || on == ControlCode::shield_on;
    for (const auto& target : targets()) {
      const bool device = target.kind == scenario::NodeClass::device;
      if (of_devices && !device && fault_.type != Fault::Type::network_partition)
        throw ConfigError(fmt::format("faults: the fault at {} is for devices, but '{}' is none",
                                      to_string(begin), target.id));
      for (sim::ParticipantId id : system_.participants_of(target.id)) {
        const bool service = of_devices && !device;  // a partitioned service is cut off like a failed one
        post(begin, id, service ? ControlCode::fail : on);
        if (!end.is_never()) post(end, id, service ? ControlCode::recover : off);
      }
    }
  }

  void link(SimTime t, net::LinkSetting setting, int64_t value) {
    if (t.is_never() || t.since_start() > system_.scenario().meta.duration) return;
    if (!system_.wan())
      throw ConfigError(
          fmt::format("faults: the fault at {} needs a wired path between edge and cloud", to_string(t)));
    auto& s = system_.scheduler();
    s.post(s.id(System::kFaults),
           net::make_link_change(system_.wan()->config().id, t, net::LinkSide::both, setting, value));
  }

  void degrade(SimTime begin, SimTime end) {
    if (!system_.wan())
      throw ConfigError(
          fmt::format("faults: the fault at {} needs a wired path between edge and cloud", to_string(begin)));
    const net::LinkParameters before = system_.wan()->config().a_to_b;
    const net::LinkParameters during = link_parameters(fault_.impairments, Duration());
    const auto set = [&](net::LinkSetting setting, bool given, int64_t there, int64_t back) {
      if (!given) return;
      link(begin, setting, there);
      link(end, setting, back);
    };
    const auto ppb = [](double p) { return static_cast<int64_t>(p * 1e9 + 0.5); };
    const scenario::Impairments& i = fault_.impairments;
    set(net::LinkSetting::loss_ppb, i.loss_rate.has_value(), ppb(during.loss), ppb(before.loss));
    set(net::LinkSetting::latency_ns, i.latency.has_value(), during.latency.count_ns(),
        before.latency.count_ns());
    set(net::LinkSetting::rate_bps, i.bandwidth.has_value(), during.rate_bps, before.rate_bps);
    set(net::LinkSetting::distribution, i.jitter.has_value(), static_cast<int64_t>(during.distribution),
        static_cast<int64_t>(before.distribution));
    set(net::LinkSetting::jitter_ns, i.jitter.has_value(), during.jitter.count_ns(),
        before.jitter.count_ns());
  }

  System& system_;
  size_t index_;
  const Fault& fault_;
};

}  // namespace

void schedule_faults(System& system) {
  const auto& faults = system.scenario().faults;
  for (size_t i = 0; i < faults.size(); ++i)
    for (Duration t : begin_times(faults[i], i, system.scenario())) Injector(system, i).inject(t);
}

}  // namespace xedgesim::system
