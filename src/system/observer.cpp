#include "system/observer_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "net/mqttsn/codec.h"
#include "nodes/report.h"
#include "nodes/report_payload.h"
#include "sim/air.h"

namespace xedgesim::system {
namespace {

using metrics::Stage;

enum class Timer : uint32_t { collect = 1, ranges };

/// Ports of firmware/hal/trace.h.
enum class Mark : int64_t { inference_begin = 1, inference_end, score, verdict, placement, model };

metrics::RanAt ran_at(int64_t port) {
  switch (port) {
    case nodes::port::kReport:
      return metrics::RanAt::edge;
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

constexpr const char* kPlacements[] = {"edge", "device", "cloud", "hybrid"};
constexpr const char* kReasons[] = {"conditions are normal", "the battery is low", "the link is poor",
                                    "the deadline was missed"};

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

Observer::Observer(System& system, metrics::RunDirectory& directory, metrics::Collector& collector,
                   experiment::ConsoleWatcher& watcher, Options options)
    : system_(system),
      directory_(directory),
      collector_(collector),
      watcher_(watcher),
      options_(options),
      machine_consoles_(system.ethernet().machines().size()),
      device_of_participant_(system.scheduler().size(), -1),
      device_of_address_(0x10000, -1) {
  for (size_t i = 0; i < system_.devices().size(); ++i) connect_device(i);
  connect_radio();
  connect_services();
  range_times_ = collector_.extra_times();
  system_.scheduler().attach(system_.observer_id(), *this);
}

Observer::~Observer() = default;

void Observer::connect_device(size_t index) {
  DeviceNode& d = system_.devices()[index];
  device_of_participant_[static_cast<uint32_t>(d.participant)] = static_cast<int32_t>(index);
  device_of_address_[d.short_address] = static_cast<int32_t>(index);
  probes_.push_back(std::make_unique<Probe>());
  Probe& p = *probes_.back();
  const std::string placement = d.truth || d.group->ml_placement != scenario::MlPlacement::none
                                    ? placement_name(*d.group)
                                    : std::string();
  if (d.model) {
    p.device = collector_.add_device(
        d.id, [this, index](SimTime t) { return read_model(index, t); }, placement);
    return connect_model(index);
  }
  if (d.external) {
    p.device = collector_.add_device(
        d.id, [this, index](SimTime) { return read_external(index); }, placement);
    return connect_external(index);
  }
  p.device = collector_.add_device(
      d.id, [this, index](SimTime t) { return read_device(index, t); }, placement);
  p.result_on_device = d.group->ml_result == scenario::MlResult::device;
  d.mcu->machine().on_trace.connect(
      [this, index](unsigned port, uint32_t word, SimTime t) { measure(index, port, word, t); });
  const auto& profile = d.mcu->machine().platform().energy_profile("");
  if (options_.seed_energy) {
    p.seed_model = std::make_unique<metrics::SeedEnergyModel>();
    d.mcu->on_transmit.connect(
        [&p](int64_t power, int64_t bytes) { p.seed_model->transmitted(power, bytes); });
    return;
  }
  p.account = std::make_unique<metrics::EnergyAccount>(d.id, profile.supply_v);
  d.mcu->on_current.connect([&p](std::string_view consumer, double amperes, SimTime t) {
    p.energy_time = t;
    p.account->current(p.consumer(consumer), amperes, t);
  });
  for (const auto& load : d.mcu->loads())
    p.account->current(p.consumer(load.consumer), static_cast<double>(load.picoamperes) * 1e-12,
                       SimTime::zero());
}

Observer::Probe* Observer::probe_of(sim::ParticipantId id) {
  const int32_t i = device_of_participant_[static_cast<uint32_t>(id)];
  return i < 0 ? nullptr : probes_[static_cast<size_t>(i)].get();
}

Observer::Probe* Observer::probe_of_address(int64_t a) {
  const int32_t i = a >= 0 && a < 0x10000 ? device_of_address_[static_cast<size_t>(a)] : -1;
  return i < 0 ? nullptr : probes_[static_cast<size_t>(i)].get();
}

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
      collector_.spans().ran_at(p->device, sequence, ran_at(carried->port));
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
  auto& spans = collector_.spans();
  const auto device = [](int64_t tag) { return metrics::DeviceIndex{nodes::tag_device(tag)}; };
  const auto classified = [this, &spans, device](const nodes::Classification& r) {
    const auto d = device(r.tag);
    const uint32_t sequence = nodes::tag_sequence(r.tag);
    spans.mark(d, sequence, Stage::inference_begin, r.begun);
    spans.mark(d, sequence, Stage::inference_end, r.ended);
    spans.prediction(d, sequence, r.predicted, r.confidence(), r.probabilities);
    if (!probes_[raw(d)]->result_on_device) spans.mark(d, sequence, Stage::result, r.ended);
  };
  for (auto& gateway : system_.gateways()) {
    gateway->on_frame.connect([this](const net::ieee802154::RxFrame& f, SimTime t) {
      Probe* p = probe_of_address(static_cast<int64_t>(f.frame.header.source.value));
      if (p && p->external) model_delivered(*p, f.frame.header.sequence, t);
      if (!p || !p->model || p->spans) return;
      if (const auto sequence = nodes::plain_sequence(f.frame.payload)) model_delivered(*p, *sequence, t);
    });
    gateway->on_publish.connect([this, &spans](nodes::RadioGateway::Received& r) {
      Probe* p = probe_of_address(r.source);
      const auto number = nodes::sequence_of(r.port, *r.payload);
      if (!p || !number) return;
      const uint32_t sequence = p->absolute(*number);
      r.tag = nodes::sample_tag(raw(p->device), sequence);
      if (!nodes::completes_sample(r.port, *r.payload)) return;
      spans.mark(p->device, sequence, Stage::rx_gateway, r.time);
      if (p->external) return;
      if (p->model) return model_delivered(*p, sequence, r.time);
      if (sequence == p->window && !p->delivered) {
        p->delivered = true;
        collector_.network().delivered(p->device, p->sent_at, r.time);
      }
    });
  }
  if (auto* edge = system_.edge()) {
    edge->on_arrival.connect([&spans, device](int64_t tag, SimTime t) {
      spans.mark(device(tag), nodes::tag_sequence(tag), Stage::edge_arrival, t);
    });
    edge->on_result.connect(classified);
    edge->on_lost.connect([&spans, device](int64_t tag, std::string_view cause, SimTime t) {
      spans.lost(device(tag), nodes::tag_sequence(tag), Stage::result, cause, t);
    });
    edge->on_answer.connect([&spans, device](int64_t tag, SimTime t) {
      spans.mark(device(tag), nodes::tag_sequence(tag), Stage::cloud_answer, t);
    });
    collector_.add_edge(system_.scenario().edge.front().id, [edge](SimTime) {
      const auto& c = edge->counters();
      metrics::EdgeCounters out;
      out.busy = c.busy;
      out.memory_bytes = edge->memory_bytes();
      out.requests_processed = c.processed;
      out.requests_failed = c.failed;
      out.network_tx_bytes = c.tx_bytes;
      out.network_rx_bytes = c.rx_bytes;
      out.processing = c.processing;
      out.queue_depth = static_cast<int64_t>(edge->queue_depth());
      return out;
    });
  }
  if (auto* cloud = system_.cloud()) {
    store_ = directory_.open("cloud/" + system_.scenario().cloud.front().id + ".jsonl");
    cloud->on_stored.connect([this, &spans, device](int64_t tag, std::string_view record, SimTime t) {
      store_->append(
          fmt::format("{{\"time_us\":{},\"record\":{}}}\n", t.since_start().count_ns() / 1000, record));
      spans.mark(device(tag), nodes::tag_sequence(tag), Stage::cloud_stored, t);
    });
    cloud->on_result.connect(classified);
    cloud->on_lost.connect(
        [&spans, device](int64_t tag, std::string_view cause, bool unclassified, SimTime t) {
          spans.lost(device(tag), nodes::tag_sequence(tag),
                     unclassified ? Stage::result : Stage::cloud_stored, cause, t);
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
  if (auto* wan = system_.wan()) {
    wan->dropped.connect([&spans, device](const net::LinkRecord& r, net::DropReason reason) {
      const int64_t port = r.message.port;
      const Stage missed = port == nodes::port::kAnswer ? Stage::cloud_answer
                           : port == nodes::port::kCloudReport || port == nodes::port::kReturn
                               ? Stage::result
                               : Stage::cloud_stored;
      spans.lost(device(r.message.tag), nodes::tag_sequence(r.message.tag), missed,
                 fmt::format("wan_{}", to_string(reason)), r.time);
    });
  }
}

metrics::DeviceCounters Observer::read_device(size_t index, SimTime t) const {
  const Probe& p = *probes_[index];
  const nodes::McuNode& node = *system_.devices()[index].mcu;
  const platforms::Machine& machine = node.machine();
  metrics::DeviceCounters c;
  c.cycles = static_cast<int64_t>(machine.cycles_active());
  c.instructions = static_cast<int64_t>(machine.instructions());
  c.active = machine.time_active();
  c.asleep = std::max(Duration(), t.since_start() - c.active);
  c.tx_bytes = node.counters().tx_bytes;
  c.tx_packets = p.tx_packets;
  c.rx_packets = p.rx_packets;
  c.rx_bytes = p.rx_bytes;
  c.cca_busy = p.cca_busy;
  // A node may stand up to one instruction beyond the instant that is being collected.
  const SimTime reached = std::max(t, p.energy_time);
  if (p.seed_model) {
    p.seed_model->cpu(c.cycles, c.asleep);
    c.energy = p.seed_model->by_cause(t);
  } else {
    c.energy = p.account->by_cause(reached);
  }
  if (const nodes::Battery* battery = node.battery()) {
    c.battery_fraction = battery->fraction(t);
    if (node.depleted_at() <= t) c.depleted_at = node.depleted_at();
    const auto& declared = *system_.devices()[index].group->battery;
    if (p.account) c.battery_life_s = p.account->life_s(declared.capacity_c, reached);
  }
  c.inferences = p.inferences;
  c.inference_cycles = p.inference_cycles;
  c.inference_energy = p.inference_energy;
  c.model_arena = p.arena;
  return c;
}

/// On the node's thread: what an inference costs between its two marks.
void Observer::measure(size_t index, unsigned port, uint32_t word, SimTime t) {
  Probe& p = *probes_[index];
  const auto energy = [&] {
    if (!p.account) return int64_t{0};
    p.energy_time = std::max(t, p.energy_time);
    return metrics::total_nanojoules(p.account->by_cause(p.energy_time));
  };
  const uint64_t cycles = system_.devices()[index].mcu->machine().core().cycles();
  switch (static_cast<Mark>(port)) {
    case Mark::inference_begin:
      p.begin_cycles = cycles;
      p.begin_energy = energy();
      break;
    case Mark::inference_end:
      if (p.begin_energy < 0) break;
      ++p.inferences;
      p.inference_cycles += static_cast<int64_t>(cycles - p.begin_cycles);
      p.inference_energy += energy() - p.begin_energy;
      p.begin_energy = -1;
      break;
    case Mark::model:
      p.arena = word;
      break;
    default:
      break;
  }
}

/// In event order: stages and verdicts of samples.
void Observer::trace(size_t index, const sim::Event& e) {
  Probe& p = *probes_[index];
  auto& spans = collector_.spans();
  const auto word = static_cast<uint32_t>(e.args[1]);
  const uint32_t sequence = p.absolute(static_cast<uint16_t>(word));
  switch (static_cast<Mark>(e.args[0])) {
    case Mark::inference_begin:
      p.scores.clear();
      spans.mark(p.device, sequence, Stage::inference_begin, e.time);
      break;
    case Mark::inference_end:
      // The rest of a cut model is still to come.
      if (system_.devices()[index].group->ml_placement != scenario::MlPlacement::hybrid)
        spans.mark(p.device, sequence, Stage::inference_end, e.time);
      break;
    case Mark::score:
      p.scores.push_back(static_cast<float>(static_cast<int16_t>(word)) / 256.0f);
      break;
    case Mark::verdict: {
      p.has_verdict = true;
      if (!p.scores.empty()) {  // the device's own, not one that came back
        nodes::Classification c = nodes::classify(p.scores);
        spans.ran_at(p.device, sequence, metrics::RanAt::device);
        spans.prediction(p.device, sequence, static_cast<int32_t>(word >> 16), c.confidence(),
                         c.probabilities);
        p.scores.clear();
      }
      spans.mark(p.device, sequence, Stage::result, e.time);
      break;
    }
    case Mark::placement: {
      const uint32_t where = word & 0xff, why = word >> 8 & 0xff;
      if (where >= std::size(kPlacements) || why >= std::size(kReasons)) break;
      collector_.events().add(e.time, "placement", system_.devices()[index].id,
                              fmt::format("inference moves to {}: {}", kPlacements[where], kReasons[why]),
                              {{"sample", p.absolute(static_cast<uint16_t>(word >> 16))}});
      break;
    }
    case Mark::model:
      if (word == 0)
        collector_.events().add(e.time, "model", system_.devices()[index].id,
                                "the firmware refused its model");
      break;
    default:
      break;
  }
}

// ---- events ---------------------------------------------------------------------------------------------

void Observer::start(sim::EventContext& context) {
  const auto alarm = [&](SimTime t, Timer timer) {
    // A decision, so that every node has reached the instant when it is handled.
    context.post({.time = t,
                  .kind = sim::EventKind::decision,
                  .target = system_.observer_id(),
                  .code = static_cast<uint32_t>(timer)});
  };
  alarm(SimTime::at(options_.interval), Timer::collect);
  for (SimTime t : range_times_) alarm(t, Timer::ranges);
}

void Observer::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::decision) {
    if (static_cast<Timer>(e.code) == Timer::ranges) {
      collector_.collect_ranges(context.now());
    } else {
      collector_.collect(context.now());
      on_collect(context.now());
      context.post({.time = context.now() + options_.interval,
                    .kind = sim::EventKind::decision,
                    .target = system_.observer_id(),
                    .code = e.code});
    }
    return;
  }
  using nodes::ObserverCode;
  const auto code = static_cast<ObserverCode>(e.code);
  const std::string_view text =
      e.data ? std::string_view(reinterpret_cast<const char*>(e.data->data()), e.data->size())
             : std::string_view();
  if (code == ObserverCode::fault_begin || code == ObserverCode::fault_end) {
    collector_.events().add(e.time, code == ObserverCode::fault_begin ? "fault" : "fault_end", "", text,
                            {{"fault", e.args[0]}});
    return;
  }
  const int32_t index = device_of_participant_[static_cast<uint32_t>(e.source)];
  if (index < 0) return machine_console(e);
  Probe& p = *probes_[static_cast<size_t>(index)];
  switch (code) {
    case ObserverCode::console_line:
      console(static_cast<size_t>(index), e);
      break;
    case ObserverCode::log_line:
      collector_.events().add(e.time, "log", system_.devices()[static_cast<size_t>(index)].id, text);
      break;
    case ObserverCode::battery_empty:
      collector_.events().add(e.time, "battery_empty", system_.devices()[static_cast<size_t>(index)].id,
                              "the battery ran out, the node is off");
      break;
    case ObserverCode::window_end:
      window_end(static_cast<size_t>(index), e);
      break;
    case ObserverCode::first_sleep:
      if (e.args[0] != p.window || p.handed_over) break;
      p.handed_over = true;
      p.sent_at = e.time;
      p.delivered = false;
      collector_.spans().mark(p.device, static_cast<uint32_t>(p.window), Stage::tx_request, e.time);
      collector_.network().sent(p.device, e.time);
      break;
    case ObserverCode::trace:
      trace(static_cast<size_t>(index), e);
      break;
    default:
      XEDGESIM_ASSERT(!"unknown observer code");
  }
}

void Observer::window_end(size_t index, const sim::Event& e) {
  DeviceNode& d = system_.devices()[index];
  Probe& p = *probes_[index];
  auto& spans = collector_.spans();
  if (p.window >= 0 && p.handed_over && !p.delivered) {
    const char* cause = p.on_air ? "no_ack" : "channel_busy";
    collector_.network().dropped(p.device, p.sent_at, cause);
    const auto sequence = static_cast<uint32_t>(p.window);
    // A verdict of the device itself stands, but nobody stores it.
    spans.lost(p.device, sequence, p.has_verdict ? Stage::cloud_stored : Stage::rx_gateway, cause, e.time);
  } else if (p.window >= 0 && p.handed_over && p.result_on_device && !p.has_verdict) {
    spans.lost(p.device, static_cast<uint32_t>(p.window), Stage::result, "no_verdict", e.time);
  }
  const Duration span = Duration::ns(e.args[1] * 1'000'000'000 / d.sample_rate_hz);
  const SimTime begin = std::max(SimTime::zero(), e.time - span);
  p.window = e.args[0];
  p.boot_window = e.args[2];
  p.window_time = e.time;
  p.handed_over = p.on_air = p.has_verdict = false;
  p.delivered = true;
  const auto sequence = static_cast<uint32_t>(p.window);
  spans.mark(p.device, sequence, Stage::sense_begin, begin);
  spans.mark(p.device, sequence, Stage::sense_end, e.time);
  if (d.truth && begin < e.time)
    spans.truth(p.device, sequence, static_cast<int32_t>(d.truth->label_of_window(begin, e.time).label));
  if (d.frames && !d.frames->labels.empty()) {
    const size_t frame = (d.first_frame + static_cast<size_t>(e.args[3])) % d.frames->labels.size();
    spans.truth(p.device, sequence, d.frames->labels[frame]);
  }
}

void Observer::console(size_t index, const sim::Event& e) {
  print(index, system_.devices()[index].id, probes_[index]->console, e);
}

void Observer::machine_console(const sim::Event& e) {
  const auto& machines = system_.ethernet().machines();
  for (size_t i = 0; i < machines.size(); ++i)
    if (machines[i].participant == e.source)
      return print(system_.devices().size() + i, machines[i].id, machine_consoles_[i], e);
}

/// `index`: see console_names() in run.cpp.
void Observer::print(size_t index, const std::string& id, std::unique_ptr<metrics::OutputFile>& file,
                     const sim::Event& e) {
  const std::string_view text(reinterpret_cast<const char*>(e.data->data()), e.data->size());
  watcher_.line(index, e.time, text);
  on_line(id, e.time, text);
  if (!options_.consoles) return;
  if (!file) file = directory_.open("consoles/" + id + ".log");
  file->append(fmt::format("[{:>15.6f}] {}\n", e.time.count_s(), text));
}

void Observer::finish(SimTime t) {
  collector_.finish(t);
  on_collect(t);
  for (auto& p : probes_)
    if (p->console) p->console->flush();
  for (auto& c : machine_consoles_)
    if (c) c->flush();
  if (store_) store_->flush();
}

}  // namespace xedgesim::system
