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

/// The verdict of a model on the device (firmware/common/verdict.h, topic 16).
struct DeviceVerdict {
  uint16_t sequence = 0;
  uint16_t battery_mv = 0;
  int predicted = 0;
  std::vector<float> scores;  ///< one a class, from Q8.8
  static std::optional<DeviceVerdict> decode(std::span<const uint8_t> payload);
};

/// A piece of the tensor between the device's and the service's part of a model (topic 17).
struct TensorFragment {
  uint16_t sequence = 0;
  int index = 0, count = 1;
  size_t total = 0;                 ///< bytes of the whole tensor
  std::span<const uint8_t> data{};  ///< into the payload
  bool last() const { return index + 1 == count; }
  static std::optional<TensorFragment> decode(std::span<const uint8_t> payload);
};

/// Number of the report that a message on `port` belongs to; none when it is none of the device's kinds.
std::optional<uint16_t> sequence_of(int64_t port, std::span<const uint8_t> payload);
/// The message is all of a sample, or the last piece of it.
bool completes_sample(int64_t port, std::span<const uint8_t> payload);

/// What a service answers to a device (topic 19).
struct ReturnedVerdict {
  static constexpr size_t kBytes = 4;
  uint16_t sequence = 0;
  int predicted = 0;
  std::vector<uint8_t> encode() const;
  static std::optional<ReturnedVerdict> decode(std::span<const uint8_t> payload);
};

}  // namespace xedgesim::nodes
