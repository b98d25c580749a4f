#include "devices/params.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "base/error.h"

namespace xedgesim::devices {

uint32_t DeviceParams::number(const std::string& key, uint32_t fallback) const {
  const auto it = params.find(key);
  if (it == params.end()) return fallback;
  std::string_view text = it->second;
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  uint32_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw ConfigError(
        fmt::format("device {}: {} is '{}': write a whole number such as 4 or 0x10", name, key, it->second));
  }
  return v;
}

bool DeviceParams::flag(const std::string& key, bool fallback) const {
  const auto it = params.find(key);
  if (it == params.end()) return fallback;
  if (it->second == "true") return true;
  if (it->second == "false") return false;
  throw ConfigError(fmt::format("device {}: {} is '{}': write true or false", name, key, it->second));
}

double amperes_of(const Currents& currents, std::string_view consumer) {
  const auto it = currents.find(consumer);
  return it == currents.end() ? 0.0 : it->second;
}

double transmit_amperes(const Currents& currents, double dbm) {
  constexpr std::string_view kPrefix = "radio_tx.";
  double best = 0, best_dbm = 1e9, strongest = 0, strongest_dbm = -1e9;
  for (auto it = currents.lower_bound(kPrefix); it != currents.end() && it->first.starts_with(kPrefix);
       ++it) {
    const double listed = std::atoi(it->first.c_str() + kPrefix.size());
    if (listed >= dbm && listed < best_dbm) {
      best_dbm = listed;
      best = it->second;
    }
    if (listed > strongest_dbm) {
      strongest_dbm = listed;
      strongest = it->second;
    }
  }
  return best_dbm < 1e9 ? best : strongest;
}

}  // namespace xedgesim::devices
