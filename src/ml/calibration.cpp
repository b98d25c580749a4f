#include "ml/calibration.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

constexpr double kQuartilesOfNormal = 1.349;  // distance of the quartiles in standard deviations
constexpr size_t kFewest = 8;

}  // namespace

Timing time_inferences(const std::function<void()>& infer, uint64_t macs, size_t repetitions,
                       const std::function<int64_t()>& clock) {
  repetitions = std::max(repetitions, kFewest);
  for (size_t i = 0; i < repetitions / 10 + 1; ++i) infer();
  std::vector<int64_t> ns(repetitions);
  for (int64_t& t : ns) {
    const int64_t begin = clock();
    infer();
    t = std::max<int64_t>(1, clock() - begin);
  }
  std::sort(ns.begin(), ns.end());
  const auto at = [&](double share) {
    return ns[std::min(repetitions - 1, static_cast<size_t>(share * static_cast<double>(repetitions)))];
  };
  return {.macs = macs,
          .median = Duration::ns(at(0.5)),
          .p95 = Duration::ns(at(0.95)),
          .jitter = std::min(1.0, std::log(static_cast<double>(at(0.75)) / static_cast<double>(at(0.25))) /
                                      kQuartilesOfNormal)};
}

HostSpeed host_speed(const Timing& small, const Timing& large) {
  if (large.macs <= small.macs || large.median <= small.median)
    throw ConfigError(
        "the host's speed cannot be told: a larger model took no longer than a small one; try again when the "
        "host is "
        "less busy, or with more --repetitions");
  const double rate = static_cast<double>(large.macs - small.macs) / (large.median - small.median).count_s();
  const Duration overhead = small.median - Duration::seconds(static_cast<double>(small.macs) / rate);
  return {.macs_per_s = rate, .overhead = std::max(overhead, Duration())};
}

ComputeTarget scaled_to(const ComputeTarget& target, const Timing& model, double factor) {
  const Duration whole = Duration::seconds(model.median.count_s() * factor);
  const Duration computing = Duration::seconds(static_cast<double>(model.macs) / target.macs_per_s);
  ComputeTarget out = target;
  out.overhead = std::max(whole - computing, Duration::us(1));
  // A model that the host runs with fewer operations than the target's rate allows for.
  if (whole <= computing + Duration::us(1) && model.macs > 0)
    out.macs_per_s =
        static_cast<double>(model.macs) / std::max(whole - Duration::us(1), Duration::ns(1)).count_s();
  out.jitter = model.jitter;
  return out;
}

std::vector<uint8_t> yardstick_model(int64_t width, int layers) {
  RandomStream random(1, "calibration", "weights");
  Network net;
  net.tensors.push_back({.name = "in", .dims = {1, width}, .quantization = {}});
  net.input = 0;
  for (int i = 0; i < layers; ++i) {
    Layer l;
    l.kind = LayerKind::dense;
    l.name = "dense" + std::to_string(i);
    l.inputs = {i};
    l.output = i + 1;
    l.activation = Activation::relu;
    for (int64_t k = 0; k < width * width; ++k)
      l.weights.push_back(static_cast<float>(random.normal(0, 1) / std::sqrt(static_cast<double>(width))));
    l.bias.assign(static_cast<size_t>(width), 0.1f);
    net.tensors.push_back({.name = l.name, .dims = {1, width}, .quantization = {}});
    net.layers.push_back(std::move(l));
  }
  net.output = layers;
  return write_onnx(net);
}

uint64_t yardstick_macs(int64_t width, int layers) {
  return static_cast<uint64_t>(width * width) * static_cast<uint64_t>(layers);
}

}  // namespace xedgesim::ml
