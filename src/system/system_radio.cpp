// The air of a system: gateways, interferers, jammers and the channel between all radios.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "scenario/load.h"
#include "system/device_config.h"
#include "system/fault_times.h"
#include "system/located.h"
#include "system/ns3_config.h"
#include "system/radio_config.h"
#include "system/system.h"

namespace xedgesim::system {
namespace {

constexpr double kJammerPower = -40;             // dBm at a receiver: far above every frame
constexpr double kNrf52840Sensitivity = -100.0;  // dBm, IEEE 802.15.4, PS 6.20.15.7

}  // namespace

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

std::vector<RadioStation> System::build_stations() {
  const scenario::Wireless& w = scenario_.network.wireless;
  std::vector<RadioStation> stations;
  const auto add = [&](sim::ParticipantId id, const std::string& name, const scenario::Position& p,
                       double gain, int64_t channel) {
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
  return stations;
}

void System::build_channel() {
  const scenario::Wireless& w = scenario_.network.wireless;
  std::vector<RadioStation> stations = build_stations();
  std::map<std::string, sim::ParticipantId, std::less<>> ids;
  for (const RadioStation& r : stations) ids.emplace(r.station.name, r.station.station.id);
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
    stations.push_back(
        {.station = {.id = config.self}, .name = config.name, .way = {}, .aim = std::move(aim)});
    interferers_.push_back(std::make_unique<net::Interferer>(std::move(config)));
    scheduler_->attach(scheduler_->id(jammer_of(i)), *interferers_.back());
  }
}

}  // namespace xedgesim::system
