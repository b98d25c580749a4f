#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/time.h"

namespace xedgesim::ml {

/// A machine inferences run on in virtual time.
struct ComputeTarget {
  std::string name;
  double macs_per_s = 0;  ///< sustained multiply-accumulates a second, one core; > 0
  Duration overhead;      ///< of every inference: call, copies, framework
  double jitter = 0;      ///< standard deviation of the whole time's logarithm (0.05 = about 5 %)
};

/// Targets known by name. The figures are declared, not measured: one core at the clock named below with a
/// quarter of the peak SIMD rate for small dense layers, and a typical ONNX Runtime call.
std::span<const ComputeTarget> known_compute_targets();
/// ConfigError with the known names when there is none such.
const ComputeTarget& compute_target(std::string_view name);

/// Inference times on one target: overhead + MACs / rate, times a log-normal factor. Service time only:
/// waiting for the machine is the service's queue, not this model. Limits: no memory bandwidth, no caches, no
/// batch effects.
class ComputeModel {
 public:
  /// ConfigError when the target's figures are no figures (not positive, not finite).
  ComputeModel(ComputeTarget target, uint64_t seed, std::string_view node);

  /// Time of the next inference of `macs` operations: at least 1 ns. Draws once from the node's stream.
  Duration next_inference(uint64_t macs);
  /// The same without jitter.
  Duration typical_inference(uint64_t macs) const;
  const ComputeTarget& target() const { return target_; }

 private:
  ComputeTarget target_;
  RandomStream random_;
};

}  // namespace xedgesim::ml
