#include "system/gateways.h"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "base/error.h"
#include "system/device_config.h"
#include "system/located.h"

namespace xedgesim::system {
namespace {

constexpr uint16_t kLastGatewayAddress = 0xfffd;

double distance2(const scenario::Position& a, const scenario::Position& b) {
  const double x = a.x_m - b.x_m, y = a.y_m - b.y_m, z = a.z_m - b.z_m;
  return x * x + y * y + z * z;
}

}  // namespace

std::string radio_of(const std::string& edge) { return edge + ".radio"; }

std::vector<GatewayPlan> plan_gateways(const scenario::Scenario& s) {
  const scenario::Wireless& w = s.network.wireless;
  std::vector<GatewayPlan> plans;
  if (s.network.gateways.empty()) {
    if (!s.edge.empty())
      plans.push_back({.name = radio_of(s.edge.front().id),
                       .position = s.edge.front().position,
                       .channel = static_cast<int>(w.channel),
                       .pan_id = kDefaultPan,
                       .short_address = 0,
                       .tx_power_dbm = w.tx_power_dbm});
    return plans;
  }
  std::map<std::tuple<int, uint16_t, uint16_t>, std::string> taken;
  for (const scenario::Gateway& g : s.network.gateways) {
    const auto n = static_cast<uint16_t>(plans.size());
    const auto address = static_cast<uint16_t>(n == 0 ? 0 : kLastGatewayAddress - (n - 1));
    plans.push_back({.name = g.id,
                     .position = g.position,
                     .channel = static_cast<int>(g.channel.value_or(w.channel)),
                     .pan_id = static_cast<uint16_t>(g.pan_id.value_or(kDefaultPan)),
                     .short_address = static_cast<uint16_t>(g.short_address.value_or(address)),
                     .tx_power_dbm = g.tx_power_dbm.value_or(w.tx_power_dbm),
                     .antenna_gain_db = g.antenna_gain_db});
    const GatewayPlan& p = plans.back();
    const auto [other, fresh] = taken.emplace(std::tuple(p.channel, p.pan_id, p.short_address), g.id);
    if (!fresh)
      refuse_at(s, fmt::format("network.gateways[{}]", n),
                fmt::format("'{}' and '{}' have the same address 0x{:04x} on one channel and PAN: change one",
                            other->second, g.id, p.short_address));
  }
  return plans;
}

const GatewayPlan* gateway_of(const std::vector<GatewayPlan>& plans, const scenario::DeviceInstance& device) {
  const GatewayPlan* best = nullptr;
  for (const GatewayPlan& p : plans) {
    if (device.config.gateway) {
      if (p.name == *device.config.gateway) return &p;
    } else if (!best || distance2(p.position, device.position) < distance2(best->position, device.position)) {
      best = &p;
    }
  }
  return best;
}

}  // namespace xedgesim::system
