#include "nodes/report_payload.h"

#include <algorithm>

#include "net/mqttsn/codec.h"
#include "nodes/codes.h"
#include "nodes/report.h"

namespace xedgesim::nodes {

sim::Bytes PlainPayload::fill(const ReportContext& report) {
  sim::Bytes out(std::max<size_t>(bytes_, 4));
  for (size_t i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(report.sequence >> (24 - 8 * i));
  return out;
}

std::optional<uint32_t> plain_sequence(std::span<const uint8_t> p) {
  if (p.size() < 4) return std::nullopt;
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}

sim::Bytes VibrationPayload::fill(const ReportContext& report) {
  VibrationReport r;
  r.flags = static_cast<uint8_t>((report.sequence == 0 ? VibrationReport::kFirst : 0) |
                                 (report.previous_undelivered ? VibrationReport::kPreviousUndelivered : 0));
  r.sequence = static_cast<uint16_t>(report.sequence);
  r.window_end_ms = static_cast<uint32_t>(report.end.since_start().count_ns() / 1'000'000);
  r.battery_mv = report.battery_mv;
  r.previous_retries = report.previous_retries;
  const SimTime begin = std::min(report.begin, report.end - Duration::ns(1));
  const auto features =
      library_->window(truth_.label_of_window(std::max(begin, SimTime::zero()), report.end).label, random_());
  return net::mqttsn::encode(net::mqttsn::Publish{.qos = -1,
                                                  .topic_type = net::mqttsn::TopicIdType::predefined,
                                                  .topic_id = static_cast<uint16_t>(port::kReport),
                                                  .data = r.encode(features)});
}

}  // namespace xedgesim::nodes
