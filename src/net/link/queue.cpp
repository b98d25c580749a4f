#include "net/link/queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xedgesim::net {

bool Red::drop(const RedSettings& s, int64_t backlog, SimTime now, int64_t rate_bps, RandomStream& random) {
  if (weight_ == 0 || known_ != s) {
    known_ = s;
    weight_ = s.weight();
  }
  const double w = weight_;
  if (!idle_since_.is_never()) {
    // As if small packets had left an empty queue all the idle time.
    const double gone = rate_bps > 0 ? (now - idle_since_).count_s() * static_cast<double>(rate_bps) /
                                           (8.0 * static_cast<double>(s.average_packet))
                                     : 1e9;
    average_ *= std::pow(1 - w, gone);
    idle_since_ = SimTime::never();
  } else {
    average_ += w * (static_cast<double>(backlog) - average_);
  }
  const auto low = static_cast<double>(s.min_bytes), high = static_cast<double>(s.max_bytes);
  if (average_ < low) {
    since_drop_ = -1;
    return false;
  }
  if (average_ >= high) {
    since_drop_ = -1;
    return true;
  }
  if (++since_drop_ == 0) {
    threshold_ = random.uniform();
    return false;
  }
  const double p = s.probability * (average_ - low) / (high - low);
  if (static_cast<double>(since_drop_) * p < threshold_) return false;
  since_drop_ = 0;
  threshold_ = random.uniform();
  return true;
}

bool Codel::above_target_long(const CodelSettings& s, Duration sojourn, int64_t backlog, SimTime now) {
  if (sojourn < s.target || backlog <= s.mtu) {
    first_above_ = SimTime::zero();
    return false;
  }
  if (first_above_ == SimTime::zero()) {
    first_above_ = now + s.interval;
    return false;
  }
  return now >= first_above_;
}

SimTime Codel::control_law(const CodelSettings& s, SimTime t) const {
  return t + Duration::ns(std::llround(static_cast<double>(s.interval.count_ns()) /
                                       std::sqrt(static_cast<double>(count_))));
}

bool Codel::drop(const CodelSettings& s, Duration sojourn, int64_t backlog, SimTime now) {
  const bool above = above_target_long(s, sojourn, backlog, now);
  if (dropping_) {
    if (!above) {
      dropping_ = false;
      return false;
    }
    if (now < drop_next_) return false;
    ++count_;
    drop_next_ = control_law(s, drop_next_);
    return true;
  }
  if (!above) return false;
  dropping_ = true;
  // Where the last episode was not long ago, go on at the rate it had found (RFC 8289 5.6).
  const int64_t delta = count_ - last_count_;
  const bool recent = now - drop_next_ < s.interval * 16;
  count_ = delta > 1 && recent ? delta : 1;
  last_count_ = count_;
  drop_next_ = control_law(s, now);
  return true;
}

std::optional<DropReason> PacketQueue::push(LinkRecord& packet, SimTime now, const LinkParameters& p,
                                            int64_t limit_bytes, int64_t limit_packets, int64_t service_bytes,
                                            int64_t service_packets, RandomStream& random) {
  const int64_t waiting = static_cast<int64_t>(size()) + service_packets;
  if (waiting > 0 && ((limit_bytes > 0 && bytes_ + service_bytes + packet.size() > limit_bytes) ||
                      (limit_packets > 0 && waiting >= limit_packets)))
    return DropReason::queue_full;
  if (p.discipline == QueueDiscipline::red && red_.drop(p.red, bytes_, now, p.rate_bps, random))
    return DropReason::early;
  bytes_ += packet.size();
  packets_.push_back(std::move(packet));
  return std::nullopt;
}

const LinkRecord* PacketQueue::peek(SimTime now, const LinkParameters& p, const Dropped& dropped) {
  while (!head_ && !packets_.empty()) {
    LinkRecord next = std::move(packets_.front());
    packets_.pop_front();
    if (p.discipline == QueueDiscipline::codel &&
        codel_.drop(p.codel, now - next.entered, bytes_ - next.size(), now)) {
      bytes_ -= next.size();
      dropped(next, DropReason::delay);
      continue;
    }
    head_ = std::move(next);
  }
  return head_ ? &*head_ : nullptr;
}

LinkRecord PacketQueue::pop(SimTime now) {
  LinkRecord out = std::move(*head_);
  head_.reset();
  bytes_ -= out.size();
  if (packets_.empty()) red_.became_empty(now);
  return out;
}

std::deque<LinkRecord> PacketQueue::take_all() {
  if (head_) packets_.push_front(std::move(*head_));
  head_.reset();
  bytes_ = 0;
  return std::exchange(packets_, {});
}

}  // namespace xedgesim::net
