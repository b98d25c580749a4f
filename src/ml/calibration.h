#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "ml/compute_model.h"

namespace xedgesim::ml {

/// Time of single inferences on this host.
struct Timing {
  uint64_t macs = 0;
  Duration median, p95;
  double jitter =
      0;  ///< standard deviation of the time's logarithm, from the quartiles: outliers do not count
};

/// Runs `infer` `repetitions` times (at least 8), after a tenth of that to warm up, and looks at `clock`
/// (nanoseconds) before and after each.
Timing time_inferences(const std::function<void()>& infer, uint64_t macs, size_t repetitions,
                       const std::function<int64_t()>& clock);

/// The host as a compute model: t = overhead + MACs / rate through the medians of a small and of a large
/// dense network.
struct HostSpeed {
  double macs_per_s = 0;
  Duration overhead;
};
/// ConfigError when the larger one was not slower: the clock is too coarse or the host too busy.
HostSpeed host_speed(const Timing& small, const Timing& large);

/// What a service on `target` is given for this model: `factor` times the host's median, of which MACs / the
/// target's rate is the computing and the rest (at least a microsecond) the overhead; the host's jitter.
ComputeTarget scaled_to(const ComputeTarget& target, const Timing& model, double factor);

/// An ONNX model of dense layers of `width` with seeded weights, as the yardstick for host_speed().
std::vector<uint8_t> yardstick_model(int64_t width, int layers);
uint64_t yardstick_macs(int64_t width, int layers);

}  // namespace xedgesim::ml
