#include "net/link/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kChangeCode = 0x480;   // args: side, setting, value
constexpr uint32_t kLastBitSent = 0x481;  // args: direction
constexpr double kPartsPerBillion = 1e-9;

bool probability(double p) { return p >= 0 && p <= 1; }

void check(const LinkConfig& c, const LinkParameters& p) {
  const auto refuse = [&](std::string_view what) {
    throw ConfigError(fmt::format("The link '{}' cannot be set up: {}.", c.name, what));
  };
  if (p.rate_bps < 0) refuse("its rate is negative");
  if (p.latency < Duration() || p.jitter < Duration()) refuse("its latency and jitter must not be negative");
  if (p.queue_bytes < 0 || p.queue_packets < 0 || p.overhead_bytes < 0)
    refuse("its queue limits must not be negative");
  if (!probability(p.loss)) refuse("its loss must lie between 0 and 1");
  if (p.bursts && (!probability(p.bursts->good_to_bad) || !probability(p.bursts->bad_to_good) ||
                   !probability(p.bursts->loss_good) || !probability(p.bursts->loss_bad)))
    refuse("the probabilities of its bursts must lie between 0 and 1");
}

Duration sending_time(int64_t bytes, int64_t rate_bps) {
  if (rate_bps == 0) return Duration();
  // Rounded up to whole nanoseconds; 128 bits, because a large message at a low rate overflows 64.
  const __int128 ns = (static_cast<__int128>(bytes) * 8 * 1'000'000'000 + rate_bps - 1) / rate_bps;
  return Duration::ns(static_cast<int64_t>(ns));
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
  }
  return "?";
}

Link::Link(LinkConfig config)
    : config_(std::move(config)),
      sides_{Side(config_, config_.a_to_b, "a_to_b"), Side(config_, config_.b_to_a, "b_to_a")} {
  check(config_, config_.a_to_b);
  check(config_, config_.b_to_a);
  if (config_.a == config_.b)
    throw ConfigError(fmt::format("The link '{}' has the same participant at both ends.", config_.name));
}

void Link::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.code) {
    case kMessageCode:
      return accept(e, context);
    case kChangeCode:
      return change(e);
    case kLastBitSent: {
      const auto d = static_cast<Direction>(e.args[0]);
      sent_last_bit(d, context);
      return send_next(d, context);
    }
    default:
      throw SimulationError(
          fmt::format("The link '{}' got a message it does not know (code {:#x}) from participant {}.",
                      config_.name, e.code, static_cast<uint32_t>(e.source)));
  }
}

void Link::accept(const sim::Event& e, sim::EventContext& context) {
  if (e.source != config_.a && e.source != config_.b)
    throw SimulationError(
        fmt::format("Participant {} sends over the link '{}' without being at one of its ends.",
                    static_cast<uint32_t>(e.source), config_.name));
  const Direction d = e.source == config_.a ? Direction::a_to_b : Direction::b_to_a;
  Side& side = sides_[static_cast<size_t>(d)];
  const LinkParameters& p = side.parameters;
  LinkRecord record{.time = e.time, .direction = d, .message = to_message(e), .entered = e.time};
  const int64_t bytes = size_of(record);
  ++side.statistics.messages;
  side.statistics.bytes += static_cast<uint64_t>(bytes);
  if (!side.up) {
    ++side.statistics.down_drops;
    return dropped(record, DropReason::down);
  }
  // An idle link takes a message of any size; the limits are for those that have to wait.
  const bool full = !side.queue.empty() &&
                    ((p.queue_bytes > 0 && side.queued_bytes + bytes > p.queue_bytes) ||
                     (p.queue_packets > 0 && static_cast<int64_t>(side.queue.size()) >= p.queue_packets));
  if (full) {
    ++side.statistics.queue_drops;
    return dropped(record, DropReason::queue_full);
  }
  sent(record);
  side.queued_bytes += bytes;
  side.queue.push_back(std::move(record));
  if (side.queue.size() == 1) send_next(d, context);
}

void Link::send_next(Direction d, sim::EventContext& context) {
  const Side& side = sides_[static_cast<size_t>(d)];
  while (!side.queue.empty()) {
    const int64_t bytes = size_of(side.queue.front()) + side.parameters.overhead_bytes;
    const Duration duration = sending_time(bytes, side.parameters.rate_bps);
    if (duration > Duration()) {
      context.post(sim::Event{.time = context.now() + duration,
                              .kind = sim::EventKind::timer,
                              .target = config_.id,
                              .code = kLastBitSent,
                              .args = {static_cast<int64_t>(d)},
                              .data = nullptr});
      return;
    }
    sent_last_bit(d, context);
  }
}

void Link::sent_last_bit(Direction d, sim::EventContext& context) {
  Side& side = sides_[static_cast<size_t>(d)];
  LinkRecord record = std::move(side.queue.front());
  side.queue.pop_front();
  side.queued_bytes -= size_of(record);
  if (lose(side)) {
    record.time = context.now();
    ++side.statistics.lost;
    dropped(record, DropReason::loss);
  } else {
    SimTime arrival = context.now() + delay(side);
    if (side.parameters.keep_order) arrival = std::max(arrival, side.last_arrival);
    side.last_arrival = std::max(arrival, side.last_arrival);
    record.time = arrival;
    ++side.statistics.delivered;
    side.statistics.delivered_bytes += static_cast<uint64_t>(size_of(record));
    context.post(to_event(record.message, arrival, d == Direction::a_to_b ? config_.b : config_.a,
                          sim::EventKind::delivery));
    delivered(record);
  }
}

bool Link::lose(Side& side) {
  const LinkParameters& p = side.parameters;
  if (!p.bursts) return p.loss > 0 && side.loss_random.chance(p.loss);
  if (side.loss_random.chance(side.bad_state ? p.bursts->bad_to_good : p.bursts->good_to_bad))
    side.bad_state = !side.bad_state;
  return side.loss_random.chance(side.bad_state ? p.bursts->loss_bad : p.bursts->loss_good);
}

Duration Link::delay(Side& side) {
  const LinkParameters& p = side.parameters;
  const auto jitter = static_cast<double>(p.jitter.count_ns());
  double offset = 0;
  switch (p.distribution) {
    case LinkParameters::Jitter::none:
      break;
    case LinkParameters::Jitter::uniform:
      offset = side.jitter_random.uniform(-jitter, jitter);
      break;
    case LinkParameters::Jitter::normal:
      offset = side.jitter_random.normal(0, jitter);
      break;
  }
  return std::max(p.latency + Duration::ns(std::llround(offset)), Duration());
}

void Link::change(const sim::Event& e) {
  const auto which = static_cast<LinkSide>(e.args[0]);
  const int64_t value = e.args[2];
  for (size_t i = 0; i < sides_.size(); ++i) {
    if (which != LinkSide::both && static_cast<size_t>(which) != i) continue;
    LinkParameters& p = sides_[i].parameters;
    switch (static_cast<LinkSetting>(e.args[1])) {
      case LinkSetting::rate_bps:
        p.rate_bps = value;
        break;
      case LinkSetting::latency_ns:
        p.latency = Duration::ns(value);
        break;
      case LinkSetting::jitter_ns:
        p.jitter = Duration::ns(value);
        break;
      case LinkSetting::distribution:
        p.distribution = static_cast<LinkParameters::Jitter>(value);
        break;
      case LinkSetting::loss_ppb:
        p.loss = static_cast<double>(value) * kPartsPerBillion;
        p.bursts.reset();
        break;
      case LinkSetting::queue_bytes:
        p.queue_bytes = value;
        break;
      case LinkSetting::queue_packets:
        p.queue_packets = value;
        break;
      case LinkSetting::up:
        sides_[i].up = value != 0;
        break;
    }
    check(config_, p);
  }
}

sim::Event make_link_change(sim::ParticipantId link, SimTime when, LinkSide side, LinkSetting setting,
                            int64_t value) {
  return sim::Event{.time = when,
                    .kind = sim::EventKind::control,
                    .target = link,
                    .code = kChangeCode,
                    .args = {static_cast<int64_t>(side), static_cast<int64_t>(setting), value},
                    .data = nullptr};
}

}  // namespace xedgesim::net
