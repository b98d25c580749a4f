#include "system/system.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/names.h"
#include "net/radio/path_loss.h"
#include "system/compute.h"
#include "system/device_config.h"
#include "system/wiring.h"

namespace xedgesim::system {
namespace {

constexpr uint16_t kGatewayAddress = 0x0000;
constexpr double kNrf52840Sensitivity = -100.0;  // dBm, IEEE 802.15.4, PS 6.20.15.7

std::shared_ptr<const platforms::Platform> find_platform(const scenario::Device& group,
                                                         const std::filesystem::path& folder) {
  const std::filesystem::path file =
      group.platform_file.empty() ? folder / (group.platform + ".yaml") : group.platform_file.resolved;
  return std::make_shared<const platforms::Platform>(platforms::load_platform(file));
}

std::unique_ptr<net::PathLoss> path_loss(const scenario::Wireless& w) {
  switch (w.channel_model) {
    case scenario::Wireless::ChannelModel::log_distance:
      return std::make_unique<net::LogDistance>(w.path_loss_exponent, w.reference_distance_m,
                                                w.reference_loss_db);
    case scenario::Wireless::ChannelModel::free_space:
      return std::make_unique<net::FreeSpace>();
    case scenario::Wireless::ChannelModel::two_ray:
      return std::make_unique<net::TwoRay>();
    default:
      throw ConfigError(
          "network.wireless.channel_model: this version runs LogDistancePropagationLoss, free space and "
          "two-ray");
  }
}

}  // namespace

System::System(const scenario::Scenario& scenario, const SystemOptions& options) : scenario_(scenario) {
  refuse_unsupported();
  classes_ = class_names(scenario_);
  for (const auto& d : scenario_.devices) groups_.push_back(group_models(scenario_, d, classes_.size()));
  scheduler_ = std::make_unique<sim::Scheduler>(
      participant_names(), sim::SchedulerConfig{.window = air::kMinEffectDelay, .threads = options.threads});
  build_devices(options);
  build_services();
  build_channel();
}

System::~System() = default;

void System::refuse_unsupported() const {
  const auto refuse = [](const std::string& what) { throw ConfigError(what); };
  if (scenario_.meta.clock == scenario::ScenarioMeta::Clock::wall)
    refuse("scenario.clock: wall is not available in this version: use virtual or auto");
  if (scenario_.network.type == scenario::Network::Type::ns3)
    refuse("network.type: ns3 needs the ns-3 back end, which this version does not have: use type: native");
  for (const auto& d : scenario_.devices) {
    if (!d.emulated())
      refuse(fmt::format(
          "device '{}': type model and external are not available in this version: use type: mcu", d.id));
    if (!d.firmware) refuse(fmt::format("device '{}': an emulated device needs firmware", d.id));
  }
  if (!scenario_.nodes.empty())
    refuse("nodes: Linux machines are not available in this version: remove the section");
  if (!scenario_.switches.empty()) refuse("switches: not available in this version: remove the section");
  if (scenario_.edge.size() > 1) refuse("edge: this version runs one edge node: remove the others");
  if (scenario_.cloud.size() > 1) refuse("cloud: this version runs one cloud node: remove the others");
  for (const auto& e : scenario_.edge)
    if (e.type != scenario::EdgeNode::Type::model)
      refuse(
          fmt::format("edge node '{}': this version runs the native service only: use type: model in place "
                      "of docker, process or external",
                      e.id));
  for (const auto& c : scenario_.cloud)
    if (c.type == scenario::CloudNode::Type::external)
      refuse(fmt::format("cloud node '{}': type external is not available in this version: use type: model",
                         c.id));
  if (!scenario_.network.interferers.empty())
    refuse("network.interferers: not available in this version: remove the section");
}

std::vector<std::string> System::participant_names() {
  std::vector<std::string> names{kAir, kObserver, kFaults};
  for (const auto& d : scenario::expand_devices(scenario_)) names.push_back(d.id);
  for (const auto& e : scenario_.edge) {
    names.push_back(e.id);
    names.push_back(radio_of(e.id));
  }
  for (const auto& c : scenario_.cloud) names.push_back(c.id);
  if (const auto wan = find_wan(scenario_)) {
    wan_name_ = wan->name;
    names.push_back(wan_name_);
  }
  return names;
}

void System::build_devices(const SystemOptions& options) {
  std::set<int64_t> taken{kGatewayAddress};
  const auto instances = scenario::expand_devices(scenario_);
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
    }
    node.short_address = static_cast<uint16_t>(instance.config.short_address.value_or(next_address));
    node.sample_rate_hz = instance.config.sample_rate_hz.value_or(1000);
    node.participant = scheduler_->id(node.id);

    auto& platform =
        platforms_[group.platform_file.empty() ? group.platform : group.platform_file.resolved.string()];
    if (!platform) platform = find_platform(group, options.platforms);
    const auto image = image_of(group, groups_[instance.group]);
    auto& flash = flashes_[platform->file.string() + '\0' + image->content_key()];
    if (!flash) {
      const auto& memory = platform->flash();
      flash =
          std::make_shared<const platforms::FlashTemplate>(platform->core, memory.base, memory.size, *image);
    }
    node.feed = make_feed(scenario_, group, node.id);
    if (feeds_vibration(group))
      node.truth = std::make_unique<ml::VibrationSignal>(scenario_.meta.seed, node.id);
    nodes::McuNode::Config config;
    config.platform = platform;
    config.firmware = image;
    config.flash = flash;
    config.observer = observer_id();
    config.machine.name = node.id;
    config.machine.seed = scenario_.meta.seed;
    config.machine.identity = identity_of(scenario_.meta.seed, node.id);
    config.machine.uicr = uicr_settings(scenario_, instance, node.short_address);
    config.machine.analog = node.feed.get();
    config.machine.medium = scheduler_->id(kAir);
    config.machine.stop_on_lockup = group.on_lockup == scenario::Device::OnLockup::stop;
    node.mcu = std::make_unique<nodes::McuNode>(std::move(config));
    scheduler_->attach(node.participant, *node.mcu);
    devices_.push_back(std::move(node));
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
    throw ConfigError(fmt::format(
        "device '{}': firmware '{}' has no model at 0x{:x}, so it does not look for one there: use firmware with a "
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

void System::build_services() {
  if (scenario_.edge.empty()) return;
  const scenario::EdgeNode& e = scenario_.edge.front();
  build_gateway(e);
  build_edge(e);
  if (!scenario_.cloud.empty()) build_cloud(scenario_.cloud.front(), scheduler_->id(e.id));
  if (const auto wan = find_wan(scenario_)) {
    const auto id = scheduler_->id(wan_name_);
    wan_ = std::make_unique<net::Link>(
        wan_link(*wan, id, scheduler_->id(e.id), scheduler_->id(scenario_.cloud.front().id), scenario_));
    scheduler_->attach(id, *wan_);
  }
}

void System::build_gateway(const scenario::EdgeNode& e) {
  const auto radio_id = scheduler_->id(radio_of(e.id));
  const scenario::Wireless& w = scenario_.network.wireless;
  nodes::RadioGateway::Config g;
  g.mac.self = radio_id;
  g.mac.channel = scheduler_->id(kAir);
  g.mac.name = radio_of(e.id);
  g.mac.seed = scenario_.meta.seed;
  g.mac.radio_channel = static_cast<int>(w.channel);
  g.mac.pan_id = kDefaultPan;
  g.mac.short_address = kGatewayAddress;
  g.mac.tx_power_dbm = w.tx_power_dbm;
  g.mac.suppress_duplicates = true;
  if (w.cca_threshold_dbm) g.mac.cca_threshold_dbm = *w.cca_threshold_dbm;
  g.edge = g.next = scheduler_->id(e.id);
  g.address_of = [this](int64_t tag) -> std::optional<uint16_t> {
    const uint32_t device = nodes::tag_device(tag);
    return device < devices_.size() ? std::optional(devices_[device].short_address) : std::nullopt;
  };
  gateway_ = std::make_unique<nodes::RadioGateway>(std::move(g));
  scheduler_->attach(radio_id, *gateway_);
}

void System::build_edge(const scenario::EdgeNode& e) {
  const auto edge_id = scheduler_->id(e.id);
  const auto cloud_id = scenario_.cloud.empty() ? sim::kNobody : scheduler_->id(scenario_.cloud.front().id);
  const scenario::FilePath file = scenario::edge_model_file(e);
  const bool needed = std::any_of(scenario_.devices.begin(), scenario_.devices.end(), uses_edge_model);
  if (needed && file.empty())
    throw ConfigError(fmt::format("edge node '{}' has no model: set ml_model to an ONNX file", e.id));
  if (needed) edge_model_ = service_model(file.resolved.string(), classes_.size(), e.compute, scenario_.meta.seed, e.id);
  nodes::EdgeService::Config s;
  s.self = edge_id;
  s.cloud = cloud_id;
  s.uplink = wan_name_.empty() ? cloud_id : scheduler_->id(wan_name_);
  s.gateway = scheduler_->id(radio_of(e.id));
  s.parallel = static_cast<int>(e.compute.parallel);
  s.model = [this](int64_t port, int64_t tag) -> const nodes::ServiceModel* {
    if (port == nodes::port::kFragment) {
      const nodes::ServiceModel& rest = models_of(tag).rest;
      return rest.infer ? &rest : nullptr;
    }
    return edge_model_ ? &*edge_model_ : nullptr;
  };
  s.forward_time = store_timer(e.compute, scenario_.meta.seed, e.id + "/forward");
  s.wants_return = [this](int64_t tag) { return wants_return(tag); };
  s.classes = classes_;
  s.device_name = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].id; };
  if (!file.empty()) s.model_bytes = static_cast<int64_t>(std::filesystem::file_size(file.resolved));
  edge_ = std::make_unique<nodes::EdgeService>(std::move(s));
  scheduler_->attach(edge_id, *edge_);
}

void System::build_cloud(const scenario::CloudNode& c, sim::ParticipantId edge) {
  const auto cloud_id = scheduler_->id(c.id);
  const bool needed = std::any_of(scenario_.devices.begin(), scenario_.devices.end(), [](const auto& d) {
    return d.ml_placement == scenario::MlPlacement::cloud;
  });
  if (needed && c.ml_model.empty())
    throw ConfigError(fmt::format("cloud node '{}' has no model: set ml_model to an ONNX or TorchScript file", c.id));
  if (needed)
    cloud_model_ =
        service_model(c.ml_model.resolved.string(), classes_.size(), c.compute, scenario_.meta.seed, c.id + "/model");
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
  std::vector<net::ChannelStation> stations;
  const auto add = [&](sim::ParticipantId id, const std::string& name, const scenario::Position& p) {
    stations.push_back({{.id = id,
                         .x_m = p.x_m,
                         .y_m = p.y_m,
                         .z_m = p.z_m,
                         .sensitivity_dbm = w.sensitivity_dbm.value_or(kNrf52840Sensitivity),
                         .antenna_gain_db = 0},
                        name});
  };
  for (const DeviceNode& d : devices_) add(d.participant, d.id, d.instance.position);
  if (!scenario_.edge.empty())
    add(scheduler_->id(radio_of(scenario_.edge.front().id)), radio_of(scenario_.edge.front().id),
        scenario_.edge.front().position);
  net::ChannelConfig config;
  config.id = scheduler_->id(kAir);
  config.seed = scenario_.meta.seed;
  if (w.noise_figure_db) config.noise_figure_db = *w.noise_figure_db;
  channel_ = std::make_unique<net::Channel>(config, path_loss(w), std::move(stations));
  scheduler_->attach(config.id, *channel_);
}

std::vector<sim::ParticipantId> System::participants_of(const std::string& node) const {
  std::vector<sim::ParticipantId> ids{scheduler_->id(node)};
  if (!scenario_.edge.empty() && scenario_.edge.front().id == node)
    ids.push_back(scheduler_->id(radio_of(node)));
  return ids;
}

}  // namespace xedgesim::system
