#include "system/radio_config.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <set>

#include "base/error.h"
#include "net/ieee802154/csma_mac.h"

namespace xedgesim::system {
namespace {

/// network.wireless.loss_matrix: lines from,to,loss_db. A pair that is given in one direction holds in both.
std::unique_ptr<net::PathLoss> loss_matrix(const scenario::FilePath& file, const RadioByName& id) {
  std::ifstream in(file.resolved);
  if (!in)
    throw ConfigError(fmt::format("network.wireless.loss_matrix: cannot read '{}'", file.resolved.string()));
  auto matrix = std::make_unique<net::LossMatrix>();
  std::set<std::pair<sim::ParticipantId, sim::ParticipantId>> given;
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#' || line == "from,to,loss_db") continue;
    const auto wrong = [&](const std::string& what) {
      return ConfigError(fmt::format("{}:{}: {}", file.resolved.string(), number, what));
    };
    const size_t a = line.find(','), b = a == std::string::npos ? a : line.find(',', a + 1);
    double db = 0;
    const char* end = line.data() + line.size();
    const auto read =
        b == std::string::npos ? std::from_chars_result{} : std::from_chars(line.data() + b + 1, end, db);
    if (read.ptr != end || read.ec != std::errc{} || !std::isfinite(db) || std::abs(db) > 300)
      throw wrong("expected from,to,loss_db with a loss of at most 300 dB, such as node_1,gateway,72.5");
    const auto from = id(line.substr(0, a)), to = id(line.substr(a + 1, b - a - 1));
    if (!from || !to)
      throw wrong(
          fmt::format("there is no radio named '{}'", line.substr(!from ? 0 : a + 1, !from ? a : b - a - 1)));
    if (!given.emplace(*from, *to).second) throw wrong("this pair has a loss already: remove one line");
    matrix->set(*from, *to, db, true);
    if (!given.contains({*to, *from})) matrix->set(*to, *from, db, true);
  }
  return matrix;
}

}  // namespace

std::unique_ptr<net::PathLoss> path_loss(const scenario::Wireless& w, const RadioByName& radio) {
  switch (w.channel_model) {
    case scenario::Wireless::ChannelModel::log_distance:
      return std::make_unique<net::LogDistance>(w.path_loss_exponent, w.reference_distance_m,
                                                w.reference_loss_db);
    case scenario::Wireless::ChannelModel::free_space:
      return std::make_unique<net::FreeSpace>();
    case scenario::Wireless::ChannelModel::two_ray:
      return std::make_unique<net::TwoRay>();
    case scenario::Wireless::ChannelModel::range:
      return std::make_unique<net::RangeLoss>(w.max_range_m);
    case scenario::Wireless::ChannelModel::matrix:
      break;
  }
  return loss_matrix(w.loss_matrix, radio);
}

net::Variation variation(const scenario::Wireless& w) {
  using From = scenario::Wireless::Fading;
  using To = net::Variation::Fading;
  return {.shadowing_db = w.shadowing_db,
          .fading = w.fading == From::none       ? To::none
                    : w.fading == From::rayleigh ? To::rayleigh
                                                 : To::rician,
          .rician_k_db = w.fading_k_db,
          .coherence = w.fading_coherence};
}

/// The way of a device in the coordinates of the site.
std::vector<net::WayPoint> way_of(const scenario::Device& group, const scenario::Position& at) {
  std::vector<net::WayPoint> way;
  for (const scenario::Waypoint& p : group.waypoints)
    way.push_back({.time = SimTime::at(p.time),
                   .x_m = at.x_m + p.position.x_m,
                   .y_m = at.y_m + p.position.y_m,
                   .z_m = at.z_m + p.position.z_m});
  return way;
}

net::InterfererConfig interferer_config(const scenario::Interferer& i, const scenario::Wireless& w) {
  using T = scenario::Interferer::Type;
  using S = net::InterfererConfig::Shape;
  net::InterfererConfig c;
  c.name = i.id;
  c.shape = i.type == T::wifi ? S::wifi : i.type == T::microwave ? S::periodic : S::constant;
  std::vector<int64_t> channels = i.channels;
  if (channels.empty() && i.type == T::jammer)
    for (int64_t k = 11; k <= 26; ++k) channels.push_back(k);
  if (channels.empty()) channels.push_back(w.channel);
  for (const int64_t k : channels)
    c.frequencies_mhz.push_back(net::ieee802154::frequency_mhz(static_cast<int>(k)));
  c.power_dbm = i.power_dbm;
  c.duty_cycle = i.duty_cycle;
  c.period = i.period;
  c.start = SimTime::at(i.start);
  if (i.stop) c.stop = SimTime::at(*i.stop);
  return c;
}

}  // namespace xedgesim::system
