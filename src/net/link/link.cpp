#include "net/link/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kChangeCode = 0x480;   // args: side, action, patch
constexpr uint32_t kLastBitSent = 0x481;  // args: direction
constexpr uint32_t kWake = 0x482;         // args: direction

Duration sending_time(int64_t bytes, int64_t rate_bps) {
  if (rate_bps == 0) return Duration();
  // Rounded up to whole nanoseconds; 128 bits, because a large message at a low rate overflows 64.
  const __int128 ns = (static_cast<__int128>(bytes) * 8 * 1'000'000'000 + rate_bps - 1) / rate_bps;
  return Duration::ns(static_cast<int64_t>(ns));
}

int64_t line_rate(const LinkParameters& p) {
  return p.burst_bytes > 0 || !p.classes.empty() ? p.line_rate_bps : p.rate_bps;
}

/// What the queue and the shaper are made of.
bool same_egress(const LinkParameters& a, const LinkParameters& b) {
  return a.rate_bps == b.rate_bps && a.queue_bytes == b.queue_bytes && a.queue_packets == b.queue_packets &&
         a.burst_bytes == b.burst_bytes && a.peak_rate_bps == b.peak_rate_bps && a.mtu_bytes == b.mtu_bytes &&
         a.queue_latency == b.queue_latency && a.discipline == b.discipline && a.red == b.red &&
         a.codel == b.codel && a.classes == b.classes;
}

}  // namespace

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::loss:
      return "loss";
    case DropReason::queue_full:
      return "queue full";
    case DropReason::down:
      return "link down";
    case DropReason::early:
      return "random early drop";
    case DropReason::delay:
      return "codel";
    case DropReason::too_large:
      return "larger than burst";
    case DropReason::corrupted:
      return "corrupted";
  }
  return "?";
}

Link::Side::Side(const LinkConfig& link, const LinkParameters& p, const std::optional<PortQueues>& port,
                 const std::string& direction)
    : declared(p),
      parameters(p),
      queues(port),
      loss_random(link.seed, link.name, "link.loss." + direction),
      jitter_random(link.seed, link.name, "link.jitter." + direction),
      corrupt_random(link.seed, link.name, "link.corrupt." + direction),
      duplicate_random(link.seed, link.name, "link.duplicate." + direction),
      reorder_random(link.seed, link.name, "link.reorder." + direction),
      queue_random(link.seed, link.name, "link.queue." + direction) {}

void Link::Side::make_egress(SimTime now) {
  // Classes say more than queues.
  if (queues && parameters.classes.empty()) {
    egress = std::make_unique<PortEgress>(parameters, *queues, now);
  } else {
    egress = Egress::make(parameters, now);
  }
}

Link::Link(LinkConfig config)
    : config_(std::move(config)),
      sides_{Side(config_, config_.a_to_b, config_.a_queues, "a_to_b"),
             Side(config_, config_.b_to_a, config_.b_queues, "b_to_a")} {
  check(config_.name, config_.a_to_b);
  check(config_.name, config_.b_to_a);
  if (config_.a == config_.b && config_.a_port == config_.b_port)
    throw ConfigError(fmt::format("The link '{}' has the same participant at both ends.", config_.name));
  for (Side& s : sides_) s.make_egress(SimTime::zero());
}

int64_t Link::queued_bytes(Direction d) const {
  const Side& s = sides_[static_cast<size_t>(d)];
  return s.egress->bytes() + (s.sending ? s.sending->size() : 0);
}

void Link::check_patch(const LinkPatch& patch) const {
  for (const Side& s : sides_) {
    check(config_.name, patched(s.declared, patch));
    check(config_.name, patched(s.parameters, patch));
  }
}

int64_t Link::add_patch(const LinkPatch& patch) {
  check_patch(patch);
  patches_.push_back(patch);
  return static_cast<int64_t>(patches_.size()) - 1;
}

void Link::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.code) {
    case kMessageCode:
    case kFrameCode:
      return accept(e, context);
    case kChangeCode:
      return change(e, context);
    case kLastBitSent: {
      const auto d = static_cast<Direction>(e.args[0]);
      LinkRecord record = std::move(*side(d).sending);
      side(d).sending.reset();
      last_bit(d, std::move(record), context);
      return send_next(d, context);
    }
    case kWake: {
      const auto d = static_cast<Direction>(e.args[0]);
      if (side(d).wake == context.now()) side(d).wake = SimTime::never();
      return send_next(d, context);
    }
    default:
      throw SimulationError(
          fmt::format("The link '{}' got a message it does not know (code {:#x}) from participant {}.",
                      config_.name, e.code, static_cast<uint32_t>(e.source)));
  }
}

Direction Link::direction_of(const sim::Event& e) const {
  // A cable between two ports of one switch has the same participant at both ends.
  const bool by_port = e.code == kFrameCode && config_.a == config_.b;
  if (e.source == config_.a && (!by_port || e.args[0] == config_.a_port)) return Direction::a_to_b;
  if (e.source == config_.b && (!by_port || e.args[0] == config_.b_port)) return Direction::b_to_a;
  throw SimulationError(
      fmt::format("Participant {} sends over the link '{}' without being at one of its ends.",
                  static_cast<uint32_t>(e.source), config_.name));
}

void Link::drop(Side& s, LinkRecord& record, DropReason reason, SimTime now) {
  record.time = now;
  switch (reason) {
    case DropReason::loss:
    case DropReason::corrupted:
      ++s.statistics.lost;
      break;
    case DropReason::queue_full:
      ++s.statistics.queue_drops;
      break;
    case DropReason::down:
      ++s.statistics.down_drops;
      break;
    case DropReason::early:
      ++s.statistics.early_drops;
      break;
    case DropReason::delay:
      ++s.statistics.delay_drops;
      break;
    case DropReason::too_large:
      ++s.statistics.too_large_drops;
      break;
  }
  dropped(record, reason);
}

void Link::accept(const sim::Event& e, sim::EventContext& context) {
  const Direction d = direction_of(e);
  Side& s = side(d);
  LinkRecord record{
      .time = e.time,
      .direction = d,
      .message = e.code == kMessageCode ? to_message(e) : Message{.tag = e.args[1], .bytes = e.data},
      .entered = e.time,
      .code = e.code,
      .priority = e.code == kFrameCode ? e.args[2] : 0,
      .number = numbers_++};
  ++s.statistics.messages;
  s.statistics.bytes += static_cast<uint64_t>(record.size());
  if (!s.parameters.up) return drop(s, record, DropReason::down, e.time);
  const LinkRecord shown = sent.connected() ? record : LinkRecord{};
  if (const auto refused = s.egress->push(record, e.time, s.sending ? s.sending->size() : 0,
                                          s.sending ? 1 : 0, s.queue_random))
    return drop(s, record, *refused, e.time);
  if (sent.connected()) sent(shown);
  s.statistics.most_queued_bytes = std::max(s.statistics.most_queued_bytes, queued_bytes(d));
  if (!s.sending) send_next(d, context);
}

void Link::send_next(Direction d, sim::EventContext& context) {
  Side& s = side(d);
  const auto on_drop = [&](LinkRecord& r, DropReason why) { drop(s, r, why, context.now()); };
  while (!s.sending) {
    Egress::Next next = s.egress->pop(context.now(), on_drop);
    if (!next.packet) {
      if (next.retry < s.wake) {
        s.wake = next.retry;
        context.post({.time = next.retry,
                      .kind = sim::EventKind::timer,
                      .target = config_.id,
                      .code = kWake,
                      .args = {static_cast<int64_t>(d)}});
      }
      return;
    }
    const Duration duration =
        sending_time(next.packet->size() + s.parameters.overhead_bytes, line_rate(s.parameters));
    if (duration == Duration()) {
      last_bit(d, std::move(*next.packet), context);
      continue;
    }
    s.sending = std::move(next.packet);
    context.post({.time = context.now() + duration,
                  .kind = sim::EventKind::timer,
                  .target = config_.id,
                  .code = kLastBitSent,
                  .args = {static_cast<int64_t>(d)}});
  }
}

bool Link::overtakes(Side& s) {
  const LinkParameters& p = s.parameters;
  if (p.reorder <= 0) return false;
  if (s.since_reordered < p.reorder_gap - 1 ||
      !s.reorder.draw(s.reorder_random, p.reorder, p.reorder_correlation)) {
    ++s.since_reordered;
    return false;
  }
  s.since_reordered = 0;
  return true;
}

void Link::spoil(Side& s, LinkRecord& record) {
  if (!record.message.bytes || record.message.bytes->empty()) return;
  auto bytes = std::make_shared<sim::Bytes>(*record.message.bytes);
  const uint32_t bit = s.corrupt_random.below(static_cast<uint32_t>(bytes->size() * 8));
  (*bytes)[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  record.message.bytes = std::move(bytes);
}

void Link::last_bit(Direction d, LinkRecord record, sim::EventContext& context) {
  Side& s = side(d);
  const LinkParameters& p = s.parameters;
  WireFate fate;
  // netem's count of copies: one that is doubled and lost arrives once.
  int copies = 1;
  if (p.duplicate > 0 && s.duplicate.draw(s.duplicate_random, p.duplicate, p.duplicate_correlation)) {
    fate.duplicated = true;
    ++copies;
    ++s.statistics.duplicated;
  }
  if (s.loss.lose(s.loss_random, p)) --copies;
  record.time = context.now();
  if (copies == 0) {
    fate.lost = true;
    on_wire(record, fate);
    return drop(s, record, DropReason::loss, context.now());
  }
  for (; copies > 0; --copies) {
    LinkRecord copy = copies > 1 ? record : std::move(record);
    fate.corrupted = p.corrupt > 0 && s.corrupt.draw(s.corrupt_random, p.corrupt, p.corrupt_correlation);
    fate.reordered = overtakes(s);
    if (fate.corrupted) {
      ++s.statistics.corrupted;
      if (copy.code == kFrameCode) spoil(s, copy);
    }
    if (fate.reordered) ++s.statistics.reordered;
    on_wire(copy, fate);
    if (fate.corrupted && copy.code == kMessageCode) {
      drop(s, copy, DropReason::corrupted, context.now());
    } else {
      arrive(d, std::move(copy), fate.reordered, context);
    }
  }
}

void Link::arrive(Direction d, LinkRecord record, bool at_once, sim::EventContext& context) {
  Side& s = side(d);
  const LinkParameters& p = s.parameters;
  SimTime arrival = context.now() + config_.floor;
  if (!at_once) {
    Duration delay = p.latency;
    if (p.distribution != Jitter::none)
      delay +=
          Duration::ns(std::llround(static_cast<double>(p.jitter.count_ns()) *
                                    s.jitter.draw(s.jitter_random, p.distribution, p.jitter_correlation)));
    arrival = context.now() + std::max(delay, config_.floor);
    if (p.keep_order) arrival = std::max(arrival, s.last_arrival);
    s.last_arrival = std::max(arrival, s.last_arrival);
  }
  record.time = arrival;
  ++s.statistics.delivered;
  s.statistics.delivered_bytes += static_cast<uint64_t>(record.size());
  const bool to_b = d == Direction::a_to_b;
  const sim::ParticipantId next = to_b ? config_.b : config_.a;
  context.post(record.code == kMessageCode
                   ? to_event(record.message, arrival, next, sim::EventKind::delivery)
                   : frame_event(record.message.bytes, arrival, next, to_b ? config_.b_port : config_.a_port,
                                 record.message.tag, sim::EventKind::delivery));
  delivered(record);
}

void Link::change(const sim::Event& e, sim::EventContext& context) {
  const auto which = static_cast<LinkSide>(e.args[0]);
  const int64_t patch = e.args[2];
  XEDGESIM_ASSERT(patch >= -1 && patch < static_cast<int64_t>(patches_.size()));
  for (const Direction d : {Direction::a_to_b, Direction::b_to_a}) {
    if (which != LinkSide::both && static_cast<int64_t>(which) != static_cast<int64_t>(d)) continue;
    Side& s = side(d);
    switch (static_cast<LinkAction>(e.args[1])) {
      case LinkAction::set:
        s.set.push_back(patch);
        break;
      case LinkAction::profile:
        if (!profile_kept_.contains(context.now())) s.profile = patch;
        break;
      case LinkAction::begin_overlay:
        s.overlays.push_back(patch);
        break;
      case LinkAction::end_overlay:
        if (const auto it = std::find(s.overlays.begin(), s.overlays.end(), patch); it != s.overlays.end())
          s.overlays.erase(it);
        break;
    }
    refresh(d, context);
  }
}

void Link::start(sim::EventContext& context) {
  for (const Direction d : {Direction::a_to_b, Direction::b_to_a})
    if (!side(d).parameters.up) tell_carrier(d, context);
}

/// The end a direction leads to. A machine that runs ahead cannot be told of the present.
void Link::tell_carrier(Direction d, sim::EventContext& context) {
  if (!config_.tells_carrier) return;
  const bool to_b = d == Direction::a_to_b;
  const bool ahead = to_b ? config_.b_outside : config_.a_outside;
  context.post({.time = ahead ? context.now() + config_.floor : context.now(),
                .kind = sim::EventKind::state,
                .target = to_b ? config_.b : config_.a,
                .code = kCarrierCode,
                .args = {to_b ? config_.b_port : config_.a_port, side(d).parameters.up ? 1 : 0}});
}

void Link::refresh(Direction d, sim::EventContext& context) {
  Side& s = side(d);
  LinkParameters p = s.declared;
  if (s.profile >= 0) p = patched(p, patches_[static_cast<size_t>(s.profile)]);
  for (int64_t i : s.set) p = patched(p, patches_[static_cast<size_t>(i)]);
  for (int64_t i : s.overlays) p = patched(p, patches_[static_cast<size_t>(i)]);
  check(config_.name, p);
  const bool carrier_changed = p.up != s.parameters.up;
  const bool rebuild = !same_egress(p, s.parameters);
  auto waiting = rebuild ? s.egress->take_all() : std::deque<LinkRecord>();
  s.parameters = std::move(p);
  if (rebuild) {
    s.make_egress(context.now());
    for (LinkRecord& r : waiting)
      if (const auto refused = s.egress->push(r, context.now(), s.sending ? s.sending->size() : 0,
                                              s.sending ? 1 : 0, s.queue_random))
        drop(s, r, *refused, context.now());
  }
  if (carrier_changed) tell_carrier(d, context);
  send_next(d, context);
}

sim::Event link_change(sim::ParticipantId link, SimTime when, LinkSide side, LinkAction action,
                       int64_t patch) {
  return sim::Event{.time = when,
                    .kind = sim::EventKind::control,
                    .target = link,
                    .code = kChangeCode,
                    .args = {static_cast<int64_t>(side), static_cast<int64_t>(action), patch},
                    .data = nullptr};
}

}  // namespace xedgesim::net
