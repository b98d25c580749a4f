#pragma once
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "devices/factory.h"
#include "nodes/sensor_feed.h"
#include "scenario/expand.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

struct GatewayPlan;

constexpr uint16_t kDefaultPan = 0xABCD;

/// The settings of firmware/common/settings.h as UICR words, (offset, word). Settings the scenario leaves out
/// stay erased and the firmware takes its own default. Channel, PAN and destination are those of `gateway`
/// (may be null) where the device's configuration has none.
std::vector<std::pair<uint32_t, uint32_t>> uicr_settings(const scenario::Scenario& scenario,
                                                         const scenario::DeviceInstance& device,
                                                         uint16_t short_address, const GatewayPlan* gateway);

/// Device id and address of a node: a function of seed and name.
devices::Identity identity_of(uint64_t seed, std::string_view name);

/// What is wired to the device's analog inputs.
std::unique_ptr<nodes::SensorFeed> make_feed(const scenario::Scenario& scenario,
                                             const scenario::Device& group, const std::string& node);
/// Windows that vib_sensor samples for one report (firmware/common/window_plan.h): a window has at most 1,024 samples.
int64_t windows_per_report(const scenario::DeviceConfig& config);
/// AIN0 senses the bearing vibration generator, so windows have a ground truth. A device that declares a
/// sample rate and no sensors senses it too (docs/scenario.md).
bool feeds_vibration(const scenario::Device& group);

}  // namespace xedgesim::system
