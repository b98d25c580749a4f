#include "nodes/edge_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "net/link/link.h"
#include "nodes/report.h"

namespace xedgesim::nodes {
namespace {

constexpr uint32_t kGiveUp = 0x710;  // timer; args: -, epoch, short address, sequence number

/// The payload of kCloudTensor.
sim::SharedBytes numbered(uint16_t number, const sim::Bytes& codes) {
  auto out = std::make_shared<sim::Bytes>();
  out->reserve(codes.size() + 2);
  out->push_back(static_cast<uint8_t>(number));
  out->push_back(static_cast<uint8_t>(number >> 8));
  out->insert(out->end(), codes.begin(), codes.end());
  return out;
}

}  // namespace

EdgeService::EdgeService(Config config)
    : config_(std::move(config)), workers_(static_cast<size_t>(std::max(1, config_.parallel))) {
  if (config_.remote) forwarder_.emplace(*config_.remote);
}

int64_t EdgeService::memory_bytes() const {
  int64_t bytes = config_.model_bytes;
  for (const Request& r : queue_) bytes += static_cast<int64_t>(r.payload->size());
  for (const auto& [device, a] : assemblies_) bytes += static_cast<int64_t>(a.bytes.size());
  return bytes;
}

void EdgeService::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.kind) {
    case sim::EventKind::control:
      if (static_cast<ControlCode>(e.code) == ControlCode::slow)
        slowness_ = e.args[0];
      else if (static_cast<ControlCode>(e.code) == ControlCode::fail)
        fail(context);
      else
        up_ = true;
      break;
    case sim::EventKind::timer:
      if (e.args[1] != epoch_) break;
      if (e.code == kGiveUp) {
        if (const auto it = asked_.find({static_cast<uint16_t>(e.args[2]), static_cast<uint16_t>(e.args[3])});
            it != asked_.end() && it->second.arrived + config_.patience <= context.now()) {
          lose(it->second.tag, "no_answer", context);
          asked_.erase(it);
        }
        break;
      }
      finish(static_cast<size_t>(e.args[0]), context);
      break;
    default:
      if (e.code == net::kFrameCode) return answered(e, context);
      if (e.code == net::kCarrierCode) return;
      accept(net::to_message(e), context);
      break;
  }
}

void EdgeService::lose(int64_t tag, std::string_view cause, sim::EventContext& context) {
  ++counters_.failed;
  on_lost(tag, cause, context.now());
}

void EdgeService::accept(const net::Message& m, sim::EventContext& context) {
  counters_.rx_bytes += static_cast<int64_t>(m.bytes->size());
  if (!up_) {
    ++counters_.failed;
    if (m.port != port::kAnswer && m.port != port::kReturn && completes_sample(m.port, *m.bytes))
      on_lost(m.tag, "edge_down", context.now());
    return;
  }
  if (m.port == port::kAnswer) {
    on_answer(m.tag, context.now());
    return;
  }
  if (m.port == port::kReturn) {  // the cloud's verdict
    const auto v = ReturnedVerdict::decode(*m.bytes);
    if (v) return_verdict(m.tag, v->sequence, v->predicted, context);
    return;
  }
  if (!sequence_of(m.port, *m.bytes)) {
    on_arrival(m.tag, context.now());
    lose(m.tag, "not_a_report", context);
    return;
  }
  if (m.port == port::kFragment)
    collect_fragment(m, context);
  else
    enqueue({.tag = m.tag, .port = m.port, .payload = m.bytes, .arrived = context.now()}, context);
}

void EdgeService::collect_fragment(const net::Message& m, sim::EventContext& context) {
  const TensorFragment f = *TensorFragment::decode(*m.bytes);
  Assembly& a = assemblies_[tag_device(m.tag)];
  if (f.index == 0) a = {.sequence = tag_sequence(m.tag), .next = 0, .bytes = {}};
  if (a.sequence != tag_sequence(m.tag) || f.index != a.next) {
    if (f.last()) lose(m.tag, "fragment_lost", context);
    a.next = -1;
    return;
  }
  ++a.next;
  a.bytes.insert(a.bytes.end(), f.data.begin(), f.data.end());
  if (!f.last()) return;
  auto whole = std::make_shared<sim::Bytes>(std::move(a.bytes));
  assemblies_.erase(tag_device(m.tag));
  enqueue({.tag = m.tag,
           .port = m.port,
           .payload = std::move(whole),
           .arrived = context.now(),
           .number = f.sequence},
          context);
}

void EdgeService::enqueue(Request request, sim::EventContext& context) {
  if (config_.passes_on && config_.passes_on(request.tag)) {
    if (request.port == port::kReport) request.port = port::kCloudReport;
    if (request.port == port::kFragment) {
      request.port = port::kCloudTensor;
      request.payload = numbered(request.number, *request.payload);
    }
  }
  if (request.port != port::kCloudReport && request.port != port::kCloudTensor)
    on_arrival(request.tag, context.now());
  if (forwarder_ && request.port == port::kReport) return ask(std::move(request), context);
  if (queue_.size() >= config_.queue_limit) {
    lose(request.tag, "edge_queue_full", context);
    return;
  }
  queue_.push_back(std::move(request));
  begin_next(context);
}

Duration EdgeService::time_of(const Request& r) const {
  if (r.port != port::kReport && r.port != port::kFragment) return config_.forward_time();
  const ServiceModel* model = config_.model(r.port, r.tag);
  return model ? model->time() : Duration::ns(1);
}

void EdgeService::begin_next(sim::EventContext& context) {
  while (!queue_.empty()) {
    const auto idle = std::find_if(workers_.begin(), workers_.end(), [](const Worker& w) { return !w.busy; });
    if (idle == workers_.end()) return;
    idle->busy = true;
    idle->request = std::move(queue_.front());
    idle->request.begun = context.now();
    queue_.pop_front();
    context.post({.time = context.now() + slowed(time_of(idle->request), slowness_),
                  .kind = sim::EventKind::timer,
                  .target = config_.self,
                  .args = {idle - workers_.begin(), epoch_, 0, 0}});
  }
}

void EdgeService::finish(size_t index, sim::EventContext& context) {
  Worker& worker = workers_[index];
  worker.busy = false;
  const Request request = std::move(worker.request);
  counters_.busy += context.now() - request.begun;
  counters_.processing += context.now() - request.arrived;
  ++counters_.processed;
  switch (request.port) {
    case port::kVerdict:
      pass_verdict(request, context);
      break;
    case port::kCloudReport:
    case port::kCloudTensor:
      if (config_.cloud == sim::kNobody)
        lose(request.tag, "no_cloud", context);
      else
        send_up(request.port, request.tag, request.payload, context);
      break;
    default:
      infer(request, context);
      break;
  }
  begin_next(context);
}

void EdgeService::infer(const Request& request, sim::EventContext& context) {
  const ServiceModel* model = config_.model(request.port, request.tag);
  if (!model) {
    lose(request.tag, "no_model", context);
    return;
  }
  std::vector<float> input;
  uint16_t sequence = request.number, battery = 0;
  if (request.port == port::kReport) {
    const VibrationReport report = *VibrationReport::decode(*request.payload);
    input.assign(report.features.begin(), report.features.end());
    sequence = report.sequence;
    battery = report.battery_mv;
  } else {
    for (uint8_t code : *request.payload) input.push_back(static_cast<float>(static_cast<int8_t>(code)));
  }
  std::vector<float> scores;
  try {
    scores = model->infer(input, context.now());
  } catch (const Error&) {
    // The device sent something that the model does not take, such as a tensor of another model.
  }
  if (scores.empty()) {
    lose(request.tag, "not_for_this_model", context);
    return;
  }
  complete(request, scores, sequence, battery, context);
}

void EdgeService::ask(Request request, sim::EventContext& context) {
  const uint16_t address = config_.address_of(request.tag),
                 sequence = *sequence_of(request.port, *request.payload);
  request.begun = context.now();
  forwarder_->publish(address, request.port, *request.payload, context);
  counters_.tx_bytes += static_cast<int64_t>(request.payload->size());
  Request& place = asked_[{address, sequence}];
  if (place.payload) lose(place.tag, "no_answer", context);  // numbers began anew
  place = std::move(request);
  context.post({.time = context.now() + config_.patience,
                .kind = sim::EventKind::timer,
                .target = config_.self,
                .code = kGiveUp,
                .args = {0, epoch_, address, sequence}});
}

void EdgeService::answered(const sim::Event& frame, sim::EventContext& context) {
  const auto publication = up_ && forwarder_ ? forwarder_->receive(frame, context) : std::nullopt;
  if (!publication || publication->topic != port::kVerdict) return;
  const auto v = DeviceVerdict::decode(publication->data);
  const auto it = v ? asked_.find({publication->node, v->sequence}) : asked_.end();
  if (it == asked_.end()) return;  // too late
  const Request request = std::move(it->second);
  asked_.erase(it);
  counters_.rx_bytes += static_cast<int64_t>(publication->data.size());
  counters_.processing += context.now() - request.arrived;
  ++counters_.processed;
  complete(request, v->scores, v->sequence, v->battery_mv, context);
}

void EdgeService::complete(const Request& request, const std::vector<float>& scores, uint16_t sequence,
                           uint16_t battery, sim::EventContext& context) {
  Classification result = classify(scores);
  result.tag = request.tag;
  result.arrived = request.arrived;
  result.begun = request.begun;
  result.ended = context.now();
  on_result(result);
  send_result(result, sequence, battery, context);
  return_verdict(request.tag, sequence, result.predicted, context);
}

void EdgeService::pass_verdict(const Request& request, sim::EventContext& context) {
  const DeviceVerdict v = *DeviceVerdict::decode(*request.payload);
  Classification result = classify(v.scores);
  result.tag = request.tag;
  send_result(result, v.sequence, v.battery_mv, context);
}

void EdgeService::send_result(const Classification& result, uint16_t sequence, uint16_t battery_mv,
                              sim::EventContext& context) {
  if (config_.cloud == sim::kNobody) return;
  const std::string text = result_text(config_.device_name(result.tag), sequence, config_.classes,
                                       result.predicted, result.confidence(), battery_mv);
  send_up(port::kResult, result.tag, std::make_shared<sim::Bytes>(text.begin(), text.end()), context);
}

void EdgeService::send_up(int64_t port, int64_t tag, sim::SharedBytes bytes, sim::EventContext& context) {
  counters_.tx_bytes += static_cast<int64_t>(bytes->size());
  const net::Message out{
      .from = config_.self, .to = config_.cloud, .port = port, .tag = tag, .bytes = std::move(bytes)};
  context.post(
      net::to_event(out, context.now(), config_.uplink,
                    config_.uplink == config_.cloud ? sim::EventKind::delivery : sim::EventKind::state));
}

void EdgeService::return_verdict(int64_t tag, uint16_t sequence, int predicted, sim::EventContext& context) {
  const sim::ParticipantId gateway = config_.gateway ? config_.gateway(tag) : sim::kNobody;
  if (gateway == sim::kNobody) return;
  const auto bytes = ReturnedVerdict{.sequence = sequence, .predicted = predicted}.encode();
  counters_.tx_bytes += static_cast<int64_t>(bytes.size());
  const net::Message out{.from = config_.self,
                         .to = gateway,
                         .port = port::kReturn,
                         .tag = tag,
                         .bytes = std::make_shared<sim::Bytes>(bytes.begin(), bytes.end())};
  context.post(net::to_event(out, context.now(), gateway, sim::EventKind::delivery));
}

void EdgeService::fail(sim::EventContext& context) {
  up_ = false;
  ++epoch_;
  assemblies_.clear();
  for (const auto& [key, r] : asked_) lose(r.tag, "edge_down", context);
  asked_.clear();
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
