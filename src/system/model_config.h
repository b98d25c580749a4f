#pragma once
#include <filesystem>
#include <memory>

#include "ml/vibration_library.h"
#include "nodes/model_node.h"
#include "system/gateways.h"

namespace xedgesim::system {

/// Which built-in model a group of `type: model` is; throws ConfigError for a name that is none.
enum class ModelKind { vibration_sensor, periodic };
ModelKind model_kind(const scenario::Device& group);

/// What is needed to make the model nodes of one group.
struct ModelGroup {
  ModelKind kind = ModelKind::periodic;
  nodes::ModelCurrents currents{};  ///< of the board's default profile at the group's transmit power
  int64_t sample_rate_hz = 0;       ///< 0: it does not sample
  Duration interval{}, window{};
  std::shared_ptr<const ml::VibrationLibrary> library{};  ///< of vibration_sensor
};

/// `platforms` is the folder of the platform files: the currents are those of the group's platform, or of
/// nrf52840dk.
ModelGroup model_group(const scenario::Scenario& scenario, const scenario::Device& group,
                       const std::filesystem::path& platforms);

/// The node of one device. `truth` (vibration_sensor) outlives it.
nodes::ModelNode::Config model_config(const scenario::Scenario& scenario,
                                      const scenario::DeviceInstance& device, const ModelGroup& group,
                                      const GatewayPlan* gateway, uint16_t short_address,
                                      ml::VibrationSignal* truth);

air::CcaMode cca_mode(const scenario::Wireless& wireless);

}  // namespace xedgesim::system
