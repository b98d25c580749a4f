// The devices of a system: emulated boards, behavioural models, external programs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "scenario/load.h"
#include "system/device_config.h"
#include "system/fault_times.h"
#include "system/located.h"
#include "system/system.h"

namespace xedgesim::system {
namespace {

constexpr int64_t kLastDeviceAddress = 0xfffd;

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

}  // namespace

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
      if (next_address > kLastDeviceAddress)
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
    throw ConfigError(fmt::format(
        "device '{}': it has two sensors of type frames: one is read out window by window", group.id));
  auto& frames = frames_[node.instance.group];
  if (!frames) {
    frames = nodes::read_frames(sensor->file.resolved.string(),
                                sensor->labels.empty() ? "" : sensor->labels.resolved.string(),
                                sensor->scale_v.value_or(1));
    for (const int label : frames->labels)
      if (static_cast<size_t>(label) >= classes_.size())
        throw ConfigError(
            fmt::format("device '{}': '{}' has the class {}, but there are {} classes: name them in "
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

}  // namespace xedgesim::system
