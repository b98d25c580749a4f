#include "net/link/shaper.h"

#include <algorithm>

#include "base/error.h"
#include "net/ethernet/frame.h"

namespace xedgesim::net {
namespace {

constexpr int64_t kMtu = 1514;

bool holds(const std::vector<int64_t>& values, int64_t v) {
  return std::find(values.begin(), values.end(), v) != values.end();
}

/// tc's default: what flows in a timer tick, and one packet.
int64_t burst_of(int64_t bytes, int64_t rate_bps) { return bytes > 0 ? bytes : rate_bps / 8 / 1000 + kMtu; }

}  // namespace

Duration time_at_rate(int64_t bytes, int64_t rate_bps) {
  return Duration::ns(static_cast<int64_t>(static_cast<__int128>(bytes) * 8'000'000'000 / rate_bps));
}

void TokenBucket::spend(SimTime now, int64_t bytes) {
  credit_ = credit(now) - cost(bytes);
  since_ = now;
}

std::unique_ptr<Egress> Egress::make(const LinkParameters& p, SimTime now) {
  if (p.classes.empty()) return std::make_unique<PlainEgress>(p, now);
  return std::make_unique<ClassEgress>(p, now);
}

// ---- one queue --------------------------------------------------------------------------------------------

PlainEgress::PlainEgress(const LinkParameters& p, SimTime now) : p_(p), limit_bytes_(p.queue_limit_bytes()) {
  if (p.burst_bytes > 0) {
    rate_ = TokenBucket(p.rate_bps, p.burst_bytes);
    rate_.spend(now, 0);
  }
  if (p.peak_rate_bps > 0) {
    peak_ = TokenBucket(p.peak_rate_bps, p.mtu_bytes);
    peak_.spend(now, 0);
  }
}

std::optional<DropReason> PlainEgress::push(LinkRecord& packet, SimTime now, int64_t service_bytes,
                                            int64_t service_packets, RandomStream& random) {
  if (p_.burst_bytes > 0 &&
      packet.size() > (p_.peak_rate_bps > 0 ? std::min(p_.burst_bytes, p_.mtu_bytes) : p_.burst_bytes))
    return DropReason::too_large;
  return queue_.push(packet, now, p_, limit_bytes_, p_.queue_packets, service_bytes, service_packets, random);
}

Egress::Next PlainEgress::pop(SimTime now, const PacketQueue::Dropped& dropped) {
  const LinkRecord* head = queue_.peek(now, p_, dropped);
  if (!head) return {};
  if (p_.burst_bytes > 0) {
    const int64_t bytes = head->size();
    Duration lack = rate_.cost(bytes) - rate_.credit(now);
    if (p_.peak_rate_bps > 0) lack = std::max(lack, peak_.cost(bytes) - peak_.credit(now));
    if (lack > Duration()) return {.packet = std::nullopt, .retry = now + lack};
    rate_.spend(now, bytes);
    if (p_.peak_rate_bps > 0) peak_.spend(now, bytes);
  }
  return {.packet = queue_.pop(now)};
}

// ---- classes ----------------------------------------------------------------------------------------------

ClassEgress::ClassEgress(const LinkParameters& p, SimTime now) : p_(p) {
  if (p.rate_bps > 0) {
    Node root;
    const int64_t burst = burst_of(p.burst_bytes, p.rate_bps);
    root.rate = root.ceil = TokenBucket(p.rate_bps, burst);
    root.leaf = false;
    nodes_.push_back(std::move(root));
  }
  const int first_parent = nodes_.empty() ? -1 : 0;
  for (const ShaperClass& c : p.classes) {
    Node n;
    n.settings = &c;
    n.parent = first_parent;
    for (size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].settings && nodes_[i].settings->name == c.parent) n.parent = static_cast<int>(i);
    const int64_t ceil = c.ceil_bps > 0 ? c.ceil_bps : c.rate_bps;
    n.rate = TokenBucket(c.rate_bps, burst_of(c.burst_bytes, c.rate_bps));
    n.ceil = TokenBucket(ceil, burst_of(c.burst_bytes, ceil));
    n.quantum = c.quantum > 0 ? c.quantum : std::clamp<int64_t>(c.rate_bps / 80, kMtu, 200'000);
    nodes_.push_back(std::move(n));
    if (nodes_.back().parent >= 0) nodes_[static_cast<size_t>(nodes_.back().parent)].leaf = false;
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].rate.spend(now, 0);
    nodes_[i].ceil.spend(now, 0);
    if (nodes_[i].leaf) leaves_.push_back(static_cast<int>(i));
  }
}

int ClassEgress::class_of(const LinkRecord& packet) const {
  ethernet::Priority key = packet.code == kFrameCode && packet.message.bytes
                               ? ethernet::priority_of(*packet.message.bytes)
                               : ethernet::Priority{};
  if (packet.priority > 0) key.pcp = static_cast<uint8_t>(packet.priority - 1);
  int fallback = leaves_.back();
  bool have_fallback = false;
  for (int leaf : leaves_) {
    const ShaperClass& c = *nodes_[static_cast<size_t>(leaf)].settings;
    if (c.pcps.empty() && c.dscps.empty() && c.vlans.empty()) {
      if (!have_fallback) fallback = leaf;
      have_fallback = true;
    } else if (holds(c.pcps, key.pcp) || holds(c.dscps, key.dscp) || holds(c.vlans, key.vid)) {
      return leaf;
    }
  }
  return fallback;
}

std::optional<DropReason> ClassEgress::push(LinkRecord& packet, SimTime now, int64_t, int64_t,
                                            RandomStream& random) {
  Node& n = nodes_[static_cast<size_t>(class_of(packet))];
  return n.queue.push(packet, now, p_, 0, n.settings->queue_packets, 0, 0, random);
}

ClassEgress::Offer ClassEgress::offer(const Node& leaf, SimTime now) const {
  // A class that is at its ceiling holds its children back too; the first one on the way up that is within
  // its rate lends.
  Duration ceilings;
  Offer best{.level = -1, .when = SimTime::never()};
  int level = 0;
  for (const Node* n = &leaf;; n = &nodes_[static_cast<size_t>(n->parent)], ++level) {
    ceilings = std::max(ceilings, -n->ceil.credit(now));
    const Duration wait = std::max(ceilings, -n->rate.credit(now));
    if (wait <= Duration()) return {.level = level, .when = now};
    best.when = std::min(best.when, now + wait);
    if (n->parent < 0) return best;
  }
}

Egress::Next ClassEgress::pop(SimTime now, const PacketQueue::Dropped& dropped) {
  Next none;
  std::optional<std::pair<int, int64_t>> best;
  std::vector<std::pair<int, int64_t>> keys(leaves_.size(), {-1, 0});
  for (size_t i = 0; i < leaves_.size(); ++i) {
    Node& leaf = nodes_[static_cast<size_t>(leaves_[i])];
    if (!leaf.queue.peek(now, p_, dropped)) continue;
    const Offer o = offer(leaf, now);
    keys[i] = {o.level, leaf.settings->priority};
    if (o.level < 0) none.retry = std::min(none.retry, o.when);
    if (o.level >= 0 && (!best || keys[i] < *best)) best = keys[i];
  }
  if (!best) return none;
  const int level = best->first;
  size_t& turn = turns_[*best];
  while (keys[turn] != *best) turn = (turn + 1) % leaves_.size();
  Node& chosen = nodes_[static_cast<size_t>(leaves_[turn])];
  const int64_t bytes = chosen.queue.peek(now, p_, dropped)->size();
  // The one whose turn it is stays until its quantum is used up.
  chosen.deficit.resize(nodes_.size());
  int64_t& deficit = chosen.deficit[static_cast<size_t>(level)];
  deficit -= bytes;
  if (deficit < 0) {
    deficit += chosen.quantum;
    turn = (turn + 1) % leaves_.size();
  }
  // Who lends pays, and those above it; those below it only come nearer to their ceilings.
  int height = 0;
  for (Node* n = &chosen;; n = &nodes_[static_cast<size_t>(n->parent)], ++height) {
    n->rate.spend(now, height >= level ? bytes : 0);
    n->ceil.spend(now, bytes);
    if (n->parent < 0) break;
  }
  return {.packet = chosen.queue.pop(now)};
}

int64_t ClassEgress::bytes() const {
  int64_t sum = 0;
  for (const Node& n : nodes_) sum += n.queue.bytes();
  return sum;
}

int64_t ClassEgress::packets() const {
  int64_t sum = 0;
  for (const Node& n : nodes_) sum += static_cast<int64_t>(n.queue.size());
  return sum;
}

std::deque<LinkRecord> ClassEgress::take_all() {
  std::deque<LinkRecord> all;
  for (Node& n : nodes_)
    for (LinkRecord& r : n.queue.take_all()) all.push_back(std::move(r));
  std::stable_sort(all.begin(), all.end(),
                   [](const LinkRecord& a, const LinkRecord& b) { return a.number < b.number; });
  return all;
}

}  // namespace xedgesim::net
