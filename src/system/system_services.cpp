// Edge and cloud of a system, with the models they run and the link between them.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "scenario/load.h"
#include "system/compute.h"
#include "system/device_config.h"
#include "system/located.h"
#include "system/switch_config.h"
#include "system/system.h"
#include "system/wiring.h"

namespace xedgesim::system {

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
  s.passes_on = [this](int64_t tag) { return system::passes_on(*devices_[nodes::tag_device(tag)].group); };
  s.forward_time = store_timer(e.compute, scenario_.meta.seed, e.id + "/forward");
  if (machine) {
    s.remote = forwarder_to(e);
    s.address_of = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].short_address; };
  }
  s.classes = classes_;
  s.device_name = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].id; };
  std::error_code absent;  // a container may have it inside
  const auto model_size = file.empty() ? 0 : std::filesystem::file_size(file.resolved, absent);
  if (!absent) s.model_bytes = static_cast<int64_t>(model_size);
  edge_ = std::make_unique<nodes::EdgeService>(std::move(s));
  scheduler_->attach(edge_id, *edge_);
}

nodes::MqttsnForwarder::Config System::forwarder_to(const scenario::EdgeNode& e) const {
  const uint32_t own = parse_ipv4(e.ip).value_or(0);
  const auto cards = node_cards(scenario_, e.machine);
  const auto here = std::find_if(cards.begin(), cards.end(), [&](const auto& c) { return c.reaches(own); });
  const CardAddress& gateway = here == cards.end() ? cards.front() : *here;
  nodes::MqttsnForwarder::Config c{
      .mac = derived_mac(e.id), .gateway_mac = gateway.mac, .ip = own, .gateway_ip = gateway.ip};
  for (const scenario::Link& l : scenario_.links)
    for (const std::string& end : l.endpoints)
      if (end.starts_with(e.id + ":")) c.cable = scheduler_->id(l.id);
  if (c.cable == sim::kNobody)
    throw ConfigError(
        fmt::format("edge node '{}' has no cable: add a link with the endpoint \"{}:eth0\"", e.id, e.id));
  return c;
}

void System::build_cloud(const scenario::CloudNode& c, sim::ParticipantId edge,
                         const SystemOptions& options) {
  const auto cloud_id = scheduler_->id(c.id);
  const bool needed = std::any_of(scenario_.devices.begin(), scenario_.devices.end(), uses_cloud_model);
  if (needed)
    cloud_program_ = CloudProgram::of(c, classes_, scenario_.meta.seed,
                                      options.platforms.parent_path() / "sdk" / "python" / "src");
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
  config.model = [this](int64_t tag) -> const nodes::ServiceModel* {
    if (const nodes::ServiceModel& rest = models_of(tag).rest; rest.infer) return &rest;
    return cloud_model_ ? &*cloud_model_ : nullptr;
  };
  config.wants_return = [this](int64_t tag) { return wants_return(tag); };
  config.classes = classes_;
  config.device_name = [this](int64_t tag) { return devices_[nodes::tag_device(tag)].id; };
  cloud_ = std::make_unique<nodes::CloudService>(std::move(config));
  scheduler_->attach(cloud_id, *cloud_);
}

}  // namespace xedgesim::system
