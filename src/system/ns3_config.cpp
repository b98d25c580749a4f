#include "system/ns3_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace xedgesim::system {
namespace {

using nlohmann::json;
constexpr double kBandFrequency = 2.44e9,
                 kAntennaHeight = 1.5;  // as net::FreeSpace and net::TwoRay have them

std::vector<std::string> backend(const scenario::Ns3Process& process) {
  if (!process.command.empty()) return process.command;
  std::error_code ec;
  const auto built = std::filesystem::read_symlink("/proc/self/exe", ec).parent_path() / "xedgesim-ns3";
  if (!std::filesystem::exists(built, ec))
    throw ConfigError(
        "network.type: ns3 needs the ns-3 back end, which was not built: run scripts/setup --with ns3 "
        "(Debian 12) and "
        "scripts/build again, or use type: native");
  return {built.string()};
}

json path_loss_of(const scenario::Wireless& w, const std::vector<RadioStation>& stations,
                  const net::PathLoss& loss) {
  using M = scenario::Wireless::ChannelModel;
  switch (w.channel_model) {
    case M::log_distance:
      return {{"model", "log_distance"},
              {"exponent", w.path_loss_exponent},
              {"reference_distance_m", w.reference_distance_m},
              {"reference_loss_db", w.reference_loss_db}};
    case M::free_space:
      return {{"model", "free_space"}, {"frequency_hz", kBandFrequency}};
    case M::two_ray:
      return {{"model", "two_ray"}, {"frequency_hz", kBandFrequency}, {"height_above_z_m", 0}};
    case M::range:
      return {{"model", "range"}, {"max_range_m", w.max_range_m}};
    case M::matrix:
      break;
  }
  json pairs = json::array();
  for (size_t i = 0; i < stations.size(); ++i)
    for (size_t k = 0; k < stations.size(); ++k) {
      const double db =
          i == k ? INFINITY : loss.loss_db(stations[i].station.station, stations[k].station.station);
      if (std::isfinite(db)) pairs.push_back({i, k, db});
    }
  return {{"model", "matrix"}, {"pairs", std::move(pairs)}};
}

json station_json(const RadioStation& radio, const scenario::Scenario& s) {
  const air::Station& at = radio.station.station;
  const bool two_ray = s.network.wireless.channel_model == scenario::Wireless::ChannelModel::two_ray;
  const auto height = [&](double z) { return two_ray && z <= 0 ? kAntennaHeight : z; };
  json out = {
      {"name", radio.station.name},
      {"x_m", at.x_m},
      {"y_m", at.y_m},
      {"z_m", height(at.z_m)},
      {"antenna_gain_db", at.antenna_gain_db},
      {"channel", radio.channel},
      // By name, so that another node shifts nobody's draws; the back end counts on when it renews a PHY.
      {"stream", static_cast<int64_t>(RandomStream(0, radio.station.name, "ns3.phy").next64() >> 16 << 8)}};
  for (const net::WayPoint& p : radio.station.way)
    out["waypoints"].push_back({p.time.count_ns(), p.x_m, p.y_m, height(p.z_m)});
  return out;
}

}  // namespace

nodes::Ns3Medium::Config ns3_medium(const scenario::Scenario& s, sim::ParticipantId self,
                                    std::vector<RadioStation> stations, const net::PathLoss& loss) {
  std::sort(stations.begin(), stations.end(),
            [](const auto& a, const auto& b) { return a.station.station.id < b.station.station.id; });
  nodes::Ns3Medium::Config config;
  config.id = self;
  json list = json::array();
  for (const RadioStation& r : stations) {
    config.stations.push_back({.id = r.station.station.id, .name = r.station.name, .channel = r.channel});
    list.push_back(station_json(r, s));
  }
  config.peer.command = backend(s.network.ns3);
  config.peer.timeout = s.network.ns3.timeout;
  config.peer.stations = stations.size();
  config.peer.init = {{"seed", s.meta.seed},
                      {"noise_figure_db", s.network.wireless.noise_figure_db.value_or(0)},
                      {"path_loss", path_loss_of(s.network.wireless, stations, loss)},
                      {"stations", std::move(list)}};
  return config;
}

}  // namespace xedgesim::system
