#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace xedgesim::nodes {

/// What vib_sensor publishes (firmware/common/report.h): 44 bytes, little-endian.
struct VibrationReport {
  static constexpr size_t kBytes = 44;
  static constexpr size_t kFeatures = 16;
  uint8_t flags = 0;
  uint16_t sequence = 0;       ///< window number since boot, modulo 65536
  uint32_t window_end_ms = 0;  ///< device time
  uint16_t battery_mv = 0;
  uint8_t previous_retries = 0;             ///< transmissions of the previous report beyond the first
  std::array<float, kFeatures> features{};  ///< from Q8.8

  /// Of `flags`.
  static constexpr uint8_t kFirst = 1, kPreviousUndelivered = 8;

  /// The bytes of this report with `features` in Q8.8.
  std::vector<uint8_t> encode(std::span<const int16_t, kFeatures> features) const;
  /// None unless the payload has the size and version of a report.
  static std::optional<VibrationReport> decode(std::span<const uint8_t> payload);
};

}  // namespace xedgesim::nodes
