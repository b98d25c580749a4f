#pragma once
#include <memory>
#include <optional>
#include <span>

#include "ml/vibration.h"
#include "ml/vibration_library.h"
#include "sim/event.h"

namespace xedgesim::nodes {

/// What a behavioural node knows when it fills a report.
struct ReportContext {
  uint32_t sequence = 0;  ///< of the run, from 0
  SimTime begin{}, end{};  ///< of the sampling window
  uint16_t battery_mv = 3000;
  uint8_t previous_retries = 0;
  bool previous_undelivered = false;
};

/// The payload of a behavioural node's frames.
class ReportPayload {
 public:
  virtual ~ReportPayload() = default;
  virtual sim::Bytes fill(const ReportContext& report) = 0;
};

/// `bytes` bytes (at least 4): the number of the report, big-endian, then zeros. Not MQTT-SN.
class PlainPayload final : public ReportPayload {
 public:
  explicit PlainPayload(size_t bytes) : bytes_(bytes) {}
  sim::Bytes fill(const ReportContext& report) override;

 private:
  size_t bytes_;
};

/// The number in such a payload; none when it is too short.
std::optional<uint32_t> plain_sequence(std::span<const uint8_t> payload);

/// What vib_sensor sends: an MQTT-SN PUBLISH to topic 1 with a VibrationReport. The features are those of a
/// window of the library with the same state of the bearing as the node's own signal has, not of the signal
/// itself.
class VibrationPayload final : public ReportPayload {
 public:
  /// `truth` outlives it.
  VibrationPayload(std::shared_ptr<const ml::VibrationLibrary> library, ml::VibrationSignal& truth,
                   uint64_t seed, std::string_view node)
      : library_(std::move(library)), truth_(truth), random_(seed, node, "model.features") {}
  sim::Bytes fill(const ReportContext& report) override;

 private:
  std::shared_ptr<const ml::VibrationLibrary> library_;
  ml::VibrationSignal& truth_;
  RandomStream random_;
};

}  // namespace xedgesim::nodes
