#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace xedgesim::net {

/// Gilbert-Elliott loss (tc netem `loss gemodel p r 1-h 1-k`): p = good_to_bad, r = bad_to_good, 1-h =
/// loss_bad, 1-k = loss_good. A packet first moves the state, then is lost with the state's probability. Bad
/// share p/(p+r), mean stay in it 1/r packets.
struct GilbertElliott {
  double good_to_bad = 0, bad_to_good = 1, loss_good = 0, loss_bad = 1;
  bool operator==(const GilbertElliott&) const = default;
};

/// The four-state model (tc netem `loss state p13 p31 p32 p23 p14`): 1 good, in a gap; 2 good, in a burst;
/// 3 lost, in a burst; 4 lost alone, in a gap (and back to 1 with the next packet).
struct FourState {
  double p13 = 0, p31 = 1, p32 = 0, p23 = 1, p14 = 0;
  /// Share of packets lost in the long run: pi3 + pi4.
  double stationary_loss() const;
  bool operator==(const FourState&) const = default;
};

enum class Jitter : uint8_t { none, uniform, normal, pareto, paretonormal };

enum class QueueDiscipline : uint8_t { tail_drop, red, codel };

/// Random early detection with the parameters of tc red. Limits are on the average queue in bytes.
struct RedSettings {
  int64_t min_bytes = 0;
  int64_t max_bytes = 0;
  double probability = 0.02;      ///< of a drop when the average is at max_bytes
  int64_t average_packet = 1000;  ///< bytes
  int64_t burst_packets = 0;  ///< how much of a burst is let through; 0: (2 min + max) / (3 average_packet)
  /// Weight of a new value in the moving average, from the burst as tc does it: a power of two.
  double weight() const;
  bool operator==(const RedSettings&) const = default;
};

/// RFC 8289.
struct CodelSettings {
  Duration target = Duration::ms(5);
  Duration interval = Duration::ms(100);
  int64_t mtu = 1514;  ///< a queue of no more bytes is never dropped from
  bool operator==(const CodelSettings&) const = default;
};

/// One class of a hierarchical token bucket (tc htb).
struct ShaperClass {
  std::string name{};
  std::string parent{};     ///< name of another class, which then has no packets of its own; empty: the link
  int64_t rate_bps = 0;     ///< guaranteed
  int64_t ceil_bps = 0;     ///< with what it borrows; 0: the rate
  int64_t burst_bytes = 0;  ///< at ceil_bps; 0: one MTU and what flows in a millisecond
  int64_t priority = 0;     ///< lower ones are offered spare bandwidth first
  int64_t quantum = 0;  ///< bytes a turn among equals; 0: rate / 80 (a tenth of a second / 8), 1514 at least
  int64_t queue_packets = 1000;
  std::vector<int64_t> pcps{};   ///< 802.1p priorities it takes
  std::vector<int64_t> dscps{};  ///< IP code points it takes
  std::vector<int64_t> vlans{};  ///< VLANs it takes. All three empty: what no class before it took
  bool operator==(const ShaperClass&) const = default;
};

/// What one direction of a link does to packets, in this order: queue, shaper, sending at the line's rate,
/// then on the wire loss, duplication, corruption, delay and reordering.
struct LinkParameters {
  /// With burst_bytes = 0 the rate at which the line sends; else the rate of a token bucket (tc tbf) before
  /// it. 0: unlimited.
  int64_t rate_bps = 0;
  Duration latency{};  ///< propagation, after the last bit has been sent
  Jitter distribution = Jitter::none;
  Duration jitter{};  ///< uniform: latency +- jitter; else the scale (normal: standard deviation)
  double loss = 0;    ///< probability in [0, 1]
  std::optional<GilbertElliott> bursts{};  ///< instead of `loss`
  int64_t queue_bytes = 0;                 ///< waiting or being sent; 0: unlimited
  int64_t queue_packets = 0;               ///< likewise
  bool keep_order = true;                  ///< jitter does not reorder: a packet waits for the one before it
  int64_t overhead_bytes = 0;              ///< framing added to each packet when its sending time is computed
  double jitter_correlation = 0;           ///< of each delay with the one before, in [0, 1)
  double loss_correlation = 0;             ///< of each loss with the one before
  std::optional<FourState> states{};       ///< instead of `loss`
  double corrupt = 0, corrupt_correlation = 0;      ///< share of packets with one bit turned over
  double duplicate = 0, duplicate_correlation = 0;  ///< share of packets that arrive twice
  double reorder = 0, reorder_correlation = 0;      ///< share of packets sent without delay (netem)
  /// Only every gap-th packet is a candidate for reordering; the others are delayed. 0 and 1: all are.
  int64_t reorder_gap = 0;
  int64_t burst_bytes = 0;    ///< bucket of the shaper; a larger packet is dropped
  int64_t peak_rate_bps = 0;  ///< of the shaper's second bucket; 0: none
  int64_t mtu_bytes = 1514;   ///< bucket of the peak rate
  int64_t line_rate_bps = 0;  ///< rate of the line behind a shaper; 0: unlimited
  Duration queue_latency{};   ///< queue limit as a waiting time at rate_bps (tc tbf `latency`); 0: none
  QueueDiscipline discipline = QueueDiscipline::tail_drop;
  RedSettings red{};
  CodelSettings codel{};
  std::vector<ShaperClass> classes{};  ///< not empty: htb instead of one queue, rate_bps is the root's
  bool up = true;                      ///< a link that is down drops what enters; what it holds goes on

  /// The smaller of queue_bytes and what queue_latency allows; 0: unlimited.
  int64_t queue_limit_bytes() const;
  bool operator==(const LinkParameters&) const = default;
};

/// Throws ConfigError that names the link for values out of range.
void check(const std::string& link, const LinkParameters& p);

/// New values for some of the parameters: the argument of a fault, a profile or a `link set`.
struct LinkPatch {
  std::optional<int64_t> rate_bps{};
  std::optional<Duration> latency{};
  std::optional<Jitter> distribution{};
  std::optional<Duration> jitter{};  ///< without a distribution on a link that has none: uniform
  std::optional<double> jitter_correlation{};
  std::optional<double> loss{};  ///< ends bursts and states
  std::optional<double> loss_correlation{};
  std::optional<GilbertElliott> bursts{};
  std::optional<FourState> states{};
  std::optional<double> corrupt{}, corrupt_correlation{}, duplicate{}, duplicate_correlation{}, reorder{},
      reorder_correlation{};
  std::optional<int64_t> reorder_gap{};
  std::optional<int64_t> queue_bytes{}, queue_packets{};
  std::optional<Duration> queue_latency{};
  std::optional<QueueDiscipline> discipline{};
  std::optional<RedSettings> red{};
  std::optional<CodelSettings> codel{};
  std::optional<int64_t> burst_bytes{}, peak_rate_bps{}, mtu_bytes{}, line_rate_bps{}, overhead_bytes{};
  std::optional<bool> keep_order{};
  std::optional<std::vector<ShaperClass>> classes{};
  std::optional<bool> up{};
};

LinkParameters patched(LinkParameters p, const LinkPatch& patch);

}  // namespace xedgesim::net
