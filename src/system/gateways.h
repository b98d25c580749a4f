#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "scenario/expand.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A gateway's radio as it will be built.
struct GatewayPlan {
  std::string name;  ///< of the participant
  scenario::Position position;
  int channel = 26;
  uint16_t pan_id = 0;
  uint16_t short_address = 0;
  double tx_power_dbm = 0;
  double antenna_gain_db = 0;
};

/// network.gateways, or the one at the first edge node when there are none; empty without either.
/// Throws ConfigError for two of one address on a PAN and channel.
std::vector<GatewayPlan> plan_gateways(const scenario::Scenario& scenario);

/// The gateway a device reports to: the one it names, else the nearest one (the first of equals). Null
/// without any.
const GatewayPlan* gateway_of(const std::vector<GatewayPlan>& plans, const scenario::DeviceInstance& device);

/// The participant of an edge node's own radio.
std::string radio_of(const std::string& edge);

}  // namespace xedgesim::system
