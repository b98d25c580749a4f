#include "nodes/cloud_service.h"

#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "nodes/report.h"

namespace xedgesim::nodes {
namespace {

// Codes of the service's timers; with kTensor what is classified is an intermediate tensor, else a report.
constexpr uint32_t kStore = 0, kClassify = 1, kTell = 2, kTensor = 4;

/// What a device wants classified.
struct Question {
  std::vector<float> values;
  uint16_t sequence = 0, battery_mv = 0;
};

std::optional<Question> question_in(const sim::Event& e) {
  Question q;
  if ((e.code & kTensor) == 0) {
    const auto report = VibrationReport::decode(*e.data);
    if (!report) return std::nullopt;
    q.values.assign(report->features.begin(), report->features.end());
    q.sequence = report->sequence;
    q.battery_mv = report->battery_mv;
    return q;
  }
  const sim::Bytes& bytes = *e.data;
  if (bytes.size() < 3) return std::nullopt;
  q.sequence = static_cast<uint16_t>(bytes[0] | bytes[1] << 8);
  for (size_t i = 2; i < bytes.size(); ++i)
    q.values.push_back(static_cast<float>(static_cast<int8_t>(bytes[i])));
  return q;
}

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
    } else if ((e.code & ~kTensor) == kClassify) {
      classify_question(e, context);
    } else if ((e.code & ~kTensor) == kTell) {
      const auto scores = waiting_.extract(e.args[0]);
      tell_verdict(e, scores.mapped(), context);
    } else {
      store(e, context);
    }
    return;
  }
  const net::Message m = net::to_message(e);
  counters_.rx_bytes += static_cast<int64_t>(m.bytes->size());
  const bool is_tensor = m.port == port::kCloudTensor, is_question = is_tensor || m.port == port::kCloudReport;
  if (!up_) {
    ++counters_.failed;
    on_lost(m.tag, "cloud_down", is_question, context.now());
    return;
  }
  ++counters_.requests;
  Duration work = config_.service_time();
  if (is_question) {
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
                .code = is_tensor ? kClassify | kTensor : is_question ? kClassify : kStore,
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

void CloudService::classify_question(const sim::Event& e, sim::EventContext& context) {
  const int64_t tag = e.args[0];
  const auto question = question_in(e);
  const ServiceModel& model = *config_.model(tag);
  std::vector<float> scores;
  try {
    if (question) scores = model.infer(question->values, context.now());
  } catch (const ConfigError&) {
    if ((e.code & kTensor) == 0) throw;
    // The device sent something that the model does not take, such as a tensor of another model.
  }
  if (scores.empty()) {
    ++counters_.failed;
    on_lost(tag, question ? "not_for_this_model" : "not_a_report", true, context.now());
    return;
  }
  const Duration wait = model.waited ? model.waited() : Duration();
  if (wait <= Duration()) return tell_verdict(e, scores, context);
  counters_.processing += wait;
  waiting_[tag] = std::move(scores);
  sim::Event later = e;
  later.time = context.now() + wait;
  later.code = kTell | (e.code & kTensor);
  context.post(std::move(later));
}

void CloudService::tell_verdict(const sim::Event& e, const std::vector<float>& scores,
                                sim::EventContext& context) {
  const int64_t tag = e.args[0];
  const auto question = question_in(e);
  Classification result = classify(scores);
  result.tag = tag;
  result.arrived = result.begun = SimTime::from_ns(e.args[3]);
  result.ended = context.now();
  on_result(result);
  if (config_.wants_return && config_.wants_return(tag)) {
    const auto bytes = ReturnedVerdict{.sequence = question->sequence, .predicted = result.predicted}.encode();
    send(port::kReturn, tag, static_cast<sim::ParticipantId>(e.args[2]), {bytes.begin(), bytes.end()}, context);
  }
  const std::string text = result_text(config_.device_name(tag), question->sequence, config_.classes, result.predicted,
                                       result.confidence(), question->battery_mv);
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
