#include "ml/compute_model.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/error.h"

namespace xedgesim::ml {
namespace {

/// A year, so that no figure of a scenario can leave the range of Duration.
constexpr double kLongestS = 365.0 * 86400;

}  // namespace

std::span<const ComputeTarget> known_compute_targets() {
  static const ComputeTarget kTargets[] = {
      {"raspberry-pi-3", 1.2e9, Duration::us(60), 0.08},  // Cortex-A53 1.2 GHz, 4 fp32 MAC a cycle
      {"raspberry-pi-4", 1.5e9, Duration::us(35), 0.06},  // Cortex-A72 1.5 GHz, 4 a cycle
      {"raspberry-pi-5", 4.8e9, Duration::us(15), 0.05},  // Cortex-A76 2.4 GHz, 8 a cycle
      {"x86-server", 12e9, Duration::us(6), 0.04},        // AVX2 3 GHz, 16 a cycle
  };
  return kTargets;
}

const ComputeTarget& compute_target(std::string_view name) {
  const auto targets = known_compute_targets();
  const auto found =
      std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.name == name; });
  if (found != targets.end()) return *found;
  std::string names;
  for (const ComputeTarget& t : targets) names += (names.empty() ? "" : ", ") + t.name;
  throw ConfigError("there is no compute target '" + std::string(name) + "'; known are " + names +
                    ", or give macs_per_s and overhead");
}

ComputeModel::ComputeModel(ComputeTarget target, uint64_t seed, std::string_view node)
    : target_(std::move(target)), random_(seed, node, "ml/compute") {
  const bool sound = std::isfinite(target_.macs_per_s) && target_.macs_per_s > 0 &&
                     target_.overhead >= Duration() && target_.overhead.count_s() <= kLongestS &&
                     std::isfinite(target_.jitter) && target_.jitter >= 0 && target_.jitter <= 1;
  if (!sound)
    throw ConfigError("compute target '" + target_.name + "' of '" + std::string(node) +
                      "': macs_per_s must be positive, overhead not negative and jitter between 0 and 1");
}

Duration ComputeModel::typical_inference(uint64_t macs) const {
  const Duration busy =
      Duration::seconds(std::min(static_cast<double>(macs) / target_.macs_per_s, kLongestS));
  return std::max(target_.overhead + busy, Duration::ns(1));
}

Duration ComputeModel::next_inference(uint64_t macs) {
  const double factor = std::exp(random_.normal(0, target_.jitter));
  return std::max(Duration::seconds(std::min(typical_inference(macs).count_s() * factor, kLongestS)),
                  Duration::ns(1));
}

}  // namespace xedgesim::ml
