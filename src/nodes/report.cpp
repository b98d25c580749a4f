#include "nodes/report.h"

namespace xedgesim::nodes {
namespace {
constexpr uint8_t kVersion = 1;
}

std::optional<VibrationReport> VibrationReport::decode(std::span<const uint8_t> p) {
  if (p.size() != kBytes || p[0] != kVersion) return std::nullopt;
  const auto u16 = [&](size_t i) { return static_cast<uint16_t>(p[i] | p[i + 1] << 8); };
  VibrationReport r;
  r.flags = p[1];
  r.sequence = u16(2);
  r.window_end_ms = static_cast<uint32_t>(u16(4)) | static_cast<uint32_t>(u16(6)) << 16;
  r.battery_mv = u16(8);
  r.previous_retries = p[10];
  for (size_t i = 0; i < kFeatures; ++i)
    r.features[i] = static_cast<float>(static_cast<int16_t>(u16(12 + 2 * i))) / 256.0f;
  return r;
}

std::vector<uint8_t> VibrationReport::encode(std::span<const int16_t, kFeatures> q8) const {
  std::vector<uint8_t> out{kVersion, flags};
  const auto u16 = [&](uint32_t v) {
    out.push_back(static_cast<uint8_t>(v));
    out.push_back(static_cast<uint8_t>(v >> 8));
  };
  out.reserve(kBytes);
  u16(sequence);
  u16(window_end_ms);
  u16(window_end_ms >> 16);
  u16(battery_mv);
  out.push_back(previous_retries);
  out.push_back(0);
  for (int16_t f : q8) u16(static_cast<uint16_t>(f));
  return out;
}

}  // namespace xedgesim::nodes
