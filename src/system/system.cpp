#include "system/system.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "scenario/load.h"
#include "system/compute.h"
#include "system/edge_container.h"
#include "system/located.h"
#include "system/wiring.h"

namespace xedgesim::system {

System::System(const scenario::Scenario& scenario, const SystemOptions& options)
    : scenario_(with_edge_containers(scenario)) {
  refuse_unsupported();
  gateway_plans_ = plan_gateways(scenario_);
  classes_ = class_names(scenario_);
  for (size_t i = 0; i < scenario_.devices.size(); ++i)
    groups_.push_back(located(scenario_, fmt::format("devices[{}]", i), [&] {
      return group_models(scenario_, scenario_.devices[i], classes_.size());
    }));
  scheduler_ = std::make_unique<sim::Scheduler>(
      participant_names(), sim::SchedulerConfig{.window = window(), .threads = options.threads});
  build_devices(options);
  build_gateways();
  build_services(options);
  build_channel();
  ethernet_ = std::make_unique<EthernetNetwork>(scenario_, *scheduler_, observer_id());
  vm_plugin_ = options.vm_plugin;
  one_thread_ = options.threads == 1;
  if (!options.vm_snapshots.empty()) vm_snapshots_.emplace(options.vm_snapshots).on_damage(options.log);
  type_commands();
}

/// Nothing that runs ahead is felt sooner: over the radio, or over a machine's cable.
Duration System::window() const {
  const auto machines = machine_window(scenario_);
  if (!machines) return air::kMinEffectDelay;
  return scenario_.devices.empty() ? *machines : std::min(*machines, air::kMinEffectDelay);
}

System::~System() = default;

void System::refuse_unsupported() const {
  const auto refuse = [this](const std::string& path, const std::string& what) {
    refuse_at(scenario_, path, what);
  };
  const auto entry = [](const char* section, size_t i) { return fmt::format("{}[{}]", section, i); };
  for (size_t i = 0; i < scenario_.devices.size(); ++i) {
    const scenario::Device& d = scenario_.devices[i];
    if (d.type == scenario::Device::Type::external && d.command.empty() && d.socket.empty())
      refuse(
          entry("devices", i),
          fmt::format(
              "device '{}': type external needs a 'command' to start, or a 'socket' its program connects to",
              d.id));
    if (d.emulated() && !d.firmware)
      refuse(entry("devices", i), fmt::format("device '{}': an emulated device needs firmware", d.id));
    if (!d.emulated() && d.ml_placement != scenario::MlPlacement::none &&
        d.ml_placement != scenario::MlPlacement::edge)
      refuse(
          entry("devices", i),
          fmt::format("device '{}': a behavioural device has ml_placement: edge only; use type: mcu", d.id));
  }
  refuse_host_network(scenario_);
  // Said before the network is built, which could not say how far a container may run ahead.
  for (size_t i = 0; i < scenario_.nodes.size() && !on_wall_clock(scenario_); ++i) {
    const scenario::LinuxNode& n = scenario_.nodes[i];
    if (of_the_host(n))
      located(scenario_, shown_name(n.id) == n.id ? entry("nodes", i) : entry("edge", 0),
              [&] { check_repeatable(n); });
  }
  for (size_t i = 0; i < scenario_.switches.size(); ++i) {
    const scenario::Switch& w = scenario_.switches[i];
    if (w.backend == scenario::Switch::Backend::bridge)
      refuse(entry("switches", i),
             fmt::format("switch '{}': backend: bridge is for `xedgesim export`: use backend: native or ovs",
                         w.id));
    if (w.backend == scenario::Switch::Backend::ovs && !on_wall_clock(scenario_))
      refuse(entry("switches", i),
             fmt::format("switch '{}': Open vSwitch has no virtual time: use backend: native, or clock: wall",
                         w.id));
    if (w.tagging != scenario::Switch::Tagging::none)
      refuse(entry("switches", i),
             fmt::format("switch '{}': tagging is not available in this version: remove it", w.id));
  }
  if (scenario_.edge.size() > 1) refuse("edge[1]", "this version runs one edge node: remove the others");
  if (scenario_.cloud.size() > 1) refuse("cloud[1]", "this version runs one cloud node: remove the others");
  for (size_t i = 0; i < scenario_.edge.size(); ++i)
    if (scenario_.edge[i].type != scenario::EdgeNode::Type::model &&
        scenario_.edge[i].type != scenario::EdgeNode::Type::machine)
      refuse(entry("edge", i), fmt::format("edge node '{}': this version has no external programs at the "
                                           "edge: use type: docker, process or "
                                           "model",
                                           scenario_.edge[i].id));
}

std::vector<std::string> System::participant_names() {
  std::vector<std::string> names{kAir, kObserver, kFaults};
  for (const auto& d : scenario::expand_devices(scenario_)) names.push_back(d.id);
  for (const auto& d : scenario_.devices)
    if (runs_program(d)) names.push_back(program_of(d.id));
  for (const auto& e : scenario_.edge) names.push_back(e.id);
  for (const auto& g : gateway_plans_) names.push_back(g.name);
  for (const auto& i : scenario_.network.interferers) names.push_back(i.id);
  for (size_t i = 0; i < scenario_.faults.size(); ++i)
    if (scenario_.faults[i].type == scenario::Fault::Type::radio_interference) names.push_back(jammer_of(i));
  for (const auto& c : scenario_.cloud) names.push_back(c.id);
  if (const auto wan = find_wan(scenario_)) {
    wan_name_ = wan->name;
    names.push_back(wan_name_);
  }
  for (std::string& name : EthernetNetwork::participant_names(scenario_)) names.push_back(std::move(name));
  return names;
}

void System::connect_programs(const std::filesystem::path& folder) {
  for (size_t i = 0; i < scenario_.devices.size(); ++i) {
    const auto user = std::find_if(devices_.begin(), devices_.end(), [&](const DeviceNode& d) {
      return d.program && d.group == &scenario_.devices[i];
    });
    if (user == devices_.end()) continue;
    located(scenario_, fmt::format("devices[{}].command", i),
            [&] { user->program->connect(folder / "external"); });
  }
  if (ns3_) ns3_->connect(folder / "external");
  if (cloud_program_) cloud_program_->connect(folder / "external");
  connect_machines(ethernet_->machines(), {.plugin = vm_plugin_,
                                           .folder = folder / "vm",
                                           .snapshots = vm_snapshots_ ? &*vm_snapshots_ : nullptr,
                                           .take_turns = one_thread_});
}

void System::shut_down_programs(const std::string& reason) noexcept {
  for (auto& p : programs_) p->shut_down(reason);
  if (ns3_) ns3_->shut_down();
  if (cloud_program_) cloud_program_->shut_down(reason);
  for (auto& m : ethernet_->machines())
    if (m.node) m.node->shut_down();
}

void System::type_commands() {
  for (const MachineNode& m : ethernet_->machines())
    for (const scenario::TypedText& typed : m.group->exec) {
      const std::string text = typed.text + "\r";
      scheduler_->post(scheduler_->id(kFaults),
                       {.time = SimTime::at(typed.at),
                        .kind = sim::EventKind::delivery,
                        .target = m.participant,
                        .code = bus::kSerialInput,
                        .data = std::make_shared<sim::Bytes>(text.begin(), text.end())});
    }
}

std::vector<System::LinkEnds> System::links() const {
  std::vector<LinkEnds> out;
  if (wan_) out.push_back({wan_.get(), scenario_.edge.front().id, scenario_.cloud.front().id});
  for (const auto& c : ethernet_->cables()) out.push_back({c.link.get(), c.a, c.b});
  return out;
}

std::vector<sim::ParticipantId> System::participants_of(const std::string& node) const {
  std::vector<sim::ParticipantId> ids{scheduler_->id(node)};
  if (!scenario_.edge.empty() && scenario_.edge.front().id == node && scenario_.network.gateways.empty())
    ids.push_back(scheduler_->id(radio_of(node)));
  if (!ethernet_) return ids;  // jammers are built before the cables
  for (const MachineNode& m : ethernet_->machines())
    if (m.of_edge && m.id == node) ids.push_back(m.participant);
  return ids;
}

}  // namespace xedgesim::system
