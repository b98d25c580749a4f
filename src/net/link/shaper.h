#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "net/link/queue.h"

namespace xedgesim::net {

/// Time for `bytes` at `rate_bps` (above zero), rounded down.
Duration time_at_rate(int64_t bytes, int64_t rate_bps);

/// Credit in nanoseconds of sending time, as tc tbf and htb keep it. Starts full.
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(int64_t rate_bps, int64_t burst_bytes)
      : rate_bps_(rate_bps), depth_(time_at_rate(burst_bytes, rate_bps)), credit_(depth_) {}
  Duration credit(SimTime now) const { return std::min(depth_, credit_ + (now - since_)); }
  Duration cost(int64_t bytes) const { return time_at_rate(bytes, rate_bps_); }
  /// Takes the cost of `bytes`; the credit may fall below zero. With no bytes only time passes.
  void spend(SimTime now, int64_t bytes);
  Duration depth() const { return depth_; }

 private:
  int64_t rate_bps_ = 1;
  Duration depth_, credit_;
  SimTime since_;
};

/// Where packets wait for the line: one queue, perhaps behind a token bucket filter, or the classes of a
/// hierarchical token bucket. Says what may leave now, or when to ask again.
class Egress {
 public:
  virtual ~Egress() = default;
  /// Takes the packet, or says why not and leaves it. `service_*`: what the line is sending.
  virtual std::optional<DropReason> push(LinkRecord& packet, SimTime now, int64_t service_bytes,
                                         int64_t service_packets, RandomStream& random) = 0;
  struct Next {
    std::optional<LinkRecord> packet;
    SimTime retry = SimTime::never();  ///< without a packet: when one may leave
  };
  virtual Next pop(SimTime now, const PacketQueue::Dropped& dropped) = 0;
  virtual int64_t bytes() const = 0;
  virtual int64_t packets() const = 0;
  virtual std::deque<LinkRecord> take_all() = 0;

  /// What `p` asks for. `p` must outlive it.
  static std::unique_ptr<Egress> make(const LinkParameters& p, SimTime now);
};

/// One queue; with burst_bytes a token bucket filter as tc tbf.
class PlainEgress final : public Egress {
 public:
  PlainEgress(const LinkParameters& p, SimTime now);
  std::optional<DropReason> push(LinkRecord& packet, SimTime now, int64_t service_bytes,
                                 int64_t service_packets, RandomStream& random) override;
  Next pop(SimTime now, const PacketQueue::Dropped& dropped) override;
  int64_t bytes() const override { return queue_.bytes(); }
  int64_t packets() const override { return static_cast<int64_t>(queue_.size()); }
  std::deque<LinkRecord> take_all() override { return queue_.take_all(); }

 private:
  const LinkParameters& p_;
  int64_t limit_bytes_;
  PacketQueue queue_;
  TokenBucket rate_, peak_;
};

/// Classes as tc htb: a class within its rate sends; above it and below its ceiling it borrows from its
/// parent; of those that may send, the ones that borrow least far up come first, then the lower priority
/// number, then by deficit round robin. Leaves out: hysteresis, more than one packet a class at a time.
class ClassEgress final : public Egress {
 public:
  ClassEgress(const LinkParameters& p, SimTime now);
  std::optional<DropReason> push(LinkRecord& packet, SimTime now, int64_t service_bytes,
                                 int64_t service_packets, RandomStream& random) override;
  Next pop(SimTime now, const PacketQueue::Dropped& dropped) override;
  int64_t bytes() const override;
  int64_t packets() const override;
  std::deque<LinkRecord> take_all() override;

 private:
  struct Node {
    const ShaperClass* settings = nullptr;  // null: the root
    int parent = -1;
    bool leaf = true;
    TokenBucket rate, ceil;
    PacketQueue queue;
    int64_t quantum = 0;
    std::vector<int64_t> deficit{};  // by level
  };
  struct Offer {
    int level = -1;  // ancestors to borrow from; -1: may not send
    SimTime when;    // it may
  };
  int class_of(const LinkRecord& packet) const;
  Offer offer(const Node& leaf, SimTime now) const;

  const LinkParameters& p_;
  std::vector<Node> nodes_;
  std::vector<int> leaves_;
  std::map<std::pair<int, int64_t>, size_t> turns_;  // by level and priority: the leaf to be asked first
};

}  // namespace xedgesim::net
