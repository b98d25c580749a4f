#pragma once
#include <array>

#include "net/link/shaper.h"

namespace xedgesim::net {

/// The egress side of a switch port: eight queues by priority. Strict ones are served from 7 down; the others
/// share what they leave by deficit round robin.
struct PortQueues {
  struct Queue {
    int64_t weight = 0;         ///< 0: strict; else its part in the round
    int64_t max_rate_bps = 0;   ///< 0: no limit
    int64_t queue_packets = 0;  ///< 0: the link's `queue` for each
    int64_t queue_bytes = 0;    ///< 0: no limit
    bool operator==(const Queue&) const = default;
  };
  std::array<Queue, 8> queues{};
  int64_t max_rate_bps = 0;    ///< of the port; 0: no limit
  int64_t burst_bytes = 3028;  ///< of max_rate_bps and of each queue's
  bool operator==(const PortQueues&) const = default;
};

/// Those queues in front of a line. A token bucket filter of the link's parameters stays in force behind
/// them.
class PortEgress final : public Egress {
 public:
  PortEgress(const LinkParameters& p, const PortQueues& settings, SimTime now);
  std::optional<DropReason> push(LinkRecord& packet, SimTime now, int64_t service_bytes,
                                 int64_t service_packets, RandomStream& random) override;
  Next pop(SimTime now, const PacketQueue::Dropped& dropped) override;
  int64_t bytes() const override;
  int64_t packets() const override;
  std::deque<LinkRecord> take_all() override;

 private:
  struct Queue {
    PacketQueue packets;
    TokenBucket rate;
    int64_t deficit = 0;
    bool in_turn = false;  // has had its quantum for this turn
  };
  static constexpr int64_t kQuantum = 1514;  // for weight 1

  const LinkParameters& p_;
  PortQueues settings_;
  int64_t limit_bytes_;
  std::array<Queue, 8> queues_;
  TokenBucket port_, filter_;
  size_t turn_ = 7;
};

}  // namespace xedgesim::net
