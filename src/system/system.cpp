#include "system/system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "scenario/load.h"
#include "system/compute.h"
#include "system/device_config.h"
#include "system/fault_times.h"
#include "system/located.h"
#include "system/ns3_config.h"
#include "system/radio_config.h"
#include "system/switch_config.h"
#include "system/wiring.h"

namespace xedgesim::system {
namespace {

constexpr int64_t kLastAddress = 0xfffd;
constexpr double kJammerPower = -40;            // dBm at a receiver: far above every frame
constexpr double kNrf52840Sensitivity = -100.0;  // dBm, IEEE 802.15.4, PS 6.20.15.7

std::shared_ptr<const platforms::Platform> find_platform(const scenario::Device& group,
                                                         const SystemOptions& options) {
  const std::filesystem::path file = group.platform_file.empty()
                                         ? options.platforms / (group.platform + ".yaml")
                                         : group.platform_file.resolved;
  platforms::Platform platform = platforms::load_platform(file);
  platform.core.engine = options.engine;
  return std::make_shared<const platforms::Platform>(std::move(platform));
}

/// What the Renode adapter must know beside what every program is told.
void describe_for_renode(nlohmann::json& node, const scenario::Device& group) {
  const scenario::RenodeSettings& r = *group.renode;
  node["platform"] = group.platform;
  if (group.firmware) node["firmware"] = std::filesystem::absolute(group.firmware->file.resolved).string();
  node["renode"] = {{"platform", r.platform},
                    {"quantum_ns", r.quantum.count_ns()},
                    {"radio", r.radio},
                    {"uart", r.uart},
                    {"radio_prefix", r.radio_prefix}};
}

/// The participant that is a group's external program.
std::string program_of(const std::string& group) { return "~program." + group; }

}  // namespace

System::System(const scenario::Scenario& scenario, const SystemOptions& options) : scenario_(scenario) {
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
  if (scenario_.meta.clock == scenario::ScenarioMeta::Clock::wall)
    refuse("scenario.clock", "wall is not available in this version: use virtual or auto");
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
  for (size_t i = 0; i < scenario_.nodes.size(); ++i)
    if (scenario_.nodes[i].type != scenario::LinuxNode::Type::model &&
        scenario_.nodes[i].type != scenario::LinuxNode::Type::vm)
      refuse(entry("nodes", i), fmt::format("node '{}': this version has machines of type vm and model only",
                                            scenario_.nodes[i].id));
  for (size_t i = 0; i < scenario_.switches.size(); ++i) {
    const scenario::Switch& w = scenario_.switches[i];
    if (w.backend != scenario::Switch::Backend::native)
      refuse(entry("switches", i),
             fmt::format("switch '{}': this version has the native switch only: use backend: native", w.id));
    if (w.tagging != scenario::Switch::Tagging::none)
      refuse(entry("switches", i),
             fmt::format("switch '{}': tagging is not available in this version: remove it", w.id));
  }
  if (scenario_.edge.size() > 1) refuse("edge[1]", "this version runs one edge node: remove the others");
  if (scenario_.cloud.size() > 1) refuse("cloud[1]", "this version runs one cloud node: remove the others");
  for (size_t i = 0; i < scenario_.edge.size(); ++i)
    if (scenario_.edge[i].type != scenario::EdgeNode::Type::model &&
        scenario_.edge[i].type != scenario::EdgeNode::Type::machine)
      refuse(
          entry("edge", i),
          fmt::format("edge node '{}': this version runs native services and machines: use type: model in place "
                      "of docker, process or external",
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

void System::build_devices(const SystemOptions& options) {
  std::set<int64_t> taken{0x0000};
  for (const GatewayPlan& g : gateway_plans_) taken.insert(g.short_address);
  auto instances = scenario::expand_devices(scenario_);
  // Addresses and numbers go by name, so that the order of groups in the file does not matter.
  std::sort(instances.begin(), instances.end(),
            [](const auto& a, const auto& b) { return natural_less(a.id, b.id); });
  for (const auto& i : instances)
    if (i.config.short_address) taken.insert(*i.config.short_address);
  int64_t next_address = 1;
  for (const scenario::DeviceInstance& instance : instances) {
    const scenario::Device& group = scenario_.devices[instance.group];
    DeviceNode node;
    node.id = instance.id;
    node.group = &group;
    node.instance = instance;
    if (!instance.config.short_address) {
      while (taken.contains(next_address)) ++next_address;
      taken.insert(next_address);
      if (next_address > kLastAddress)
        throw ConfigError("devices: there are more devices than short addresses: 65533 fit into one run");
    }
    node.short_address = static_cast<uint16_t>(instance.config.short_address.value_or(next_address));
    node.sample_rate_hz = instance.config.sample_rate_hz.value_or(1000);
    node.participant = scheduler_->id(node.id);
    located(scenario_, fmt::format("devices[{}]", instance.group), [&] {
      if (runs_program(group)) return build_external(node);
      if (group.emulated() ? feeds_vibration(group) : model_kind(group) == ModelKind::vibration_sensor)
        node.truth = std::make_unique<ml::VibrationSignal>(scenario_.meta.seed, node.id);
      if (group.emulated()) return build_mcu(node, options);
      build_model(node, options);
    });
    devices_.push_back(std::move(node));
  }
  build_programs(options);
}

void System::build_external(DeviceNode& node) {
  nodes::ExternalNode::Config config;
  config.mac =
      device_mac(scenario_, node.instance, gateway_of(gateway_plans_, node.instance), node.short_address);
  config.mac.rx_on_when_idle = node.instance.config.rx_on_when_idle.value_or(true);
  config.mac.self = node.participant;
  config.mac.channel = scheduler_->id(kAir);
  config.program = scheduler_->id(program_of(node.group->id));
  config.index = static_cast<int64_t>(node.instance.index);
  node.external = std::make_unique<nodes::ExternalNode>(std::move(config));
  scheduler_->attach(node.participant, *node.external);
}

void System::build_programs(const SystemOptions& options) {
  std::map<const scenario::Device*, nodes::ExternalProgram::Config> configs;
  for (DeviceNode& d : devices_) {
    if (!d.external) continue;
    const scenario::Position& p = d.instance.position;
    const GatewayPlan* gateway = gateway_of(gateway_plans_, d.instance);
    auto& nodes = configs[d.group].nodes;
    d.program_node = nodes.size();
    nodes.push_back({.name = d.id,
                     .participant = d.participant,
                     .description = {{"config", scenario::config_json(d.instance.config)},
                                     {"position_m", {p.x_m, p.y_m, p.z_m}},
                                     {"short_address", d.short_address},
                                     {"gateway", destination_of(d.instance, gateway)}}});
  }
  const std::string sdk = (options.platforms.parent_path() / "sdk" / "python" / "src").string();
  const char* path = std::getenv("PYTHONPATH");
  for (const scenario::Device& group : scenario_.devices) {
    const auto it = configs.find(&group);
    if (it == configs.end()) continue;
    nodes::ExternalProgram::Config& c = it->second;
    c.name = group.id;
    c.command = group.command;
    if (group.type == scenario::Device::Type::model)
      c.command = {"python3", "-m", "xedgesim.device_model", group.model.resolved.string()};
    if (group.in_renode()) {
      c.command = {"python3", "-m", "xedgesim.renode"};
      c.command.insert(c.command.end(), group.renode->program.begin(),
                       group.renode->program.end());  // none: renode
      for (nodes::ExternalProgram::Node& n : c.nodes) describe_for_renode(n.description, group);
    }
    c.environment = {"PYTHONPATH=" + sdk + (path && *path ? ":" + std::string(path) : "")};
    c.address = group.socket;
    c.timeout = group.timeout;
    c.seed = scenario_.meta.seed;
    c.duration = scenario_.meta.duration;
    programs_.push_back(std::make_unique<nodes::ExternalProgram>(std::move(c)));
    scheduler_->attach(scheduler_->id(program_of(group.id)), *programs_.back());
    for (DeviceNode& d : devices_)
      if (d.group == &group) d.program = programs_.back().get();
  }
}

void System::connect_programs(const std::filesystem::path& folder) {
  for (auto& p : programs_) p->connect(folder / "external");
  if (ns3_) ns3_->connect(folder / "external");
  if (cloud_program_) cloud_program_->connect(folder / "external");
  connect_machines(ethernet_->machines(), vm_plugin_, folder / "vm");
}

void System::shut_down_programs(const std::string& reason) noexcept {
  for (auto& p : programs_) p->shut_down(reason);
  if (ns3_) ns3_->shut_down();
  if (cloud_program_) cloud_program_->shut_down(reason);
  for (auto& m : ethernet_->machines()) m.node->shut_down();
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

void System::build_model(DeviceNode& node, const SystemOptions& options) {
  const size_t g = node.instance.group;
  if (!model_groups_.contains(g)) model_groups_[g] = model_group(scenario_, *node.group, options.platforms);
  auto config = model_config(scenario_, node.instance, model_groups_[g],
                             gateway_of(gateway_plans_, node.instance), node.short_address, node.truth.get());
  config.mac.self = node.participant;
  config.mac.channel = scheduler_->id(kAir);
  config.clock_ppb = parts_per_billion(node.instance.clock_drift_ppm);
  node.model = std::make_unique<nodes::ModelNode>(std::move(config));
  scheduler_->attach(node.participant, *node.model);
}

void System::build_mcu(DeviceNode& node, const SystemOptions& options) {
  const scenario::Device& group = *node.group;
  auto& platform =
      platforms_[group.platform_file.empty() ? group.platform : group.platform_file.resolved.string()];
  if (!platform) platform = find_platform(group, options);
  const auto image = image_of(group, groups_[node.instance.group]);
  auto& flash = flashes_[platform->file.string() + '\0' + image->content_key()];
  if (!flash) {
    const auto& memory = platform->flash();
    flash =
        std::make_shared<const platforms::FlashTemplate>(platform->core, memory.base, memory.size, *image);
  }
  node.feed = make_feed(scenario_, group, node.id);
  nodes::McuNode::Config config;
  config.platform = platform;
  config.firmware = image;
  config.flash = flash;
  config.observer = observer_id();
  if (const auto& b = group.battery)
    config.battery = nodes::Battery::Config{
        .capacity_c = b->capacity_c, .initial = b->initial, .full_v = b->voltage_v, .cutoff_v = b->cutoff_v};
  config.machine.name = node.id;
  config.machine.seed = scenario_.meta.seed;
  config.machine.lf_ppb = config.machine.hf_ppb = parts_per_billion(node.instance.clock_drift_ppm);
  config.machine.identity = identity_of(scenario_.meta.seed, node.id);
  config.machine.uicr =
      uicr_settings(scenario_, node.instance, node.short_address, gateway_of(gateway_plans_, node.instance));
  config.machine.analog = node.feed.get();
  connect_frames(node, config);
  config.windows_per_sample = windows_per_report(node.instance.config);
  config.machine.medium = scheduler_->id(kAir);
  config.machine.stop_on_lockup = group.on_lockup == scenario::Device::OnLockup::stop;
  if (group.console.uart) config.console = *group.console.uart;
  config.machine.semihosting = config.console == "semihosting";
  node.mcu = std::make_unique<nodes::McuNode>(std::move(config));
  scheduler_->attach(node.participant, *node.mcu);
  for (const scenario::TypedText& typed : group.console.input)
    scheduler_->post(scheduler_->id(kFaults),
                     {.time = SimTime::at(typed.at),
                      .kind = sim::EventKind::delivery,
                      .target = node.participant,
                      .code = bus::kSerialInput,
                      .data = std::make_shared<sim::Bytes>(typed.text.begin(), typed.text.end())});
}

/// A sensor of type frames goes on with the firmware's windows.
void System::connect_frames(DeviceNode& node, nodes::McuNode::Config& config) {
  const scenario::Device& group = *node.group;
  const auto is_frames = [](const scenario::Sensor& s) { return s.type == scenario::Sensor::Type::frames; };
  const auto sensor = std::find_if(group.sensors.begin(), group.sensors.end(), is_frames);
  if (sensor == group.sensors.end()) return;
  if (std::count_if(group.sensors.begin(), group.sensors.end(), is_frames) > 1)
    throw ConfigError(fmt::format("device '{}': it has two sensors of type frames: one is read out window by window",
                                  group.id));
  auto& frames = frames_[node.instance.group];
  if (!frames) {
    frames = nodes::read_frames(sensor->file.resolved.string(),
                                sensor->labels.empty() ? "" : sensor->labels.resolved.string(),
                                sensor->scale_v.value_or(1));
    for (const int label : frames->labels)
      if (static_cast<size_t>(label) >= classes_.size())
        throw ConfigError(fmt::format("device '{}': '{}' has the class {}, but there are {} classes: name them in "
                                      "ml_classes",
                                      group.id, frames->name, label, classes_.size()));
  }
  node.frames = frames;
  // The devices of a group share the table evenly.
  node.first_frame = node.instance.index * frames->pixels.size() / static_cast<size_t>(group.count);
  auto source = std::make_unique<nodes::FrameSource>(frames, node.first_frame);
  config.window_ended = [s = source.get()](int64_t samples) { s->window_ended(samples); };
  config.restarted = [s = source.get()] { s->restarted(); };
  node.feed->connect(static_cast<unsigned>(sensor->pin[3] - '0'), std::move(source));
}

void System::build_gateways() {
  const scenario::Wireless& w = scenario_.network.wireless;
  const auto edge = scenario_.edge.empty() ? sim::kNobody : scheduler_->id(scenario_.edge.front().id);
  for (const GatewayPlan& plan : gateway_plans_) {
    const auto id = scheduler_->id(plan.name);
    nodes::RadioGateway::Config g;
    g.mac.self = id;
    g.mac.channel = scheduler_->id(kAir);
    g.mac.name = plan.name;
    g.mac.seed = scenario_.meta.seed;
    g.mac.radio_channel = plan.channel;
    g.mac.pan_id = plan.pan_id;
    g.mac.short_address = plan.short_address;
    g.mac.tx_power_dbm = plan.tx_power_dbm;
    g.mac.suppress_duplicates = true;
    if (w.cca_threshold_dbm) g.mac.cca_threshold_dbm = *w.cca_threshold_dbm;
    g.edge = g.next = edge;
    g.address_of = [this](int64_t tag) -> std::optional<uint16_t> {
      const uint32_t device = nodes::tag_device(tag);
      return device < devices_.size() ? std::optional(devices_[device].short_address) : std::nullopt;
    };
    gateways_.push_back(std::make_unique<nodes::RadioGateway>(std::move(g)));
    scheduler_->attach(id, *gateways_.back());
  }
}

/// The group's firmware, with its model in the flash region for it.
std::shared_ptr<const platforms::FirmwareImage> System::image_of(const scenario::Device& group,
                                                                 const GroupModels& models) {
  std::string spec = group.firmware->file.resolved.string();
  if (group.firmware->address) spec += fmt::format("@0x{:x}", *group.firmware->address);
  auto& image = images_[spec];
  if (!image) image = std::make_shared<const platforms::FirmwareImage>(platforms::FirmwareImage::load(spec));
  if (models.device_file.empty()) return image;
  const auto address = static_cast<uint32_t>(group.ml_model_address);
  if (!image->holds(address))
    throw ConfigError(
        fmt::format("device '{}': firmware '{}' has no model at 0x{:x}, so it does not look for one there: "
                    "use firmware with a "
                    "model region, or set ml_model_address",
                    group.id, group.firmware->file.written, address));
  auto& with_model = images_[spec + '\0' + group.id];
  if (!with_model)
    with_model = std::make_shared<const platforms::FirmwareImage>(
        image->with_region(address, UINT32_MAX, models.device_file));
  return with_model;
}

const GroupModels& System::models_of(int64_t tag) const {
  return groups_[devices_[nodes::tag_device(tag)].instance.group];
}

bool System::wants_return(int64_t tag) const {
  return devices_[nodes::tag_device(tag)].group->ml_result == scenario::MlResult::device;
}

void System::build_services(const SystemOptions& options) {
  if (scenario_.edge.empty()) return;
  const scenario::EdgeNode& e = scenario_.edge.front();
  located(scenario_, "edge[0]", [&] { build_edge(e); });
  if (!scenario_.cloud.empty())
    located(scenario_, "cloud[0]",
            [&] { build_cloud(scenario_.cloud.front(), scheduler_->id(e.id), options); });
  if (const auto wan = find_wan(scenario_)) {
    const auto id = scheduler_->id(wan_name_);
    wan_ = located(scenario_, "network.wired." + wan_name_, [&] {
      return std::make_unique<net::Link>(
          wan_link(*wan, id, scheduler_->id(e.id), scheduler_->id(scenario_.cloud.front().id), scenario_));
    });
    scheduler_->attach(id, *wan_);
  }
}

void System::build_edge(const scenario::EdgeNode& e) {
  const auto edge_id = scheduler_->id(e.id);
  const auto cloud_id = scenario_.cloud.empty() ? sim::kNobody : scheduler_->id(scenario_.cloud.front().id);
  const scenario::FilePath file = scenario::edge_model_file(e);
  const bool machine = e.type == scenario::EdgeNode::Type::machine;
  const bool needed =
      !machine && std::any_of(scenario_.devices.begin(), scenario_.devices.end(), uses_edge_model);
  if (needed && file.empty())
    throw ConfigError(fmt::format("edge node '{}' has no model: set ml_model to an ONNX file", e.id));
  if (needed)
    edge_model_ =
        service_model(file.resolved.string(), classes_.size(), e.compute, scenario_.meta.seed, e.id);
  nodes::EdgeService::Config s;
  s.self = edge_id;
  s.cloud = cloud_id;
  s.uplink = wan_name_.empty() ? cloud_id : scheduler_->id(wan_name_);
  s.gateway = [this](int64_t tag) {
    const GatewayPlan* plan = gateway_of(gateway_plans_, devices_[nodes::tag_device(tag)].instance);
    return plan && wants_return(tag) ? scheduler_->id(plan->name) : sim::kNobody;
  };
  s.parallel = static_cast<int>(e.compute.parallel);
  s.model = [this](int64_t port, int64_t tag) -> const nodes::ServiceModel* {
    if (port == nodes::port::kFragment) {
      const nodes::ServiceModel& rest = models_of(tag).rest;
      return rest.infer ? &rest : nullptr;
    }
    return edge_model_ ? &*edge_model_ : nullptr;
  };
  s.forward_time = store_timer(e.compute, scenario_.meta.seed, e.id + "/forward");
  if (machine) {
    s.remote = forwarder_to(e);
    s.address_of = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].short_address; };
  }
  s.classes = classes_;
  s.device_name = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].id; };
  if (!file.empty()) s.model_bytes = static_cast<int64_t>(std::filesystem::file_size(file.resolved));
  edge_ = std::make_unique<nodes::EdgeService>(std::move(s));
  scheduler_->attach(edge_id, *edge_);
}

nodes::MqttsnForwarder::Config System::forwarder_to(const scenario::EdgeNode& e) const {
  nodes::MqttsnForwarder::Config c{.mac = derived_mac(e.id),
                                   .gateway_mac = node_mac(scenario_, e.machine),
                                   .ip = parse_ipv4(e.ip).value_or(0),
                                   .gateway_ip = node_ip(scenario_, e.machine)};
  for (const scenario::Link& l : scenario_.links)
    for (const std::string& end : l.endpoints)
      if (end.starts_with(e.id + ":")) c.cable = scheduler_->id(l.id);
  if (c.cable == sim::kNobody)
    throw ConfigError(
        fmt::format("edge node '{}' has no cable: add a link with the endpoint \"{}:eth0\"", e.id, e.id));
  return c;
}

void System::build_cloud(const scenario::CloudNode& c, sim::ParticipantId edge, const SystemOptions& options) {
  const auto cloud_id = scheduler_->id(c.id);
  const bool needed = std::any_of(scenario_.devices.begin(), scenario_.devices.end(), [](const auto& d) {
    return d.ml_placement == scenario::MlPlacement::cloud;
  });
  if (needed)
    cloud_program_ =
        CloudProgram::of(c, classes_, scenario_.meta.seed, options.platforms.parent_path() / "sdk" / "python" / "src");
  if (needed && c.ml_model.empty() && !cloud_program_)
    throw ConfigError(
        fmt::format("cloud node '{}' has no model: set ml_model to an ONNX or TorchScript file", c.id));
  if (cloud_program_)
    cloud_model_ = cloud_program_->model();
  else if (needed)
    cloud_model_ = service_model(c.ml_model.resolved.string(), classes_.size(), c.compute,
                                 scenario_.meta.seed, c.id + "/model");
  nodes::CloudService::Config config;
  config.self = cloud_id;
  config.downlink = wan_name_.empty() ? edge : scheduler_->id(wan_name_);
  config.direct = wan_name_.empty();
  config.service_time = store_timer(c.compute, scenario_.meta.seed, c.id);
  config.model = [this](int64_t) { return cloud_model_ ? &*cloud_model_ : nullptr; };
  config.wants_return = [this](int64_t tag) { return wants_return(tag); };
  config.classes = classes_;
  config.device_name = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].id; };
  cloud_ = std::make_unique<nodes::CloudService>(std::move(config));
  scheduler_->attach(cloud_id, *cloud_);
}

void System::build_channel() {
  const scenario::Wireless& w = scenario_.network.wireless;
  std::vector<RadioStation> stations;
  std::map<std::string, sim::ParticipantId, std::less<>> ids;
  const auto add = [&](sim::ParticipantId id, const std::string& name, const scenario::Position& p,
                       double gain, int64_t channel) {
    ids.emplace(name, id);
    stations.push_back(
        {.station = {.station = {.id = id,
                                 .x_m = p.x_m,
                                 .y_m = p.y_m,
                                 .z_m = p.z_m,
                                 .sensitivity_dbm = w.sensitivity_dbm.value_or(kNrf52840Sensitivity),
                                 .antenna_gain_db = gain},
                     .name = name},
         .channel = static_cast<int>(channel)});
  };
  for (const DeviceNode& d : devices_) {
    const GatewayPlan* g = gateway_of(gateway_plans_, d.instance);
    add(d.participant, d.id, d.instance.position, d.instance.config.antenna_gain_db.value_or(0),
        d.instance.config.channel.value_or(g ? g->channel : w.channel));
    stations.back().station.way = way_of(*d.group, d.instance.position);
  }
  for (const GatewayPlan& g : gateway_plans_)
    add(scheduler_->id(g.name), g.name, g.position, g.antenna_gain_db, g.channel);
  for (size_t k = 0; k < scenario_.network.interferers.size(); ++k) {
    const scenario::Interferer& i = scenario_.network.interferers[k];
    net::InterfererConfig config = interferer_config(i, w);
    config.self = scheduler_->id(i.id);
    config.channel = scheduler_->id(kAir);
    config.seed = scenario_.meta.seed;
    interferers_.push_back(located(scenario_, fmt::format("network.interferers[{}]", k),
                                   [&] { return std::make_unique<net::Interferer>(std::move(config)); }));
    scheduler_->attach(scheduler_->id(i.id), *interferers_.back());
    add(scheduler_->id(i.id), i.id, i.position, 0, w.channel);
  }
  const auto radio = [&](const std::string& name) -> std::optional<sim::ParticipantId> {
    auto it = ids.find(name);
    if (it == ids.end() && !scenario_.edge.empty() && name == scenario_.edge.front().id)
      it = ids.find(radio_of(name));
    return it == ids.end() ? std::nullopt : std::optional(it->second);
  };
  auto loss = path_loss(w, radio);
  if (scenario_.network.type == scenario::Network::Type::ns3) {
    auto medium = std::make_unique<nodes::Ns3Medium>(
        ns3_medium(scenario_, scheduler_->id(kAir), std::move(stations), *loss));
    ns3_ = medium.get();
    channel_ = std::move(medium);
    scheduler_->attach(scheduler_->id(kAir), *channel_);
    return;
  }
  net::ChannelConfig config;
  config.id = scheduler_->id(kAir);
  config.seed = scenario_.meta.seed;
  if (w.convention == scenario::Wireless::Convention::ns3) config.convention = net::Convention::ns3;
  if (w.noise_figure_db) config.noise_figure_db = *w.noise_figure_db;
  config.variation = variation(w);
  if (w.capture_threshold_db) config.capture_threshold_db = *w.capture_threshold_db;
  config.adjacent_rejection_db = w.adjacent_rejection_db;
  std::vector<net::ChannelStation> radios;
  for (RadioStation& r : stations) radios.push_back(std::move(r.station));
  build_jammers(radios);
  channel_ = std::make_unique<net::Channel>(std::move(config), std::move(loss), std::move(radios));
  scheduler_->attach(scheduler_->id(kAir), *channel_);
}

std::string System::jammer_of(size_t fault) { return fmt::format("~jammer.{}", fault); }

void System::build_jammers(std::vector<net::ChannelStation>& stations) {
  const scenario::NameTable names(scenario_);
  for (size_t i = 0; i < scenario_.faults.size(); ++i) {
    const scenario::Fault& f = scenario_.faults[i];
    if (f.type != scenario::Fault::Type::radio_interference) continue;
    net::InterfererConfig config;
    config.self = scheduler_->id(jammer_of(i));
    config.channel = scheduler_->id(kAir);
    config.name = jammer_of(i);
    config.seed = scenario_.meta.seed;
    config.power_dbm = f.power_dbm.value_or(kJammerPower);
    const int64_t channel = f.channel.value_or(scenario_.network.wireless.channel);
    config.frequencies_mhz = {net::ieee802154::frequency_mhz(static_cast<int>(channel))};
    config.windows = fault_windows(f, i, scenario_);
    auto aim = std::make_shared<net::Aim>();
    for (const auto& target : names.resolve(f.target))
      for (const sim::ParticipantId id : participants_of(target.id)) aim->targets.push_back(id);
    std::sort(aim->targets.begin(), aim->targets.end());
    stations.push_back({.station = {.id = config.self}, .name = config.name, .way = {}, .aim = std::move(aim)});
    interferers_.push_back(std::make_unique<net::Interferer>(std::move(config)));
    scheduler_->attach(scheduler_->id(jammer_of(i)), *interferers_.back());
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
  return ids;
}

}  // namespace xedgesim::system
