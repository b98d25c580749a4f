#include "system/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/rng.h"
#include "firmware/common/features.h"
#include "platforms/platform.h"
#include "system/device_config.h"

namespace xedgesim::system {
namespace {

// What features and report of one window take on the emulated nRF52840 (docs/radio.md says where it was
// measured).
constexpr Duration kCompute = Duration::us(1670);
constexpr int64_t kDefaultRate = 1000;
constexpr int64_t kDefaultPacket = 64;

double tx_power(const scenario::Scenario& s, const scenario::DeviceConfig& c) {
  return c.tx_power_dbm.value_or(s.network.wireless.tx_power_dbm);
}

}  // namespace

air::CcaMode cca_mode(const scenario::Wireless& w) {
  switch (w.cca_mode) {
    case scenario::Wireless::CcaMode::energy:
      return air::CcaMode::energy;
    case scenario::Wireless::CcaMode::carrier:
      return air::CcaMode::carrier;
    case scenario::Wireless::CcaMode::carrier_and_energy:
      return air::CcaMode::carrier_and_energy;
    case scenario::Wireless::CcaMode::carrier_or_energy:
      return air::CcaMode::carrier_or_energy;
  }
  return air::CcaMode::energy;
}

ModelKind model_kind(const scenario::Device& group) {
  const std::string& name = group.model.written;
  if (name.empty() || name == "vibration_sensor") return ModelKind::vibration_sensor;
  if (name == "periodic") return ModelKind::periodic;
  throw ConfigError(fmt::format(
      "device '{}': there is no built-in model '{}': write vibration_sensor or periodic", group.id, name));
}

ModelGroup model_group(const scenario::Scenario& s, const scenario::Device& d,
                       const std::filesystem::path& platforms) {
  const scenario::DeviceConfig& c = d.config;
  ModelGroup g{.kind = model_kind(d)};
  const std::string board = d.platform.empty() ? "nrf52840dk" : d.platform;
  const auto platform = platforms::load_platform(d.platform_file.empty() ? platforms / (board + ".yaml")
                                                                         : d.platform_file.resolved);
  const auto& profile = platform.energy_profile("");
  const auto& a = profile.currents;
  g.currents = {.supply_v = profile.supply_v,
                .sleep = devices::amperes_of(a, "cpu_sleep"),
                .cpu = devices::amperes_of(a, "cpu_active"),
                .sampling = devices::amperes_of(a, "timer"),
                .conversion = devices::amperes_of(a, "saadc"),
                .tx = devices::transmit_amperes(a, tx_power(s, c)) + devices::amperes_of(a, "hfxo"),
                .rx = devices::amperes_of(a, "radio_rx") + devices::amperes_of(a, "hfxo")};
  g.interval = scenario::report_interval(c).value.value_or(Duration::s(1));
  const bool vibration = g.kind == ModelKind::vibration_sensor;
  g.sample_rate_hz = c.sample_rate_hz.value_or(vibration ? kDefaultRate : 0);
  if (!vibration) return g;
  if (c.packet_size)
    throw ConfigError(
        fmt::format("device '{}': the reports of vibration_sensor have a fixed size: remove packet_size or "
                    "write model: periodic",
                    d.id));
  const auto samples =
      std::clamp<int64_t>(c.window.value_or(g.sample_rate_hz * g.interval.count_ns() / 1'000'000'000), 1,
                          int64_t{FEATURES_MAX_SAMPLES});
  g.window = Duration::ns(samples * 1'000'000'000 / g.sample_rate_hz);
  g.library =
      std::make_shared<const ml::VibrationLibrary>(s.meta.seed, g.sample_rate_hz, static_cast<int>(samples));
  return g;
}

bool runs_program(const scenario::Device& group) {
  return group.type == scenario::Device::Type::external || group.in_renode() ||
         (group.type == scenario::Device::Type::model && !group.model.resolved.empty());
}

uint16_t destination_of(const scenario::DeviceInstance& device, const GatewayPlan* gateway) {
  return static_cast<uint16_t>(device.config.destination.value_or(gateway ? gateway->short_address : 0));
}

net::ieee802154::MacConfig device_mac(const scenario::Scenario& s, const scenario::DeviceInstance& device,
                                      const GatewayPlan* gateway, uint16_t short_address) {
  const scenario::DeviceConfig& c = device.config;
  const scenario::Wireless& w = s.network.wireless;
  net::ieee802154::MacConfig mac;
  mac.name = device.id;
  mac.seed = s.meta.seed;
  mac.radio_channel = static_cast<int>(c.channel.value_or(gateway ? gateway->channel : w.channel));
  mac.pan_id = static_cast<uint16_t>(c.pan_id.value_or(gateway ? gateway->pan_id : kDefaultPan));
  mac.short_address = short_address;
  mac.tx_power_dbm = tx_power(s, c);
  mac.min_be = static_cast<int>(c.min_be.value_or(mac.min_be));
  mac.max_be = static_cast<int>(c.max_be.value_or(std::max(mac.max_be, mac.min_be)));
  mac.max_csma_backoffs = static_cast<int>(c.max_csma_backoffs.value_or(mac.max_csma_backoffs));
  mac.max_frame_retries = static_cast<int>(c.max_frame_retries.value_or(mac.max_frame_retries));
  mac.cca_mode = cca_mode(w);
  if (w.cca_threshold_dbm) mac.cca_threshold_dbm = *w.cca_threshold_dbm;
  mac.rx_on_when_idle = c.rx_on_when_idle.value_or(false);
  return mac;
}

nodes::ModelNode::Config model_config(const scenario::Scenario& s, const scenario::DeviceInstance& device,
                                      const ModelGroup& group, const GatewayPlan* gateway,
                                      uint16_t short_address, ml::VibrationSignal* truth) {
  const scenario::DeviceConfig& c = device.config;
  const scenario::Device& d = s.devices[device.group];
  nodes::ModelNode::Config m;
  m.mac = device_mac(s, device, gateway, short_address);
  m.destination = destination_of(device, gateway);
  m.ack_request = c.ack.value_or(true);
  m.interval = group.interval;
  m.jitter = c.jitter.value_or(Duration());
  m.reports = c.report_count.value_or(-1);
  m.window = group.window;
  m.compute = group.kind == ModelKind::vibration_sensor ? kCompute : Duration();
  m.samples_per_s = static_cast<double>(group.sample_rate_hz);
  m.first = c.phase.value_or(group.window + m.compute +
                             Duration::seconds(RandomStream(s.meta.seed, device.id, "model.phase").uniform() *
                                               group.interval.count_s()));
  m.currents = group.currents;
  if (d.battery) m.battery_c = d.battery->capacity_c * d.battery->initial;
  if (group.kind == ModelKind::vibration_sensor) {
    m.payload = std::make_unique<nodes::VibrationPayload>(group.library, *truth, s.meta.seed, device.id);
  } else {
    m.payload =
        std::make_unique<nodes::PlainPayload>(static_cast<size_t>(c.packet_size.value_or(kDefaultPacket)));
  }
  return m;
}

}  // namespace xedgesim::system
