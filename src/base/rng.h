#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace xedgesim {

/// A counter-based random stream: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as
/// 1, 2, 3", SC'11), keyed by (seed, node, purpose). Streams are independent of each other, so adding a
/// node or a purpose never shifts another stream's numbers. Meets UniformRandomBitGenerator.
///
/// The distributions below are our own because the standard library's are not specified bit by bit.
class RandomStream {
 public:
  using result_type = uint32_t;
  RandomStream(uint64_t seed, std::string_view node, std::string_view purpose);

  static constexpr uint32_t min() { return 0; }
  static constexpr uint32_t max() { return 0xffffffffu; }
  /// Next 32 uniform bits.
  uint32_t operator()() {
    if (left_ == 0) refill();
    return block_[4 - left_--];
  }
  /// Next 64 uniform bits.
  uint64_t next64() {
    const uint64_t hi = (*this)();
    return hi << 32 | (*this)();
  }
  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }
  /// Uniform in [lo, hi).
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  /// Uniform integer in [0, bound); bound >= 1. Unbiased.
  uint32_t below(uint32_t bound);
  /// Normal by Box-Muller (both values used).
  double normal(double mean, double stddev);
  /// Exponential with the given mean.
  double exponential(double mean);
  bool chance(double probability) { return uniform() < probability; }
  /// What as many calls of chance() would have returned, faster.
  void chances(double probability, std::span<bool> out);

 private:
  void refill();
  void fill(std::span<uint32_t> out);
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  unsigned left_ = 0;
  bool have_spare_normal_ = false;
  double spare_normal_ = 0;
};

}  // namespace xedgesim
