#include "net/link/port_queues.h"

#include <algorithm>

#include "net/ethernet/frame.h"

namespace xedgesim::net {
namespace {

TokenBucket bucket(int64_t rate_bps, int64_t burst_bytes, SimTime now) {
  TokenBucket b(rate_bps, burst_bytes);
  b.spend(now, 0);
  return b;
}

Duration lack(const TokenBucket& b, int64_t bytes, SimTime now) { return b.cost(bytes) - b.credit(now); }

}  // namespace

PortEgress::PortEgress(const LinkParameters& p, const PortQueues& settings, SimTime now)
    : p_(p), settings_(settings), limit_bytes_(p.queue_limit_bytes()) {
  if (settings_.max_rate_bps > 0) port_ = bucket(settings_.max_rate_bps, settings_.burst_bytes, now);
  if (p.burst_bytes > 0) filter_ = bucket(p.rate_bps, p.burst_bytes, now);
  for (size_t i = 0; i < queues_.size(); ++i)
    if (const int64_t rate = settings_.queues[i].max_rate_bps; rate > 0)
      queues_[i].rate = bucket(rate, settings_.burst_bytes, now);
}

std::optional<DropReason> PortEgress::push(LinkRecord& packet, SimTime now, int64_t, int64_t,
                                           RandomStream& random) {
  if (p_.burst_bytes > 0 && packet.size() > p_.burst_bytes) return DropReason::too_large;
  const size_t i = packet.priority > 0 ? static_cast<size_t>(packet.priority - 1) & 7
                   : packet.code == kFrameCode && packet.message.bytes
                       ? ethernet::priority_of(*packet.message.bytes).pcp
                       : 0u;
  const PortQueues::Queue& s = settings_.queues[i];
  const int64_t packets = s.queue_packets > 0 ? s.queue_packets : p_.queue_packets;
  return queues_[i].packets.push(packet, now, p_, s.queue_bytes > 0 ? s.queue_bytes : limit_bytes_, packets,
                                 0, 0, random);
}

Egress::Next PortEgress::pop(SimTime now, const PacketQueue::Dropped& dropped) {
  Next none;
  std::array<int64_t, 8> head{};  // size of the packet that may leave; 0: none
  bool any_weighted = false;
  Queue* chosen = nullptr;
  size_t index = 0;
  for (size_t i = 8; i-- > 0;) {
    Queue& q = queues_[i];
    const LinkRecord* packet = q.packets.empty() ? nullptr : q.packets.peek(now, p_, dropped);
    if (!packet) {
      q.deficit = 0;
      q.in_turn = false;
      continue;
    }
    const int64_t bytes = packet->size();
    Duration wait;
    if (settings_.queues[i].max_rate_bps > 0) wait = std::max(wait, lack(q.rate, bytes, now));
    if (settings_.max_rate_bps > 0) wait = std::max(wait, lack(port_, bytes, now));
    if (p_.burst_bytes > 0) wait = std::max(wait, lack(filter_, bytes, now));
    if (wait > Duration()) {
      none.retry = std::min(none.retry, now + wait);
      continue;
    }
    head[i] = std::max<int64_t>(bytes, 1);
    if (settings_.queues[i].weight == 0) {
      chosen = &q;
      index = i;
      break;
    }
    any_weighted = true;
  }
  // Deficit round robin: a queue gets its quantum when its turn comes and keeps the turn while it lasts.
  while (!chosen && any_weighted) {
    Queue& q = queues_[turn_];
    if (head[turn_] > 0 && settings_.queues[turn_].weight > 0) {
      if (!q.in_turn) q.deficit += kQuantum * settings_.queues[turn_].weight;
      q.in_turn = true;
      if (q.deficit >= head[turn_]) {
        q.deficit -= head[turn_];
        chosen = &q;
        index = turn_;
        break;
      }
    }
    q.in_turn = false;
    turn_ = (turn_ + 7) % 8;
  }
  if (!chosen) return none;
  LinkRecord packet = chosen->packets.pop(now);
  const int64_t bytes = packet.size();
  if (settings_.queues[index].max_rate_bps > 0) chosen->rate.spend(now, bytes);
  if (settings_.max_rate_bps > 0) port_.spend(now, bytes);
  if (p_.burst_bytes > 0) filter_.spend(now, bytes);
  return {.packet = std::move(packet)};
}

int64_t PortEgress::bytes() const {
  int64_t sum = 0;
  for (const Queue& q : queues_) sum += q.packets.bytes();
  return sum;
}

int64_t PortEgress::packets() const {
  int64_t sum = 0;
  for (const Queue& q : queues_) sum += static_cast<int64_t>(q.packets.size());
  return sum;
}

std::deque<LinkRecord> PortEgress::take_all() {
  std::deque<LinkRecord> all;
  for (Queue& q : queues_)
    for (LinkRecord& r : q.packets.take_all()) all.push_back(std::move(r));
  std::stable_sort(all.begin(), all.end(),
                   [](const LinkRecord& a, const LinkRecord& b) { return a.number < b.number; });
  return all;
}

}  // namespace xedgesim::net
