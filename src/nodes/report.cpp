#include "nodes/report.h"

namespace xedgesim::nodes {

std::optional<VibrationReport> VibrationReport::decode(std::span<const uint8_t> p) {
  constexpr uint8_t kVersion = 1;
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

}  // namespace xedgesim::nodes
