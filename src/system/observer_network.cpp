// Samples on their way: over the radio, through gateway and edge, over the WAN, into the cloud.
#include "system/observer_probe.h"

#include <fmt/format.h>

#include "net/mqttsn/codec.h"
#include "nodes/report.h"
#include "nodes/report_payload.h"
#include "sim/air.h"
#include "system/ml_placement.h"

namespace xedgesim::system {
namespace {

using metrics::Stage;

metrics::RanAt ran_at(int64_t port, const scenario::Device& group) {
  switch (port) {
    case nodes::port::kReport:
      return passes_on(group) ? metrics::RanAt::cloud : metrics::RanAt::edge;
    case nodes::port::kVerdict:
      return metrics::RanAt::device;
    case nodes::port::kFragment:
      return metrics::RanAt::hybrid;
    case nodes::port::kCloudReport:
      return metrics::RanAt::cloud;
    default:
      return metrics::RanAt::unknown;
  }
}

metrics::DeviceIndex tagged_device(int64_t tag) { return metrics::DeviceIndex{nodes::tag_device(tag)}; }

/// What a data frame carries of a sample.
struct Carried {
  uint16_t sequence;
  int64_t port;
};
std::optional<Carried> carried_by(const sim::Bytes& psdu) {
  const auto frame = net::ieee802154::parse(psdu);
  if (!frame || frame->header.type != net::ieee802154::FrameType::data) return std::nullopt;
  const auto message = net::mqttsn::decode(frame->payload);
  const auto* publish = message ? std::get_if<net::mqttsn::Publish>(&*message) : nullptr;
  if (!publish) return std::nullopt;
  const auto sequence = nodes::sequence_of(publish->topic_id, publish->data);
  return sequence ? std::optional(Carried{*sequence, publish->topic_id}) : std::nullopt;
}

bool is_acknowledgement(const sim::Bytes& psdu) {
  return net::ieee802154::peek_destination(psdu).kind == net::ieee802154::Destination::Kind::acknowledgement;
}

}  // namespace

void Observer::connect_radio() {
  net::Medium& channel = *system_.channel();
  channel.transmission_began.connect([this](const net::TransmissionRecord& r) {
    collector_.network().transmission(r.frequency_mhz, r.start,
                                      r.start + air::frame_duration(static_cast<int64_t>(r.psdu->size())));
    Probe* p = probe_of(r.source);
    if (p && p->model) {
      if (is_acknowledgement(*r.psdu)) return;
      if (p->seed_model) p->seed_model->transmitted(r.power_cdbm, static_cast<int64_t>(r.psdu->size()));
      if (p->spans)
        collector_.spans().mark(p->device, p->model->current_sequence(), Stage::tx_start, r.start);
      return;
    }
    if (!p || p->external || is_acknowledgement(*r.psdu)) return;
    ++p->tx_packets;
    if (const auto carried = carried_by(*r.psdu)) {
      p->on_air = true;
      const uint32_t sequence = p->absolute(carried->sequence);
      collector_.spans().mark(p->device, sequence, Stage::tx_start, r.start);
      collector_.spans().ran_at(p->device, sequence,
                                ran_at(carried->port, *system_.devices()[raw(p->device)].group));
    }
  });
  channel.reception.connect([this](const net::ReceptionRecord& r) {
    if (r.addressed && (r.outcome == net::Outcome::collision || r.outcome == net::Outcome::receiver_busy))
      collector_.network().collision();
  });
  system_.scheduler().on_delivery.connect([this](const sim::Event& e) {
    Probe* p = probe_of(e.target);
    if (!p || e.kind != sim::EventKind::delivery) return;
    if (e.code == static_cast<uint32_t>(air::Code::cca_result)) p->cca_busy += e.args[0] != 0;
    if (e.code == static_cast<uint32_t>(air::Code::frame_end) && e.args[0] && e.data) {
      ++p->rx_packets;
      p->rx_bytes += static_cast<int64_t>(e.data->size());
      if (p->seed_model) p->seed_model->received();
    }
  });
}

void Observer::connect_services() {
  connect_gateways();
  connect_edge();
  connect_cloud();
  connect_wan();
}

void Observer::classified(const nodes::Classification& r) {
  auto& spans = collector_.spans();
  const metrics::DeviceIndex d = tagged_device(r.tag);
  const uint32_t sequence = nodes::tag_sequence(r.tag);
  spans.mark(d, sequence, Stage::inference_begin, r.begun);
  spans.mark(d, sequence, Stage::inference_end, r.ended);
  spans.prediction(d, sequence, r.predicted, r.confidence(), r.probabilities);
  if (!probes_[raw(d)]->result_on_device) spans.mark(d, sequence, Stage::result, r.ended);
}

void Observer::mark_sample(int64_t tag, Stage stage, SimTime t) {
  collector_.spans().mark(tagged_device(tag), nodes::tag_sequence(tag), stage, t);
}

void Observer::lose_sample(int64_t tag, Stage missed, std::string_view cause, SimTime t) {
  collector_.spans().lost(tagged_device(tag), nodes::tag_sequence(tag), missed, cause, t);
}

void Observer::connect_gateways() {
  for (auto& gateway : system_.gateways()) {
    gateway->on_frame.connect([this](const net::ieee802154::RxFrame& f, SimTime t) {
      Probe* p = probe_of_address(static_cast<int64_t>(f.frame.header.source.value));
      if (p && p->external) model_delivered(*p, f.frame.header.sequence, t);
      if (!p || !p->model || p->spans) return;
      if (const auto sequence = nodes::plain_sequence(f.frame.payload)) model_delivered(*p, *sequence, t);
    });
    gateway->on_publish.connect([this](nodes::RadioGateway::Received& r) {
      Probe* p = probe_of_address(r.source);
      const auto number = nodes::sequence_of(r.port, *r.payload);
      if (!p || !number) return;
      const uint32_t sequence = p->absolute(*number);
      r.tag = nodes::sample_tag(raw(p->device), sequence);
      if (!nodes::completes_sample(r.port, *r.payload)) return;
      collector_.spans().mark(p->device, sequence, Stage::rx_gateway, r.time);
      if (p->external) return;
      if (p->model) return model_delivered(*p, sequence, r.time);
      if (sequence == p->window && !p->delivered) {
        p->delivered = true;
        collector_.network().delivered(p->device, p->sent_at, r.time);
      }
    });
  }
}

void Observer::connect_edge() {
  auto* edge = system_.edge();
  if (!edge) return;
  edge->on_arrival.connect([this](int64_t tag, SimTime t) { mark_sample(tag, Stage::edge_arrival, t); });
  edge->on_result.connect([this](const nodes::Classification& r) { classified(r); });
  edge->on_lost.connect(
      [this](int64_t tag, std::string_view cause, SimTime t) { lose_sample(tag, Stage::result, cause, t); });
  edge->on_answer.connect([this](int64_t tag, SimTime t) { mark_sample(tag, Stage::cloud_answer, t); });
  const HostedMachine* container = nullptr;
  for (const MachineNode& m : system_.ethernet().machines())
    if (m.of_edge && m.id == system_.scenario().edge.front().id) container = m.hosted.get();
  collector_.add_edge(system_.scenario().edge.front().id, [edge, container](SimTime) {
    const auto& c = edge->counters();
    metrics::EdgeCounters out;
    out.busy = c.busy;
    out.memory_bytes = edge->memory_bytes();
    if (const auto used = container && container->usage ? container->usage() : std::nullopt) {
      out.busy = used->cpu;
      out.memory_bytes = used->memory;
    }
    out.requests_processed = c.processed;
    out.requests_failed = c.failed;
    out.network_tx_bytes = c.tx_bytes;
    out.network_rx_bytes = c.rx_bytes;
    out.processing = c.processing;
    out.queue_depth = static_cast<int64_t>(edge->queue_depth());
    return out;
  });
}

void Observer::connect_cloud() {
  auto* cloud = system_.cloud();
  if (!cloud) return;
  store_ = directory_.open("cloud/" + system_.scenario().cloud.front().id + ".jsonl");
  cloud->on_stored.connect([this](int64_t tag, std::string_view record, SimTime t) {
    store_->append(
        fmt::format("{{\"time_us\":{},\"record\":{}}}\n", t.since_start().count_ns() / 1000, record));
    mark_sample(tag, Stage::cloud_stored, t);
  });
  cloud->on_report.connect([this](int64_t tag, SimTime t) { mark_sample(tag, Stage::edge_arrival, t); });
  cloud->on_result.connect([this](const nodes::Classification& r) { classified(r); });
  cloud->on_lost.connect([this](int64_t tag, std::string_view cause, bool unclassified, SimTime t) {
    lose_sample(tag, unclassified ? Stage::result : Stage::cloud_stored, cause, t);
  });
  collector_.add_cloud(system_.scenario().cloud.front().id, [cloud](SimTime) {
    const auto& c = cloud->counters();
    metrics::CloudCounters out;
    out.requests = c.requests;
    out.stored = c.stored;
    out.answers = c.answers;
    out.requests_failed = c.failed;
    out.rx_bytes = c.rx_bytes;
    out.tx_bytes = c.tx_bytes;
    out.processing = c.processing;
    return out;
  });
}

void Observer::connect_wan() {
  auto* wan = system_.wan();
  if (!wan) return;
  wan->dropped.connect([this](const net::LinkRecord& r, net::DropReason reason) {
    const int64_t port = r.message.port;
    const Stage missed = port == nodes::port::kAnswer ? Stage::cloud_answer
                         : port == nodes::port::kCloudReport || port == nodes::port::kCloudTensor ||
                                 port == nodes::port::kReturn
                             ? Stage::result
                             : Stage::cloud_stored;
    lose_sample(r.message.tag, missed, fmt::format("wan_{}", to_string(reason)), r.time);
  });
}

}  // namespace xedgesim::system
