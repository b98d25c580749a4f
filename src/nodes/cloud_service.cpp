#include "nodes/cloud_service.h"

#include <fmt/format.h>

#include "nodes/report.h"

namespace xedgesim::nodes {
namespace {

constexpr uint32_t kStore = 0, kClassify = 1, kTell = 2;  // codes of the service's timers

}  // namespace

void CloudService::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::control && static_cast<ControlCode>(e.code) == ControlCode::slow) {
    slowness_ = e.args[0];
    return;
  }
  if (e.kind == sim::EventKind::control) {
    up_ = static_cast<ControlCode>(e.code) != ControlCode::fail;
    if (!up_) {
      ++epoch_;
      waiting_.clear();
    }
    return;
  }
  if (e.kind == sim::EventKind::timer) {
    if (e.args[1] != epoch_) {
      ++counters_.failed;
      on_lost(e.args[0], "cloud_down", e.code != kStore, context.now());
    } else if (e.code == kClassify) {
      classify_report(e, context);
    } else if (e.code == kTell) {
      const auto scores = waiting_.extract(e.args[0]);
      tell_verdict(e, scores.mapped(), context);
    } else {
      store(e, context);
    }
    return;
  }
  const net::Message m = net::to_message(e);
  counters_.rx_bytes += static_cast<int64_t>(m.bytes->size());
  const bool is_report = m.port == port::kCloudReport;
  if (!up_) {
    ++counters_.failed;
    on_lost(m.tag, "cloud_down", is_report, context.now());
    return;
  }
  ++counters_.requests;
  Duration work = config_.service_time();
  if (is_report) {
    on_report(m.tag, context.now());
    const ServiceModel* model = config_.model ? config_.model(m.tag) : nullptr;
    if (!model) {
      ++counters_.failed;
      on_lost(m.tag, "no_model", true, context.now());
      return;
    }
    work = model->time();
  }
  work = slowed(work, slowness_);
  counters_.processing += work;
  context.post({.time = context.now() + work,
                .kind = sim::EventKind::timer,
                .target = config_.self,
                .code = is_report ? kClassify : kStore,
                .args = {m.tag, epoch_, static_cast<int64_t>(m.from), context.now().count_ns()},
                .data = m.bytes});
}

void CloudService::send(int64_t port, int64_t tag, sim::ParticipantId edge, sim::Bytes bytes,
                        sim::EventContext& context) {
  counters_.tx_bytes += static_cast<int64_t>(bytes.size());
  const net::Message out{.from = config_.self,
                         .to = edge,
                         .port = port,
                         .tag = tag,
                         .bytes = std::make_shared<sim::Bytes>(std::move(bytes))};
  context.post(net::to_event(out, context.now(), config_.downlink,
                             config_.direct ? sim::EventKind::delivery : sim::EventKind::state));
}

void CloudService::classify_report(const sim::Event& e, sim::EventContext& context) {
  const int64_t tag = e.args[0];
  const auto report = VibrationReport::decode(*e.data);
  const ServiceModel& model = *config_.model(tag);
  std::vector<float> scores;
  if (report) scores = model.infer(report->features, context.now());
  if (scores.empty()) {
    ++counters_.failed;
    on_lost(tag, "not_a_report", true, context.now());
    return;
  }
  const Duration wait = model.waited ? model.waited() : Duration();
  if (wait <= Duration()) return tell_verdict(e, scores, context);
  counters_.processing += wait;
  waiting_[tag] = std::move(scores);
  sim::Event later = e;
  later.time = context.now() + wait;
  later.code = kTell;
  context.post(std::move(later));
}

void CloudService::tell_verdict(const sim::Event& e, const std::vector<float>& scores,
                                sim::EventContext& context) {
  const int64_t tag = e.args[0];
  const auto report = VibrationReport::decode(*e.data);
  Classification result = classify(scores);
  result.tag = tag;
  result.arrived = result.begun = SimTime::from_ns(e.args[3]);
  result.ended = context.now();
  on_result(result);
  if (config_.wants_return && config_.wants_return(tag)) {
    const auto bytes = ReturnedVerdict{.sequence = report->sequence, .predicted = result.predicted}.encode();
    send(port::kReturn, tag, static_cast<sim::ParticipantId>(e.args[2]), {bytes.begin(), bytes.end()}, context);
  }
  const std::string text = result_text(config_.device_name(tag), report->sequence, config_.classes, result.predicted,
                                       result.confidence(), report->battery_mv);
  sim::Event stored = e;
  stored.data = std::make_shared<sim::Bytes>(text.begin(), text.end());
  store(stored, context);
}

void CloudService::store(const sim::Event& e, sim::EventContext& context) {
  ++counters_.stored;
  on_stored(e.args[0], {reinterpret_cast<const char*>(e.data->data()), e.data->size()}, context.now());
  const std::string text = fmt::format(R"({{"stored":{}}})", counters_.stored);
  ++counters_.answers;
  send(port::kAnswer, e.args[0], static_cast<sim::ParticipantId>(e.args[2]), {text.begin(), text.end()}, context);
}

}  // namespace xedgesim::nodes
