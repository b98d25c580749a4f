#include "nodes/report.h"

#include <algorithm>

#include "nodes/codes.h"

namespace xedgesim::nodes {
namespace {

constexpr uint8_t kReportVersion = 1;
constexpr size_t kFragmentHead = 8, kFragmentData = 96;

uint16_t u16(std::span<const uint8_t> p, size_t i) { return static_cast<uint16_t>(p[i] | p[i + 1] << 8); }

}  // namespace

std::optional<VibrationReport> VibrationReport::decode(std::span<const uint8_t> p) {
  if (p.size() != kBytes || p[0] != kReportVersion) return std::nullopt;
  VibrationReport r;
  r.flags = p[1];
  r.sequence = u16(p, 2);
  r.window_end_ms = static_cast<uint32_t>(u16(p, 4)) | static_cast<uint32_t>(u16(p, 6)) << 16;
  r.battery_mv = u16(p, 8);
  r.previous_retries = p[10];
  for (size_t i = 0; i < kFeatures; ++i)
    r.features[i] = static_cast<float>(static_cast<int16_t>(u16(p, 12 + 2 * i))) / 256.0f;
  return r;
}

std::vector<uint8_t> VibrationReport::encode(std::span<const int16_t, kFeatures> q8) const {
  std::vector<uint8_t> out{kReportVersion, flags};
  const auto put = [&](uint32_t v) {
    out.push_back(static_cast<uint8_t>(v));
    out.push_back(static_cast<uint8_t>(v >> 8));
  };
  out.reserve(kBytes);
  put(sequence);
  put(window_end_ms);
  put(window_end_ms >> 16);
  put(battery_mv);
  out.push_back(previous_retries);
  out.push_back(0);
  for (int16_t f : q8) put(static_cast<uint16_t>(f));
  return out;
}

std::optional<DeviceVerdict> DeviceVerdict::decode(std::span<const uint8_t> p) {
  constexpr size_t kHead = 16;
  if (p.size() < kHead || p[0] != kReportVersion) return std::nullopt;
  const size_t classes = p[13];
  if (classes == 0 || p.size() != kHead + 2 * classes || p[12] >= classes) return std::nullopt;
  DeviceVerdict v{.sequence = u16(p, 2), .battery_mv = u16(p, 8), .predicted = p[12], .scores = {}};
  for (size_t i = 0; i < classes; ++i)
    v.scores.push_back(static_cast<float>(static_cast<int16_t>(u16(p, kHead + 2 * i))) / 256.0f);
  return v;
}

std::optional<TensorFragment> TensorFragment::decode(std::span<const uint8_t> p) {
  if (p.size() <= kFragmentHead || p[0] != kReportVersion) return std::nullopt;
  TensorFragment f{.sequence = u16(p, 2), .index = p[4], .count = p[5], .total = u16(p, 6), .data = p.subspan(kFragmentHead)};
  const size_t first = static_cast<size_t>(f.index) * kFragmentData;
  if (f.index >= f.count || static_cast<size_t>(f.count) != (f.total + kFragmentData - 1) / kFragmentData)
    return std::nullopt;
  if (f.data.size() != std::min(kFragmentData, f.total - first)) return std::nullopt;
  return f;
}

std::optional<uint16_t> sequence_of(int64_t port, std::span<const uint8_t> payload) {
  if (port == port::kReport || port == port::kCloudReport) {
    const auto r = VibrationReport::decode(payload);
    return r ? std::optional(r->sequence) : std::nullopt;
  }
  if (port == port::kVerdict) {
    const auto v = DeviceVerdict::decode(payload);
    return v ? std::optional(v->sequence) : std::nullopt;
  }
  if (port == port::kFragment) {
    const auto f = TensorFragment::decode(payload);
    return f ? std::optional(f->sequence) : std::nullopt;
  }
  return std::nullopt;
}

bool completes_sample(int64_t port, std::span<const uint8_t> payload) {
  if (port != port::kFragment) return true;
  const auto f = TensorFragment::decode(payload);
  return f && f->last();
}

std::vector<uint8_t> ReturnedVerdict::encode() const {
  return {static_cast<uint8_t>(sequence), static_cast<uint8_t>(sequence >> 8), static_cast<uint8_t>(predicted), 0};
}

std::optional<ReturnedVerdict> ReturnedVerdict::decode(std::span<const uint8_t> p) {
  if (p.size() != kBytes) return std::nullopt;
  return ReturnedVerdict{.sequence = u16(p, 0), .predicted = p[2]};
}

}  // namespace xedgesim::nodes
