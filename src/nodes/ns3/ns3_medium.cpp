#include "nodes/ns3/ns3_medium.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/error.h"

namespace xedgesim::nodes {
namespace {

using DestinationKind = net::ieee802154::Destination::Kind;

constexpr Duration kRemembered = Duration::ms(10);  // of frames that have ended
constexpr uint32_t kDecision = 1;                   // args: id of the frame that ends, or 0

}  // namespace

Ns3Medium::Ns3Medium(Config config) : config_(std::move(config)), peer_(config_.peer) {
  for (size_t i = 0; i < config_.stations.size(); ++i) {
    const Station& s = config_.stations[i];
    index_.emplace(s.id, i);
    nodes_.push_back({.channel = s.channel});
  }
}

size_t Ns3Medium::station_of(sim::ParticipantId id) const {
  const auto it = index_.find(id);
  if (it == index_.end())
    throw SimulationError(
        fmt::format("Participant {} talks to the radio channel but is not one of its stations.",
                    static_cast<uint32_t>(id)));
  return it->second;
}

void Ns3Medium::decide(SimTime when, sim::EventContext& context, int64_t frame) {
  context.post({.time = when,
                .kind = sim::EventKind::decision,
                .target = config_.id,
                .code = kDecision,
                .args = {frame}});
}

void Ns3Medium::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::decision) {
    if (reached_ != e.time) advance(context);
    if (Frame* f = find(e.args[0])) end_frame(*f, context);
    return;
  }
  const size_t station = station_of(e.source);
  Node& n = nodes_[station];
  reached_.reset();
  const auto measure = [&](Duration d) {
    tune(station, e.args[0], e.time);
    requests_[++last_request_] = static_cast<air::Code>(e.code);
    tokens_[last_request_] = e.args[3];
    return decide(e.time + d, context);
  };
  switch (static_cast<air::Code>(e.code)) {
    case air::Code::tx_start:
      return begin_frame(station, e, context);
    case air::Code::tx_abort:
      return abort_frame(station, e.time);
    case air::Code::listen:
      return listen(station, e);
    case air::Code::unlisten:
      n.listening = false;
      return;
    case air::Code::cca_start:
      measure(air::kCcaTime);
      return peer_.command("CCA", e.time, {{"station", station}, {"token", last_request_}});
    case air::Code::ed_start:
    case air::Code::rssi_sample: {
      Duration d = std::max(Duration::ns(e.args[1]), Duration());
      if (static_cast<air::Code>(e.code) == air::Code::ed_start) d = std::max(d, air::kCcaTime);
      measure(d);
      return peer_.command("LEVEL", e.time,
                           {{"station", station}, {"token", last_request_}, {"duration_ns", d.count_ns()}});
    }
    default:
      throw SimulationError(
          fmt::format("The radio channel in ns-3 got a message it does not know (code {:#x}) from '{}'.",
                      e.code, config_.stations[station].name));
  }
}

void Ns3Medium::tune(size_t station, int64_t frequency_mhz, SimTime now) {
  Node& n = nodes_[station];
  const int64_t channel = (frequency_mhz - 2405) / 5 + 11;
  if (channel < 11 || channel > 26 || 2405 + 5 * (channel - 11) != frequency_mhz)
    throw SimulationError(fmt::format(
        "'{}' tunes its radio to {} MHz at {}: ns-3 has the channels 11 to 26 only, 2405 to 2480 MHz in "
        "steps of 5.",
        config_.stations[station].name, frequency_mhz, to_string(now)));
  if (n.channel == channel) return;
  n.channel = static_cast<int>(channel);
  peer_.command("TUNE", now, {{"station", station}, {"channel", channel}});
}

Ns3Medium::Frame* Ns3Medium::find(int64_t id) {
  if (frames_.empty() || id < frames_.front().id || id > frames_.back().id) return nullptr;
  return &frames_[static_cast<size_t>(id - frames_.front().id)];  // ids count up without gaps
}

net::TransmissionRecord Ns3Medium::record_of(const Frame& f) const {
  return {.id = static_cast<uint64_t>(f.id),
          .start = f.start,
          .end = f.air_end,
          .source = config_.stations[f.source].id,
          .frequency_mhz = static_cast<int>(f.frequency_mhz),
          .power_cdbm = f.power_cdbm,
          .aborted = f.air_end != f.end,
          .psdu = f.psdu};
}

void Ns3Medium::begin_frame(size_t station, const sim::Event& e, sim::EventContext& context) {
  Node& n = nodes_[station];
  n.listening = false;
  abort_frame(station, e.time);
  if (!e.data || e.data->empty() || e.data->size() > air::kMaxPsdu)
    throw SimulationError(fmt::format("'{}' transmits {} bytes: a PSDU has 1 to 127.",
                                      config_.stations[station].name, e.data ? e.data->size() : 0));
  tune(station, e.args[0], e.time);
  while (!frames_.empty() && frames_.front().end < e.time - kRemembered) frames_.pop_front();
  const SimTime end = e.time + air::frame_duration(static_cast<int64_t>(e.data->size()));
  frames_.push_back({.id = ++last_id_,
                     .source = station,
                     .start = e.time,
                     .end = end,
                     .air_end = end,
                     .frequency_mhz = e.args[0],
                     .power_cdbm = static_cast<int>(e.args[1]),
                     .psdu = e.data,
                     .destination = net::ieee802154::peek_destination(*e.data),
                     .received = {}});
  n.frame = last_id_;
  ++statistics_.transmissions;
  peer_.command("INJECT_PACKET", e.time,
                {{"station", station},
                 {"id", last_id_},
                 {"power_dbm", static_cast<double>(e.args[1]) / 100},
                 {"header", plain_listeners_},
                 {"psdu", base64_encode(*e.data)}});
  if (plain_listeners_) decide(e.time + air::kShr + air::kPhr, context);
  decide(end, context, last_id_);
  if (transmission_began.connected()) transmission_began(record_of(frames_.back()));
}

void Ns3Medium::abort_frame(size_t station, SimTime now) {
  Frame* f = find(nodes_[station].frame);
  if (!f || f->air_end <= now) return;
  f->air_end = now;
  ++statistics_.aborted;
  peer_.command("ABORT", now, {{"station", station}});
}

void Ns3Medium::listen(size_t station, const sim::Event& e) {
  Node& n = nodes_[station];
  abort_frame(station, e.time);
  tune(station, e.args[0], e.time);
  n.listening = true;
  n.since = e.time;
  n.frequency_mhz = e.args[0];
  n.filter = static_cast<air::Filter>(e.args[1]);
  n.acks_until = SimTime::from_ns(e.args[3]);
  if (n.filter == air::Filter::none) {
    plain_listeners_ = n.ever_plain = true;
    return;
  }
  const auto address = static_cast<uint32_t>(e.args[2]);
  if (n.address == address) return;
  if (n.address) std::erase(addressees_[*n.address], station);
  addressees_[address].push_back(station);
  n.address = address;
}

void Ns3Medium::advance(sim::EventContext& context) {
  const SimTime now = context.now();
  reached_ = now;
  for (const Ns3Event& e : peer_.advance(now)) {
    switch (e.kind) {
      case Ns3Event::Kind::frame_start:
        header_received(e, context);
        break;
      case Ns3Event::Kind::packet_rx:
        frame_received(e, context);
        break;
      case Ns3Event::Kind::cca_done:
      case Ns3Event::Kind::level_done: {
        const auto request = requests_.find(e.token);
        if (request == requests_.end()) peer_.fail(fmt::format("answers a request {} that is none", e.token));
        const bool cca = request->second == air::Code::cca_start;
        if (cca != (e.kind == Ns3Event::Kind::cca_done))
          peer_.fail(fmt::format("answers request {} with another kind of answer", e.token));
        const auto code = cca                                      ? air::Code::cca_result
                          : request->second == air::Code::ed_start ? air::Code::ed_result
                                                                   : air::Code::rssi_result;
        if (cca) {
          ++statistics_.cca;
          statistics_.cca_busy += e.busy;
        }
        context.post(
            air::make(code, sim::EventKind::delivery, now, config_.stations[e.station].id,
                      {cca ? e.busy : e.level_cdbm, cca ? e.level_cdbm : 0, 0, tokens_.at(e.token)}));
        tokens_.erase(e.token);
        requests_.erase(request);
        break;
      }
      case Ns3Event::Kind::complete:
        break;
    }
  }
}

bool Ns3Medium::listened_throughout(const Node& n, const Frame& f) const {
  return n.listening && n.since <= f.start && n.frequency_mhz == f.frequency_mhz;
}

bool Ns3Medium::addressed(const Node& n, const Frame& f) const {
  if (!n.address || n.filter == air::Filter::none) return false;
  return f.destination.kind == DestinationKind::everybody ||
         (f.destination.kind == DestinationKind::one && *n.address == f.destination.address);
}

bool Ns3Medium::wants(const Node& n, const Frame& f) const {
  if (n.filter == air::Filter::none || addressed(n, f)) return true;
  return f.destination.kind == DestinationKind::acknowledgement &&
         n.filter == air::Filter::addressed_and_acks && f.end < n.acks_until;
}

void Ns3Medium::header_received(const Ns3Event& e, sim::EventContext& context) {
  const Frame* f = find(e.id);
  if (!f || f->start + air::kShr + air::kPhr != e.time)
    peer_.fail(fmt::format("tells of the header of a packet {} that is none or at another time", e.id));
  const Node& n = nodes_[e.station];
  if (n.filter != air::Filter::none || !listened_throughout(n, *f) || f->air_end < e.time) return;
  context.post(air::make(air::Code::frame_start, sim::EventKind::delivery, e.time,
                         config_.stations[e.station].id,
                         {static_cast<int64_t>(f->psdu->size()), e.level_cdbm}));
}

void Ns3Medium::frame_received(const Ns3Event& e, sim::EventContext& context) {
  Frame* f = find(e.id);
  if (!f || f->end != e.time || f->source == e.station)
    peer_.fail(
        fmt::format("tells of a packet {} that is none, or of its end at another time or place", e.id));
  if (e.ok && e.psdu != *f->psdu) peer_.fail(fmt::format("changed the bytes of packet {}", e.id));
  const Node& n = nodes_[e.station];
  if (!listened_throughout(n, *f) || !wants(n, *f)) return;
  f->received.push_back(e.station);
  const bool aborted = f->air_end != f->end;
  const bool ok = e.ok && !aborted;
  sim::SharedBytes psdu = f->psdu;
  if (!ok) {
    auto broken = std::make_shared<sim::Bytes>(*f->psdu);
    broken->back() = static_cast<uint8_t>(~broken->back());
    psdu = std::move(broken);
  }
  context.post(air::make(air::Code::frame_end, sim::EventKind::delivery, e.time,
                         config_.stations[e.station].id, {ok, e.level_cdbm, e.lqi}, std::move(psdu)));
  ++(ok ? statistics_.receptions_ok : statistics_.crc_errors);
  net::ReceptionRecord record{.transmission = static_cast<uint64_t>(f->id),
                              .time = e.time,
                              .source = config_.stations[f->source].id,
                              .receiver = config_.stations[e.station].id,
                              .addressed = addressed(n, *f),
                              .outcome = ok               ? net::Outcome::ok
                                         : aborted        ? net::Outcome::aborted
                                         : overlapped(*f) ? net::Outcome::collision
                                                          : net::Outcome::crc_error,
                              .rssi_cdbm = e.level_cdbm,
                              .lqi = e.lqi};
  if (record.addressed && record.outcome == net::Outcome::collision) ++statistics_.collisions;
  reception(record);
}

bool Ns3Medium::overlapped(const Frame& f) const {
  return std::any_of(frames_.begin(), frames_.end(), [&](const Frame& o) {
    return o.id != f.id && o.frequency_mhz == f.frequency_mhz && o.start < f.end && o.air_end > f.start;
  });
}

net::Outcome Ns3Medium::why_lost(const Frame& f, size_t station) const {
  if (f.air_end != f.end) return net::Outcome::aborted;
  for (const Frame& o : frames_)
    if (o.source == station && o.start < f.end && o.air_end > f.start) return net::Outcome::half_duplex;
  if (!listened_throughout(nodes_[station], f)) return net::Outcome::not_listening;
  return overlapped(f) ? net::Outcome::collision : net::Outcome::below_sensitivity;
}

void Ns3Medium::lost(const Frame& f, size_t station, SimTime now) {
  if (station == f.source || std::find(f.received.begin(), f.received.end(), station) != f.received.end())
    return;
  const net::Outcome outcome = why_lost(f, station);
  if (outcome == net::Outcome::collision) ++statistics_.collisions;
  reception({.transmission = static_cast<uint64_t>(f.id),
             .time = now,
             .source = config_.stations[f.source].id,
             .receiver = config_.stations[station].id,
             .addressed = true,
             .outcome = outcome});
}

void Ns3Medium::end_frame(Frame& f, sim::EventContext& context) {
  if (f.destination.kind == DestinationKind::one)
    if (const auto it = addressees_.find(f.destination.address); it != addressees_.end())
      for (const size_t station : it->second)
        if (nodes_[station].filter != air::Filter::none) lost(f, station, context.now());
  if (transmission_ended.connected()) transmission_ended(record_of(f));
}

}  // namespace xedgesim::nodes
