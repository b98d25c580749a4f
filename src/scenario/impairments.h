#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace xedgesim::scenario {

/// tc netem `loss gemodel`.
struct LossBursts {
  double good_to_bad = 0;
  double bad_to_good = 1;
  double loss_bad = 1;
  double loss_good = 0;
  bool operator==(const LossBursts&) const = default;
};

/// tc netem `loss state`.
struct LossStates {
  double p13 = 0;
  double p31 = 1;
  double p32 = 0;
  double p23 = 1;
  double p14 = 0;
  bool operator==(const LossStates&) const = default;
};

/// tc red.
struct RedQueue {
  int64_t min = 0;  ///< bytes
  int64_t max = 0;  ///< bytes
  double probability = 0.02;
  int64_t average_packet = 1000;  ///< bytes
  std::optional<int64_t> burst;   ///< packets
  bool operator==(const RedQueue&) const = default;
};

struct CodelQueue {
  Duration target = Duration::ms(5);
  Duration interval = Duration::ms(100);
  bool operator==(const CodelQueue&) const = default;
};

/// A class of tc htb.
struct RateClass {
  std::string name;
  std::string parent;
  int64_t rate = 0;              ///< bits a second
  std::optional<int64_t> ceil;   ///< bits a second
  std::optional<int64_t> burst;  ///< bytes
  int64_t priority = 0;
  std::optional<int64_t> quantum;  ///< bytes
  int64_t queue = 1000;            ///< packets
  std::vector<int64_t> pcp, dscp, vlan;
  bool operator==(const RateClass&) const = default;
};

/// What a wired path does to frames. An absent value means: no such effect (bandwidth: unlimited).
struct Impairments {
  enum class Distribution { uniform, normal, pareto, paretonormal };
  enum class Queueing { tail_drop, red, codel };
  std::optional<Duration> latency;
  std::optional<Duration> jitter;  ///< standard deviation or half width, see distribution
  std::optional<double> jitter_correlation;
  std::optional<Distribution> distribution;  ///< absent: uniform
  std::optional<int64_t> bandwidth;          ///< bits a second
  std::optional<double> loss_rate;           ///< 0..1, like every share and correlation here
  std::optional<double> loss_correlation;
  std::optional<LossBursts> loss_bursts;
  std::optional<LossStates> loss_states;
  std::optional<double> corrupt;
  std::optional<double> corrupt_correlation;
  std::optional<double> duplicate;
  std::optional<double> duplicate_correlation;
  std::optional<double> reorder;
  std::optional<double> reorder_correlation;
  std::optional<int64_t> reorder_gap;
  std::optional<bool> keep_order;
  std::optional<bool> up;                 ///< false: unplugged
  std::optional<int64_t> queue;           ///< packets
  std::optional<int64_t> queue_bytes;     ///< bytes
  std::optional<Duration> queue_latency;  ///< longest wait in the queue (tc tbf `latency`)
  std::optional<Queueing> queue_discipline;
  std::optional<RedQueue> red;
  std::optional<CodelQueue> codel;
  std::optional<int64_t> burst;      ///< bytes (tc tbf `burst`)
  std::optional<int64_t> peak_rate;  ///< bits a second (tc tbf `peakrate`)
  std::optional<int64_t> mtu;        ///< bytes (tc tbf `mtu`)
  std::optional<int64_t> line_rate;  ///< bits a second
  std::optional<int64_t> overhead;   ///< bytes a frame
  std::optional<std::vector<RateClass>> classes;
  bool operator==(const Impairments&) const = default;
};

}  // namespace xedgesim::scenario
