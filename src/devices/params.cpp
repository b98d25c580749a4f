#include "devices/params.h"

#include <fmt/format.h>

#include <charconv>

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

}  // namespace xedgesim::devices
