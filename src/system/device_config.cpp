#include "system/device_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "firmware/common/settings.h"
#include "firmware/common/window_plan.h"
#include "system/gateways.h"

namespace xedgesim::system {
namespace {

constexpr uint32_t kCustomer = 0x080;  // UICR.CUSTOMER[0], PS 4.5
constexpr uint32_t kMagic = 0x58454447;
constexpr uint32_t kErased = 0xffffffff;

unsigned analog_input(const scenario::Sensor& s, const std::string& group) {
  if (s.pin.size() == 4 && s.pin.starts_with("AIN") && s.pin[3] >= '0' && s.pin[3] <= '7')
    return static_cast<unsigned>(s.pin[3] - '0');
  throw ConfigError(
      fmt::format("device '{}': sensor pin '{}' is not an analog input: AIN0 to AIN7", group, s.pin));
}

/// Word 7 of firmware/common/settings.h.
uint32_t placement_word(const scenario::Device& g) {
  using P = scenario::MlPlacement;
  const bool waits = g.ml_result == scenario::MlResult::device;
  if (g.ml_placement == P::none && !waits) return kErased;
  const uint32_t placement = g.ml_placement == P::device   ? 1
                             : g.ml_placement == P::cloud  ? 2
                             : g.ml_placement == P::hybrid ? 3
                                                           : 0;
  const auto wait =
      static_cast<uint32_t>(std::clamp<int64_t>(g.ml_result_wait.count_ns() / 1'000'000, 1, 0xFFFE));
  return placement | (g.ml_placement == P::adaptive ? 0x100u : 0) | (waits ? wait : 0xFFFFu) << 16;
}

/// Word 8.
uint32_t thresholds_word(const scenario::Device& g) {
  if (g.ml_placement != scenario::MlPlacement::adaptive) return kErased;
  const scenario::MlAdaptive a = g.ml_adaptive.value_or(scenario::MlAdaptive{});
  const auto percent = [](double f) { return static_cast<uint32_t>(std::lround(100 * f)); };
  const auto deadline = a.deadline ? std::clamp<int64_t>(a.deadline->count_ns() / 1'000'000, 1, 0xFFFE) : 0;
  return percent(a.low_battery) | percent(a.poor_network) << 8 | static_cast<uint32_t>(deadline) << 16;
}

/// Word 9.
uint32_t battery_word(const scenario::Device& g) {
  if (g.ml_placement != scenario::MlPlacement::adaptive || !g.battery) return kErased;
  return static_cast<uint32_t>(std::clamp(1000 * g.battery->capacity_c * g.battery->initial, 1.0, 4e9));
}

}  // namespace

std::vector<std::pair<uint32_t, uint32_t>> uicr_settings(const scenario::Scenario& scenario,
                                                         const scenario::DeviceInstance& device,
                                                         uint16_t short_address, const GatewayPlan* plan) {
  const scenario::Device& group = scenario.devices[device.group];
  const scenario::DeviceConfig& c = device.config;
  const auto channel =
      static_cast<uint32_t>(c.channel.value_or(plan ? plan->channel : scenario.network.wireless.channel));
  // What does not fit becomes the nearest that does, never the erased word; the firmware refuses it.
  const auto power = static_cast<uint8_t>(static_cast<int8_t>(
      std::clamp(c.tx_power_dbm.value_or(scenario.network.wireless.tx_power_dbm), -128.0, 127.0)));
  const auto milliseconds = [](const std::optional<Duration>& d) {
    return d ? static_cast<uint32_t>(std::clamp<int64_t>(d->count_ns() / 1'000'000, 0, kErased - 1))
             : kErased;
  };
  const uint32_t gateway = plan ? plan->short_address : 0x0000;
  const uint32_t words[] = {
      kMagic,
      uint32_t{short_address} | static_cast<uint32_t>(c.pan_id.value_or(plan ? plan->pan_id : kDefaultPan))
                                    << 16,
      channel | uint32_t{power} << 8 | gateway << 16,
      c.sample_rate_hz ? static_cast<uint32_t>(std::clamp<int64_t>(*c.sample_rate_hz, 0, kErased - 1))
                       : kErased,
      milliseconds(scenario::report_interval(c).value),
      milliseconds(c.phase),
      c.destination ? static_cast<uint32_t>(*c.destination) : kErased,
      placement_word(group),
      thresholds_word(group),
      battery_word(group),
  };
  std::vector<std::pair<uint32_t, uint32_t>> uicr;
  for (uint32_t i = 0; i < std::size(words); ++i) uicr.emplace_back(kCustomer + 4 * i, words[i]);
  return uicr;
}

devices::Identity identity_of(uint64_t seed, std::string_view name) {
  RandomStream r(seed, name, "identity");
  const uint64_t id = r.next64();
  // A random static address has its two top bits set.
  return {.device_id = id, .device_address = (r.next64() & 0xffff'ffff'ffff) | 0xc000'0000'0000};
}

int64_t windows_per_report(const scenario::DeviceConfig& c) {
  const auto taken = [](int64_t v, int64_t least, int64_t most, int64_t otherwise) {
    return static_cast<uint32_t>(v >= least && v <= most ? v : otherwise);
  };
  const auto interval = scenario::report_interval(c).value;
  const uint32_t ms = taken(interval ? interval->count_ns() / 1'000'000 : -1, SETTINGS_MIN_REPORT_INTERVAL_MS,
                            SETTINGS_MAX_REPORT_INTERVAL_MS, SETTINGS_DEFAULT_REPORT_INTERVAL_MS);
  const uint32_t hz = taken(c.sample_rate_hz.value_or(-1), SETTINGS_MIN_SAMPLE_RATE_HZ,
                            SETTINGS_MAX_SAMPLE_RATE_HZ, SETTINGS_DEFAULT_SAMPLE_RATE_HZ);
  return plan_windows(hz, ms).windows_per_report;
}

bool feeds_vibration(const scenario::Device& group) {
  if (group.sensors.empty())
    return group.config.sample_rate_hz.has_value() || group.ml_placement != scenario::MlPlacement::none;
  return std::any_of(group.sensors.begin(), group.sensors.end(), [](const scenario::Sensor& s) {
    return s.type == scenario::Sensor::Type::vibration && s.pin == "AIN0";
  });
}

std::unique_ptr<nodes::SensorFeed> make_feed(const scenario::Scenario& scenario,
                                             const scenario::Device& group, const std::string& node) {
  auto feed = std::make_unique<nodes::SensorFeed>();
  const uint64_t seed = scenario.meta.seed;
  if (group.sensors.empty() && feeds_vibration(group)) feed->connect(0, nodes::vibration_source(seed, node));
  for (const scenario::Sensor& s : group.sensors) {
    const unsigned ain = analog_input(s, group.id);
    switch (s.type) {
      case scenario::Sensor::Type::vibration:
        if (!s.file.empty() || s.fault_class || s.anomaly_rate)
          throw ConfigError(fmt::format(
              "device '{}': vibration sensors take no file, fault_class or anomaly_rate in this version",
              group.id));
        feed->connect(ain, nodes::vibration_source(seed, node));
        break;
      case scenario::Sensor::Type::constant:
        feed->connect(ain, nodes::constant_source(s.value_v.value_or(0)));
        break;
      case scenario::Sensor::Type::sine:
        feed->connect(ain, nodes::sine_source(s.amplitude_v.value_or(1), s.offset_v.value_or(1.5),
                                              static_cast<double>(s.frequency_hz.value_or(50))));
        break;
      case scenario::Sensor::Type::noise:
        feed->connect(
            ain, nodes::noise_source(s.amplitude_v.value_or(0.1), s.offset_v.value_or(1.5), seed, node, ain));
        break;
      case scenario::Sensor::Type::csv:
        feed->connect(
            ain,
            nodes::recorded_source(
                nodes::read_csv_column(s.file.resolved.string(), s.column),
                static_cast<double>(s.rate_hz.value_or(group.config.sample_rate_hz.value_or(1000))), s.loop));
        break;
      case scenario::Sensor::Type::frames:
        break;  // System::connect_frames()
      case scenario::Sensor::Type::wav:
        throw ConfigError(fmt::format(
            "device '{}': sensor type wav is not available in this version: convert it to csv", group.id));
    }
  }
  return feed;
}

}  // namespace xedgesim::system
