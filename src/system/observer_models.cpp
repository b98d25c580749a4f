// The part of the Observer that is about behavioural nodes.
#include <algorithm>

#include "nodes/report.h"
#include "nodes/report_payload.h"
#include "system/observer_probe.h"

namespace xedgesim::system {
namespace {

using metrics::Stage;
using net::ieee802154::TxStatus;

const char* drop_cause(TxStatus status) {
  switch (status) {
    case TxStatus::no_ack:
      return "no_ack";
    case TxStatus::channel_access_failure:
      return "channel_busy";
    case TxStatus::queue_full:
      return "queue_full";
    case TxStatus::success:
      break;
  }
  return "lost_on_air";
}

int64_t nanojoules(Duration time, double amperes, double volts) {
  return static_cast<int64_t>(time.count_s() * amperes * volts * 1e9);
}

}  // namespace

void Observer::connect_model(size_t index) {
  DeviceNode& d = system_.devices()[index];
  Probe& p = *probes_[index];
  p.model = d.model.get();
  p.spans = d.truth != nullptr;
  if (options_.seed_energy) p.seed_model = std::make_unique<metrics::SeedEnergyModel>();
  d.model->on_report.connect([this, index](const nodes::ModelNode::Report& r) { model_report(index, r); });
  d.model->on_confirm.connect(
      [this, &p](uint32_t sequence, const net::ieee802154::TxReport& report, SimTime t) {
        const auto it = std::find_if(p.pending.begin(), p.pending.end(),
                                     [&](const Probe::Pending& q) { return q.sequence == sequence; });
        if (it == p.pending.end()) return;
        model_confirmed(p, static_cast<size_t>(it - p.pending.begin()), report.status, t);
      });
}

/// The MAC is through with a pending report; forgets it once the gateway has it or will not get it.
void Observer::model_confirmed(Probe& p, size_t pending, TxStatus status, SimTime t) {
  Probe::Pending& q = p.pending[pending];
  q.confirmed = true;
  if (status != TxStatus::success && !q.delivered) {
    model_lost(p, q.sequence, q.sent_at, drop_cause(status), t);
    q.delivered = true;
  }
  if (q.delivered) p.pending.erase(p.pending.begin() + static_cast<std::ptrdiff_t>(pending));
}

void Observer::model_lost(Probe& p, uint32_t sequence, SimTime sent_at, const char* cause, SimTime t) {
  collector_.network().dropped(p.device, sent_at, cause);
  if (p.spans) collector_.spans().lost(p.device, sequence, Stage::rx_gateway, cause, t);
}

void Observer::model_report(size_t index, const nodes::ModelNode::Report& r) {
  DeviceNode& d = system_.devices()[index];
  Probe& p = *probes_[index];
  // What was sent without an acknowledgement and has not arrived by now never will; nor will what the node
  // forgot when it was switched off.
  std::erase_if(p.pending, [&](const Probe::Pending& q) {
    if (!q.confirmed && p.model->holds(q.sequence)) return false;
    if (!q.delivered)
      model_lost(p, q.sequence, q.sent_at, q.confirmed ? "lost_on_air" : "device_down", r.requested);
    return true;
  });
  p.window = r.sequence;
  p.pending.push_back(
      {.sequence = r.sequence, .sent_at = r.requested, .delivered = false, .confirmed = false});
  if (p.spans) {
    auto& spans = collector_.spans();
    spans.mark(p.device, r.sequence, Stage::sense_begin, r.begin);
    spans.mark(p.device, r.sequence, Stage::sense_end, r.end);
    if (r.begin < r.end)
      spans.truth(p.device, r.sequence, static_cast<int32_t>(d.truth->label_of_window(r.begin, r.end).label));
    spans.mark(p.device, r.sequence, Stage::tx_request, r.requested);
  }
  collector_.network().sent(p.device, r.requested);
}

void Observer::model_delivered(Probe& p, uint32_t sequence, SimTime t) {
  const auto it = std::find_if(p.pending.begin(), p.pending.end(),
                               [&](const Probe::Pending& q) { return q.sequence == sequence; });
  if (it == p.pending.end() || it->delivered) return;
  it->delivered = true;
  collector_.network().delivered(p.device, it->sent_at, t);
}

metrics::DeviceCounters Observer::read_model(size_t index, SimTime t) const {
  const Probe& p = *probes_[index];
  const nodes::ModelNode& node = *p.model;
  const auto& mac = node.mac().statistics();
  const auto usage = node.usage(t);
  metrics::DeviceCounters c;
  c.active = usage.computing;
  c.asleep = std::max(Duration(), usage.on - usage.computing);
  c.tx_bytes = mac.bytes_sent;
  c.tx_packets = static_cast<int64_t>(mac.transmissions);
  c.rx_packets = p.rx_packets;
  c.rx_bytes = p.rx_bytes;
  c.cca_busy = static_cast<int64_t>(mac.cca_busy);
  if (p.seed_model) {
    p.seed_model->cpu(0, c.asleep);
    c.energy = p.seed_model->by_cause(t);
    return c;
  }
  const nodes::ModelCurrents& a = node.config().currents;
  const auto add = [&](const char* cause, Duration time, double amperes) {
    c.energy.push_back({cause, nanojoules(time, amperes, a.supply_v)});
  };
  c.energy.reserve(6);
  add("cpu_active", usage.computing, a.cpu);
  add("sleep", c.asleep, a.sleep);
  add("radio_tx", usage.transmitting, a.tx);
  add("radio_rx", usage.receiving, a.rx);
  add("saadc", usage.converting, a.conversion);
  add("timer", usage.sampling, a.sampling);
  if (const auto capacity = node.config().battery_c) {
    const double charge = node.charge_c(t);
    c.battery_fraction = std::max(0.0, 1 - charge / *capacity);
    c.depleted_at = node.depleted_at();
    if (charge > 0 && t > SimTime::zero()) c.battery_life_s = *capacity / (charge / t.count_s());
  }
  return c;
}

/// Frames of an external program are told apart by their MAC sequence numbers.
void Observer::connect_external(size_t index) {
  DeviceNode& d = system_.devices()[index];
  Probe& p = *probes_[index];
  p.external = d.external.get();
  d.external->on_send.connect([this, &p](int64_t, uint8_t sequence, SimTime t) {
    std::erase_if(p.pending, [&](const Probe::Pending& q) {
      if (!q.confirmed) return false;
      if (!q.delivered) model_lost(p, q.sequence, q.sent_at, "lost_on_air", t);
      return true;
    });
    p.pending.push_back({.sequence = sequence, .sent_at = t, .delivered = false, .confirmed = false});
    collector_.network().sent(p.device, t);
  });
  d.external->on_confirm.connect([this, &p](int64_t, const net::ieee802154::TxReport& report, SimTime t) {
    if (p.pending.empty()) return;
    auto it = p.pending.end() - 1;
    if (report.status != TxStatus::queue_full)
      it = std::find_if(p.pending.begin(), p.pending.end(), [&](const Probe::Pending& q) {
        return !q.confirmed && q.sequence == report.sequence;
      });
    if (it == p.pending.end()) return;
    model_confirmed(p, static_cast<size_t>(it - p.pending.begin()), report.status, t);
  });
}

metrics::DeviceCounters Observer::read_external(size_t index) const {
  const DeviceNode& d = system_.devices()[index];
  const Probe& p = *probes_[index];
  const auto& mac = p.external->mac().statistics();
  metrics::DeviceCounters c;
  c.tx_bytes = mac.bytes_sent;
  c.tx_packets = static_cast<int64_t>(mac.transmissions);
  c.rx_packets = p.rx_packets;
  c.rx_bytes = p.rx_bytes;
  c.cca_busy = static_cast<int64_t>(mac.cca_busy);
  c.energy.push_back({"external", static_cast<int64_t>(d.program->energy_uj(d.program_node) * 1000)});
  return c;
}

}  // namespace xedgesim::system
