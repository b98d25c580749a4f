#include "net/radio/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "net/radio/corruption.h"
#include "net/radio/error_model.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kNoNode = 0xffffffffu;
constexpr int kCutoffBelowNoiseCdb = 3000;
constexpr int kAnySensitivity = -100'000;  // 0.01 dBm
constexpr int64_t kChannelSpacing = 5;     // MHz
// How long a chain of frames that overlap one another is followed back to find out what a receiver is locked
// on.
constexpr Duration kHistory = Duration::ms(64);

// The channel's messages to itself, EventKind::decision.
enum SelfCode : uint32_t {
  kHeaderEnd = 1,  // args: frequency, sequence
  kFrameEnd,       // args: frequency, sequence
  kCcaEnd,         // args: frequency, mode << 32 | node, threshold, token
  kEdEnd,          // args: frequency, duration, node, token
  kRssiEnd,        // args: frequency, unused, node, token
};

sim::Event decision(sim::ParticipantId self, SimTime when, uint32_t code, std::array<int64_t, 4> args) {
  return sim::Event{.time = when,
                    .kind = sim::EventKind::decision,
                    .target = self,
                    .code = code,
                    .args = args,
                    .data = nullptr};
}

double ratio_of_db(double db) { return std::pow(10.0, db / 10.0); }

std::vector<BudgetStation> stations_of(const std::vector<ChannelStation>& stations, uint64_t seed) {
  std::vector<BudgetStation> out;
  for (const auto& s : stations)
    out.push_back({.station = s.station,
                   .key = RandomStream(seed, s.name, "radio.pair").next64(),
                   .way = s.way,
                   .aim = s.aim});
  return out;
}

std::vector<ChannelStation> checked(std::vector<ChannelStation> stations) {
  std::sort(stations.begin(), stations.end(),
            [](const auto& a, const auto& b) { return a.station.id < b.station.id; });
  for (size_t i = 0; i < stations.size(); ++i) {
    const auto& [s, name, way, aim] = stations[i];
    if (!std::isfinite(s.x_m) || !std::isfinite(s.y_m) || !std::isfinite(s.z_m))
      throw ConfigError(
          fmt::format("The position of '{}' is not finite: give it coordinates in metres.", name));
    if (i > 0 && stations[i - 1].station.id == s.id)
      throw ConfigError(fmt::format("'{}' and '{}' are the same station of the radio channel.",
                                    stations[i - 1].name, name));
  }
  return stations;
}

void insert_sorted(std::vector<uint32_t>& v, uint32_t x) {
  const auto it = std::lower_bound(v.begin(), v.end(), x);
  if (it == v.end() || *it != x) v.insert(it, x);
}

void erase_sorted(std::vector<uint32_t>& v, uint32_t x) {
  const auto it = std::lower_bound(v.begin(), v.end(), x);
  if (it != v.end() && *it == x) v.erase(it);
}

}  // namespace

Channel::Channel(ChannelConfig config, std::unique_ptr<PathLoss> loss, std::vector<ChannelStation> stations)
    : config_(config),
      budget_(std::move(loss), stations_of(stations = checked(std::move(stations)), config.seed),
              config.variation,
              static_cast<int>(
                  std::lround(100.0 * noise_floor_dbm(config.bandwidth_hz, config.noise_figure_db))) -
                  kCutoffBelowNoiseCdb),
      environment_{budget_, ratio_of_db(noise_floor_dbm(config.bandwidth_hz, config.noise_figure_db)),
                   ratio_of_db(config.lock_threshold_db), config.convention == Convention::ns3,
                   config.capture_threshold_db < 0 ? 0 : ratio_of_db(config.capture_threshold_db)} {
  if (!std::isfinite(environment_.noise_mw) || environment_.noise_mw <= 0)
    throw ConfigError("The radio channel needs a positive bandwidth and a finite noise figure.");
  // Cells about as wide as a frame at 0 dBm reaches.
  for (uint32_t i = 0; i < stations.size(); ++i) cell_m_ = std::max(cell_m_, budget_.range_m(i, 0));
  cell_m_ = std::max(cell_m_, 1.0);
  nodes_.reserve(stations.size());
  for (const auto& [s, name, way, aim] : stations) {
    const auto id = static_cast<size_t>(s.id);
    if (index_of_id_.size() <= id) index_of_id_.resize(id + 1, kNoNode);
    const auto index = static_cast<uint32_t>(nodes_.size());
    index_of_id_[id] = index;
    const int sensitivity = config.convention == Convention::ns3
                                ? kAnySensitivity
                                : static_cast<int>(std::lround(s.sensitivity_dbm * 100));
    nodes_.push_back(Node{.station = s,
                          .receiver = Receiver(index, sensitivity),
                          .random = RandomStream(config.seed, name, "radio.per")});
  }
}

uint32_t Channel::index_of(sim::ParticipantId id) const {
  const auto i = static_cast<size_t>(id);
  if (i >= index_of_id_.size() || index_of_id_[i] == kNoNode)
    throw SimulationError(
        fmt::format("Participant {} talks to the radio channel but is not one of its stations.",
                    static_cast<uint32_t>(id)));
  return index_of_id_[i];
}

Channel::Band& Channel::band_of(int64_t frequency_mhz) {
  const auto known = bands_.find(frequency_mhz);
  if (known != bands_.end()) return known->second;
  Band& band = bands_.try_emplace(frequency_mhz, cell_m_).first->second;
  for (auto& [frequency, other] : bands_) {
    const auto apart =
        static_cast<size_t>((std::abs(frequency - frequency_mhz) + kChannelSpacing / 2) / kChannelSpacing);
    if (apart == 0 || apart > config_.adjacent_rejection_db.size()) continue;
    const int rejection = static_cast<int>(std::lround(config_.adjacent_rejection_db[apart - 1] * 100));
    band.air.add_adjacent(other.log, rejection);
    other.air.add_adjacent(band.log, rejection);
  }
  return band;
}

const std::vector<uint32_t>& Channel::hearers(const SpatialIndex& index, const Transmission& t) {
  const air::Station from = budget_.at(t.node, t.start);
  index.near(from.x_m, from.y_m, budget_.range_m(t.node, t.power_cdbm), hearers_);
  return hearers_;
}

int Channel::received_cdbm(sim::ParticipantId from, sim::ParticipantId to, int power_cdbm, SimTime t) const {
  return budget_.received_cdbm(index_of(from), index_of(to), power_cdbm, t);
}

void Channel::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::decision) {
    switch (e.code) {
      case kHeaderEnd:
        return end_of_header(e, context);
      case kFrameEnd:
        return end_of_frame(e, context);
      case kCcaEnd:
        return end_of_cca(e, context);
      case kEdEnd:
        return end_of_energy_detection(e, context);
      case kRssiEnd:
        return end_of_rssi_sample(e, context);
      default:
        return;
    }
  }
  const uint32_t node = index_of(e.source);
  const auto self = [&](uint32_t code, Duration after, std::array<int64_t, 4> args) {
    context.post(decision(config_.id, e.time + after, code, args));
  };
  switch (static_cast<air::Code>(e.code)) {
    case air::Code::tx_start:
      return begin_transmission(node, e, context);
    case air::Code::tx_abort:
      return abort_transmission(node, e.time);
    case air::Code::noise:
      return begin_noise(node, e);
    case air::Code::listen:
      return begin_listening(node, e);
    case air::Code::unlisten:
      return stop_listening(node);
    case air::Code::cca_start:
      return self(kCcaEnd, air::kCcaTime, {e.args[0], e.args[1] << 32 | node, e.args[2], e.args[3]});
    case air::Code::ed_start: {
      const Duration duration = std::max(Duration::ns(e.args[1]), air::kCcaTime);
      band_of(e.args[0]).scans.push_back(e.time);
      return self(kEdEnd, duration, {e.args[0], duration.count_ns(), node, e.args[3]});
    }
    case air::Code::rssi_sample:
      return self(kRssiEnd, std::max(Duration::ns(e.args[1]), Duration()), {e.args[0], 0, node, e.args[3]});
    default:
      throw SimulationError(
          fmt::format("The radio channel got a message it does not know (code {:#x}) from participant {}.",
                      e.code, static_cast<uint32_t>(e.source)));
  }
}

void Channel::forget(Band& band, SimTime now) {
  SimTime keep = now - kHistory;
  for (SimTime t : band.scans) keep = std::min(keep, t);
  band.log.forget_before(keep);
}

TransmissionRecord Channel::record_of(const Transmission& t, int64_t frequency_mhz) const {
  return {.id = t.id,
          .start = t.start,
          .end = t.air_end,
          .source = nodes_[t.node].station.id,
          .frequency_mhz = static_cast<int>(frequency_mhz),
          .power_cdbm = t.power_cdbm,
          .aborted = t.aborted(),
          .psdu = t.psdu};
}

void Channel::begin_transmission(uint32_t node, const sim::Event& e, sim::EventContext& context) {
  Node& n = nodes_[node];
  stop_listening(node);
  abort_transmission(node, e.time);  // a transmitter sends one frame at a time
  if (!e.data || e.data->size() > air::kMaxPsdu)
    throw SimulationError(fmt::format("Participant {} transmits {} bytes: a PSDU has at most 127.",
                                      static_cast<uint32_t>(e.source), e.data ? e.data->size() : 0));
  const int64_t frequency = e.args[0];
  Band& band = band_of(frequency);
  forget(band, e.time);
  const SimTime end = e.time + air::frame_duration(static_cast<int64_t>(e.data->size()));
  const Transmission& t = band.log.add({.id = ++last_id_,
                                        .node = node,
                                        .start = e.time,
                                        .end = end,
                                        .air_end = end,
                                        .busy_until = end,
                                        .power_cdbm = static_cast<int>(e.args[1]),
                                        .psdu = e.data,
                                        .destination = ieee802154::peek_destination(*e.data)});
  n.tx_band = &band;
  n.tx_sequence = t.sequence;
  ++statistics_.transmissions;
  const std::array<int64_t, 4> args = {frequency, static_cast<int64_t>(t.sequence)};
  if (band.had_plain_listeners)
    context.post(decision(config_.id, e.time + air::kShr + air::kPhr, kHeaderEnd, args));
  context.post(decision(config_.id, end, kFrameEnd, args));
  if (transmission_began.connected()) transmission_began(record_of(t, frequency));
}

void Channel::begin_noise(uint32_t node, const sim::Event& e) {
  const Duration length = Duration::ns(e.args[2]);
  XEDGESIM_ASSERT(length > Duration() && length <= AirLog::kLongestFrame);
  Band& band = band_of(e.args[0]);
  forget(band, e.time);
  const SimTime end = e.time + length;
  band.log.add({.node = node,
                .start = e.time,
                .end = end,
                .air_end = end,
                .busy_until = e.time,
                .power_cdbm = static_cast<int>(e.args[1])});
}

void Channel::abort_transmission(uint32_t node, SimTime now) {
  Node& n = nodes_[node];
  if (!n.tx_band || !n.tx_band->log.holds(n.tx_sequence)) return;
  Transmission& t = n.tx_band->log.at(n.tx_sequence);
  if (t.air_end <= now) return;
  t.air_end = now;
  if (now < t.start + air::kShr + air::kPhr) t.busy_until = now;
  ++statistics_.aborted;
}

void Channel::begin_listening(uint32_t node, const sim::Event& e) {
  Node& n = nodes_[node];
  stop_listening(node);
  abort_transmission(node, e.time);
  Band& band = band_of(e.args[0]);
  n.band = &band;
  n.filter = static_cast<air::Filter>(e.args[1]);
  n.receiver.listen(band.air, e.time);
  if (n.filter == air::Filter::none) {
    band.had_plain_listeners = true;
    band.plain.insert(node, n.station.x_m, n.station.y_m, budget_.moves(node));
    return;
  }
  band.filtered.insert(node, n.station.x_m, n.station.y_m, budget_.moves(node));
  if (n.filter == air::Filter::addressed_and_acks) {
    n.acks_until = SimTime::from_ns(e.args[3]);
    insert_sorted(band.ack_waiters, node);
  }
  const auto address = static_cast<uint32_t>(e.args[2]);
  if (!n.has_address || n.address != address) {
    if (n.has_address) erase_sorted(addressees_[n.address], node);
    insert_sorted(addressees_[address], node);
    n.address = address;
    n.has_address = true;
  }
}

void Channel::stop_listening(uint32_t node) {
  Node& n = nodes_[node];
  if (!n.band) return;
  (n.filter == air::Filter::none ? n.band->plain : n.band->filtered).erase(node);
  if (n.filter == air::Filter::addressed_and_acks) erase_sorted(n.band->ack_waiters, node);
  n.receiver.stop();
  n.band = nullptr;
}

void Channel::end_of_header(const sim::Event& e, sim::EventContext& context) {
  Band& band = band_of(e.args[0]);
  const Transmission& t = band.log.at(static_cast<uint64_t>(e.args[1]));
  if (t.air_end < e.time) return;
  for (uint32_t node : hearers(band.plain, t)) {
    Node& n = nodes_[node];
    if (n.receiver.locked(band.air, environment_, e.time) != &t) continue;
    const int rssi =
        cdbm_from_mw(n.receiver.mean_power_mw(band.air, environment_, e.time - air::kCcaTime, e.time));
    context.post(air::make(air::Code::frame_start, sim::EventKind::delivery, e.time, n.station.id,
                           {static_cast<int64_t>(t.psdu->size()), rssi}));
  }
}

void Channel::end_of_frame(const sim::Event& e, sim::EventContext& context) {
  using Kind = ieee802154::Destination::Kind;
  Band& band = band_of(e.args[0]);
  const Transmission& t = band.log.at(static_cast<uint64_t>(e.args[1]));
  for (uint32_t node : hearers(band.plain, t)) receive(node, band, t, false, context);
  switch (t.destination.kind) {
    case Kind::one:
      if (const auto it = addressees_.find(t.destination.address); it != addressees_.end())
        for (uint32_t node : it->second)
          if (nodes_[node].filter != air::Filter::none) receive(node, band, t, true, context);
      break;
    case Kind::acknowledgement:
      // Whoever has given up is told nothing and need not be asked again.
      std::erase_if(band.ack_waiters, [&](uint32_t node) { return nodes_[node].acks_until <= e.time; });
      for (uint32_t node : band.ack_waiters) receive(node, band, t, false, context);
      break;
    case Kind::everybody:
      for (uint32_t node : hearers(band.filtered, t)) receive(node, band, t, true, context);
      break;
    case Kind::unknown:
      break;
  }
  if (transmission_ended.connected()) transmission_ended(record_of(t, e.args[0]));
}

Outcome Channel::why_not_taken(uint32_t node, const Band& band, const Transmission& t) const {
  const Receiver& receiver = nodes_[node].receiver;
  if (t.aborted()) return Outcome::aborted;
  bool sent = false;
  band.log.visit(t.start, t.end, [&](const Transmission& o) { sent |= o.node == node; });
  if (sent) return Outcome::half_duplex;
  if (nodes_[node].band != &band || receiver.listening_since() > t.start) return Outcome::not_listening;
  if (!receiver.reachable(environment_, t)) return Outcome::below_sensitivity;
  return receiver.sinr_at_start(band.air, environment_, t) > environment_.lock_ratio ? Outcome::receiver_busy
                                                                                     : Outcome::collision;
}

void Channel::receive(uint32_t node, Band& band, const Transmission& t, bool addressed,
                      sim::EventContext& context) {
  Node& n = nodes_[node];
  if (node == t.node || (!addressed && !budget_.audible(t.node, node, t.power_cdbm, t.start))) return;
  ReceptionRecord record{.transmission = t.id,
                         .time = context.now(),
                         .source = nodes_[t.node].station.id,
                         .receiver = n.station.id,
                         .addressed = addressed,
                         .rssi_cdbm = n.receiver.received_cdbm(environment_, t)};
  double sinr = 0;
  const bool tuned = n.band == &band;
  if (tuned && n.receiver.locked(band.air, environment_, context.now()) == &t) {
    const Receiver::Quality q = n.receiver.receive(band.air, environment_, t, n.random);
    sinr = q.lowest_sinr;
    const bool ok = !q.errors && !t.aborted();
    record.outcome = ok             ? Outcome::ok
                     : t.aborted()  ? Outcome::aborted
                     : q.interfered ? Outcome::collision
                                    : Outcome::crc_error;
    record.lqi = link_quality(10.0 * std::log10(sinr));
    sim::SharedBytes psdu = t.psdu;
    if (!ok) psdu = corrupt(t, q, n.random);
    context.post(air::make(air::Code::frame_end, sim::EventKind::delivery, context.now(), n.station.id,
                           {ok, record.rssi_cdbm, record.lqi}, std::move(psdu)));
    ++(ok ? statistics_.receptions_ok : statistics_.crc_errors);
  } else {
    record.outcome = why_not_taken(node, band, t);
    if (reception.connected()) sinr = n.receiver.sinr_at_start(band.air, environment_, t);
  }
  if (addressed && (record.outcome == Outcome::collision || record.outcome == Outcome::receiver_busy))
    ++statistics_.collisions;
  if (reception.connected()) {
    record.sinr_cdb = cdbm_from_mw(sinr);
    reception(record);
  }
}

}  // namespace xedgesim::net
