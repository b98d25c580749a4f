#include <algorithm>
#include <set>

#include "scenario/check.h"
#include "scenario/codecs.h"

namespace xedgesim::scenario {
namespace {

void check_type(Check& check, const Device& d, const std::string& path) {
  if (check.wrong(path + ".type") || check.wrong(path + ".kind")) return;
  if (d.emulated()) {
    if (d.platform.empty())
      check.error(path, "a device that runs firmware needs 'platform': name a board such as nrf52840dk");
    if (!d.firmware && !check.given(path + ".firmware"))
      check.error(path,
                  "a device of type mcu needs 'firmware': name an ELF or HEX file, or write type: model");
    if (check.given(path + ".model")) check.warning(path + ".model", "a device of type mcu does not use it");
  } else if (d.in_renode()) {
    if (!d.firmware && !check.given(path + ".firmware"))
      check.error(path, "a device of type renode needs 'firmware': name an ELF file");
    if (d.platform.empty() && d.renode->platform.empty())
      check.error(path, "a device in Renode needs 'platform', or 'renode.platform' with a .repl file");
  } else if (d.firmware) {
    check.warning(path + ".firmware", "only a device of type mcu runs firmware");
  }
  if (check.given(path + ".renode") && d.type != Device::Type::renode)
    check.error(path + ".renode", "only a device of type renode runs in Renode: write type: renode");
  if (!d.command.empty() && d.type != Device::Type::external)
    check.warning(path + ".command", "only a device of type external starts a program");
}

void check_platform(Check& check, const Device& d, const std::string& path) {
  if (d.platform.empty()) return;
  if (!d.platform_file.empty()) {
    check_exists(d.platform_file, check.place(path + ".platform"), Path(path + ".platform"), check.context());
    return;
  }
  const auto& known = check.context().options.platforms;
  if (!known || std::find(known->begin(), known->end(), d.platform) != known->end()) return;
  const std::string hint = did_you_mean(d.platform, *known);
  check.error(path + ".platform", "unknown platform '{}'{}", d.platform,
              hint.empty() ? " — known: " + name_list(*known) : hint);
}

void check_placement(Check& check, const Device& d, const std::string& path) {
  const Placement& p = d.placement;
  if (d.position) {
    if (d.count > 1)
      check.error(path + ".position", "one position cannot serve {} devices: use placement", d.count);
    if (check.given(path + ".placement") && !(p == Placement{}))
      check.error(path + ".position", "position and placement exclude each other: remove one");
  }
  const bool has_points = check.given(path + ".placement.positions");
  if (p.topology == Placement::Topology::positions) {
    if (!has_points) {
      check.error(path + ".placement",
                  "topology positions needs the key 'positions': a list of [x, y] or a CSV file");
    } else if (!p.positions.empty() && static_cast<int64_t>(p.positions.size()) < d.count) {
      check.error(path + ".placement.positions", "there are {} positions for {} devices: write one a device",
                  p.positions.size(), d.count);
    } else if (p.positions.empty() && p.positions_file.empty()) {
      check.error(path + ".placement.positions", "the list is empty: write one position a device");
    }
  } else if (has_points) {
    check.error(path + ".placement.positions",
                "positions are used with topology: positions alone: change the topology or remove them");
  }
}

void check_sensor(Check& check, const Device& d, size_t i, std::set<std::string>& pins,
                  const std::string& path) {
  const Sensor& s = d.sensors[i];
  using T = Sensor::Type;
  const auto needs = [&](bool there, const char* what) {
    if (!there) check.error(path, "this type of sensor needs the key '{}'", what);
  };
  if (!s.labels.empty() && s.type != T::frames)
    check.error(path + ".labels",
                "only sensors of type frames have labels: their windows are rows of a table");
  if (s.type == T::csv || s.type == T::wav || s.type == T::frames)
    needs(!s.file.empty() || check.given(path + ".file"), "file");
  if (s.type == T::constant) needs(s.value_v || check.given(path + ".value"), "value");
  if (s.type == T::sine) needs(s.frequency_hz || check.given(path + ".frequency"), "frequency");
  if (s.type == T::sine || s.type == T::noise)
    needs(s.amplitude_v || check.given(path + ".amplitude"), "amplitude");
  const std::string key = check.given(path + ".channel") ? path + ".channel"
                          : check.given(path + ".pin")   ? path + ".pin"
                                                         : path;
  const bool analogue = s.pin.size() == 4 && s.pin.rfind("AIN", 0) == 0 && s.pin[3] >= '0' && s.pin[3] <= '7';
  if (d.emulated() && !analogue) check.error(key, "'{}' is no analogue input: write AIN0 to AIN7", s.pin);
  if (!pins.insert(s.pin).second) check.error(key, "'{}' has a sensor already: use another input", s.pin);
}

void check_ml(Check& check, const Device& d, const std::string& path) {
  using P = MlPlacement;
  const std::string key = path + ".ml_placement";
  const bool edge = d.ml_placement == P::edge || d.ml_placement == P::hybrid || d.ml_placement == P::adaptive;
  if (edge && check.s.edge.empty())
    check.error(key, "inference at the edge needs an edge node: add one to the section 'edge'");
  const bool divided = d.ml_placement == P::hybrid || d.ml_placement == P::adaptive;
  const bool far = d.ml_remote == MlRemote::cloud;
  if (far && !divided) check.warning(path + ".ml_remote", "only ml_placement: hybrid and adaptive use it");
  if ((d.ml_placement == P::cloud || (far && divided)) && check.s.cloud.empty())
    check.error(key, "inference in the cloud needs a cloud node: add one to the section 'cloud'");
  if (d.ml_placement == P::hybrid && !d.ml_split)
    check.error(key, "hybrid placement needs 'ml_split': say which layers run where");
  if (!d.ml_split) return;
  if (d.ml_placement != P::hybrid) check.warning(path + ".ml_split", "only ml_placement: hybrid uses it");
  const MlSplit& split = *d.ml_split;
  if (split.device_layers.empty() || split.edge_layers.empty()) {
    check.error(path + ".ml_split",
                "device_layers and edge_layers both need a layer: for one place alone use ml_placement");
    return;
  }
  std::vector<int64_t> layers = split.device_layers;
  layers.insert(layers.end(), split.edge_layers.begin(), split.edge_layers.end());
  for (size_t i = 1; i < layers.size(); ++i) {
    if (layers[i] != layers[i - 1] + 1) {
      check.error(path + ".ml_split",
                  "layer {} follows layer {}: list the layers in order, first the device's, then the edge's",
                  layers[i], layers[i - 1]);
      return;
    }
  }
}

void check_config(Check& check, const Device& d, const std::string& path) {
  const DeviceConfig& c = d.config;
  if (c.min_be && c.max_be && *c.min_be > *c.max_be)
    check.error(path + ".config.min_be", "it is larger than max_be ({}): swap them", *c.max_be);
  if (c.short_address && *c.short_address + d.count - 1 > 0xfffd)
    check.error(path + ".config.short_address", "with {} devices the addresses go beyond 0xfffd: begin lower",
                d.count);
  if (c.gateway && std::none_of(check.s.network.gateways.begin(), check.s.network.gateways.end(),
                                [&](const Gateway& g) { return g.id == *c.gateway; }))
    check.error(path + ".config.gateway",
                "no entry of network.gateways is named '{}': add one or remove the key", *c.gateway);
  if (d.clock_drift_spread_ppm < 0)
    check.error(path + ".clock_drift_spread", "a spread is not negative: remove the sign");
}

/// It has something to report to a gateway, as far as a scenario can tell: firmware that samples nothing may
/// talk to its like.
bool reports(const Device& d) {
  return (d.type == Device::Type::model || !d.sensors.empty()) && !d.config.destination;
}

/// Samples that nobody can hear are lost without an error: said once for a missing gateway, and once for a
/// group on another channel or PAN than every gateway.
void check_listeners(Check& check) {
  const Scenario& s = check.s;
  const bool nobody = s.network.gateways.empty() && s.edge.empty();
  for (size_t i = 0; i < s.devices.size(); ++i) {
    const Device& d = s.devices[i];
    if (!reports(d)) continue;
    if (nobody)
      return check.warning(
          at("devices[{}]", i),
          "no gateway listens to the radio, so every sample of '{}' is lost: add network.gateways: "
          "[{{id: gateway}}], or an edge node with a model (edge: [{{id: edge0, ml_model: FILE.onnx}}])",
          d.id);
    const auto hears = [&](const std::string& id, int64_t channel, std::optional<int64_t> pan) {
      return (!d.config.gateway || *d.config.gateway == id) &&
             d.config.channel.value_or(channel) == channel &&
             (!d.config.pan_id || !pan || *d.config.pan_id == *pan);
    };
    bool heard =
        s.network.gateways.empty() && hears(d.config.gateway.value_or(""), s.network.wireless.channel, {});
    for (const Gateway& g : s.network.gateways)
      heard = heard || hears(g.id, g.channel.value_or(s.network.wireless.channel), g.pan_id);
    if (heard) continue;
    const std::string config = at("devices[{}].config.", i);
    const std::string key = config + (d.config.channel ? "channel" : "pan_id");
    check.warning(
        check.given(key) ? key : at("devices[{}]", i),
        "no gateway listens on this {}, so every sample of '{}' is lost: use a gateway's, or give a "
        "gateway this one",
        d.config.channel ? "channel" : "PAN", d.id);
  }
}

}  // namespace

void check_devices(Check& check) {
  check_listeners(check);
  for (size_t i = 0; i < check.s.devices.size(); ++i) {
    const Device& d = check.s.devices[i];
    const std::string path = at("devices[{}]", i);
    check_type(check, d, path);
    check_platform(check, d, path);
    check_placement(check, d, path);
    check_config(check, d, path);
    check_ml(check, d, path);
    std::set<std::string> pins;
    for (size_t k = 0; k < d.sensors.size() && check.given(path + ".sensors"); ++k)
      check_sensor(check, d, k, pins, at("{}.sensors[{}]", path, k));
    for (size_t k = 1; k < d.waypoints.size(); ++k)
      if (d.waypoints[k].time <= d.waypoints[k - 1].time)
        check.error(at("{}.waypoints[{}].time", path, k),
                    "it is not after the waypoint before: list them in order of time");
    if (d.battery && d.battery->cutoff_v >= d.battery->voltage_v)
      check.error(path + ".battery", "the cutoff ({}V) is not below the voltage ({}V): lower it",
                  d.battery->cutoff_v, d.battery->voltage_v);
  }
}

}  // namespace xedgesim::scenario
