#include "nodes/edge_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nodes/report.h"

namespace xedgesim::nodes {

EdgeService::EdgeService(Config config)
    : config_(std::move(config)), workers_(static_cast<size_t>(std::max(1, config_.parallel))) {}

int64_t EdgeService::memory_bytes() const {
  int64_t bytes = config_.model_bytes;
  for (const Request& r : queue_) bytes += static_cast<int64_t>(r.payload->size());
  return bytes;
}

void EdgeService::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.kind) {
    case sim::EventKind::control:
      if (static_cast<ControlCode>(e.code) == ControlCode::fail)
        fail(context);
      else
        up_ = true;
      break;
    case sim::EventKind::timer:
      if (e.args[1] == epoch_) finish(static_cast<size_t>(e.args[0]), context);
      break;
    default:
      accept(net::to_message(e), context);
      break;
  }
}

void EdgeService::accept(const net::Message& m, sim::EventContext& context) {
  counters_.rx_bytes += static_cast<int64_t>(m.bytes->size());
  if (!up_) {
    ++counters_.failed;
    if (m.port == port::kReport) on_lost(m.tag, "edge_down", context.now());
    return;
  }
  if (m.port == port::kAnswer) {
    on_answer(m.tag, context.now());
    return;
  }
  on_arrival(m.tag, context.now());
  if (m.port != port::kReport || !VibrationReport::decode(*m.bytes)) {
    ++counters_.failed;
    on_lost(m.tag, "not_a_report", context.now());
    return;
  }
  if (queue_.size() >= config_.queue_limit) {
    ++counters_.failed;
    on_lost(m.tag, "edge_queue_full", context.now());
    return;
  }
  queue_.push_back({.tag = m.tag, .payload = m.bytes, .arrived = context.now()});
  begin_next(context);
}

void EdgeService::begin_next(sim::EventContext& context) {
  while (!queue_.empty()) {
    const auto idle = std::find_if(workers_.begin(), workers_.end(), [](const Worker& w) { return !w.busy; });
    if (idle == workers_.end()) return;
    idle->busy = true;
    idle->request = std::move(queue_.front());
    idle->request.begun = context.now();
    queue_.pop_front();
    context.post({.time = context.now() + config_.compute_time(),
                  .kind = sim::EventKind::timer,
                  .target = config_.self,
                  .args = {idle - workers_.begin(), epoch_, 0, 0}});
  }
}

void EdgeService::finish(size_t index, sim::EventContext& context) {
  Worker& worker = workers_[index];
  worker.busy = false;
  const Request request = std::move(worker.request);
  const VibrationReport report = *VibrationReport::decode(*request.payload);
  const std::vector<float> logits = config_.infer(report.features);
  const auto best = std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float v : logits) sum += std::exp(static_cast<double>(v) - static_cast<double>(*best));
  const Result result{.tag = request.tag,
                      .predicted = static_cast<int>(best - logits.begin()),
                      .confidence = 1.0 / sum,
                      .arrived = request.arrived,
                      .begun = request.begun,
                      .ended = context.now()};
  ++counters_.processed;
  counters_.busy += result.ended - result.begun;
  counters_.processing += result.ended - result.arrived;
  on_result(result);
  if (config_.cloud != sim::kNobody) {
    const auto name = static_cast<size_t>(result.predicted) < config_.classes.size()
                          ? config_.classes[static_cast<size_t>(result.predicted)]
                          : fmt::format("class_{}", result.predicted);
    const std::string text = fmt::format(
        R"({{"device_id":"{}","sequence":{},"class":"{}","confidence":{:.3f},"battery_mv":{}}})",
        config_.device_name(result.tag), report.sequence, name, result.confidence, report.battery_mv);
    const net::Message out{.from = config_.self,
                           .to = config_.cloud,
                           .port = port::kResult,
                           .tag = result.tag,
                           .bytes = std::make_shared<sim::Bytes>(text.begin(), text.end())};
    counters_.tx_bytes += static_cast<int64_t>(text.size());
    context.post(
        net::to_event(out, context.now(), config_.uplink,
                      config_.uplink == config_.cloud ? sim::EventKind::delivery : sim::EventKind::state));
  }
  begin_next(context);
}

void EdgeService::fail(sim::EventContext& context) {
  up_ = false;
  ++epoch_;
  for (const Request& r : queue_) on_lost(r.tag, "edge_down", context.now());
  counters_.failed += static_cast<int64_t>(queue_.size());
  queue_.clear();
  for (Worker& w : workers_) {
    if (!w.busy) continue;
    w.busy = false;
    ++counters_.failed;
    on_lost(w.request.tag, "edge_down", context.now());
  }
}

}  // namespace xedgesim::nodes
