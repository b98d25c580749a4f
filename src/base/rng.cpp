#include "base/rng.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace xedgesim {
namespace {

constexpr uint32_t kMul0 = 0xD2511F53, kMul1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = uint64_t{kMul0} * c[0];
    const uint64_t p1 = uint64_t{kMul1} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  return c;
}

// As many blocks at once, of this counter and the following ones: the compiler makes vector code of it.
constexpr size_t kLanes = 4;

void philox_lanes(const std::array<uint32_t, 4>& counter, std::array<uint32_t, 2> k, uint32_t* out) {
  std::array<uint32_t, kLanes> a, b, c, d;
  for (size_t i = 0; i < kLanes; ++i) {
    const uint64_t low = (uint64_t{counter[1]} << 32 | counter[0]) + i;
    a[i] = static_cast<uint32_t>(low);
    b[i] = static_cast<uint32_t>(low >> 32);
    c[i] = counter[2];
    d[i] = counter[3];
  }
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < kLanes; ++i) {
      const uint64_t p0 = uint64_t{kMul0} * a[i];
      const uint64_t p1 = uint64_t{kMul1} * c[i];
      a[i] = static_cast<uint32_t>(p1 >> 32) ^ b[i] ^ k[0];
      b[i] = static_cast<uint32_t>(p1);
      c[i] = static_cast<uint32_t>(p0 >> 32) ^ d[i] ^ k[1];
      d[i] = static_cast<uint32_t>(p0);
    }
    k[0] += kWeyl0;
    k[1] += kWeyl1;
  }
  for (size_t i = 0; i < kLanes; ++i) {
    out[4 * i] = a[i];
    out[4 * i + 1] = b[i];
    out[4 * i + 2] = c[i];
    out[4 * i + 3] = d[i];
  }
}

}  // namespace

RandomStream::RandomStream(uint64_t seed, std::string_view node, std::string_view purpose) {
  // The seed is the cipher key; node and purpose choose a 2^66-block lane of the counter space.
  key_ = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  std::string lane(node);
  lane += '\0';
  lane += purpose;
  const uint64_t h = XXH3_64bits(lane.data(), lane.size());
  counter_ = {0, 0, static_cast<uint32_t>(h), static_cast<uint32_t>(h >> 32)};
}

void RandomStream::refill() {
  block_ = philox(counter_, key_);
  if (++counter_[0] == 0) ++counter_[1];
  left_ = 4;
}

void RandomStream::fill(std::span<uint32_t> out) {
  size_t i = 0;
  while (left_ > 0 && i < out.size()) out[i++] = (*this)();
  for (; out.size() - i >= 4 * kLanes; i += 4 * kLanes) {
    philox_lanes(counter_, key_, out.data() + i);
    const uint64_t next = (uint64_t{counter_[1]} << 32 | counter_[0]) + kLanes;
    counter_[0] = static_cast<uint32_t>(next);
    counter_[1] = static_cast<uint32_t>(next >> 32);
  }
  while (i < out.size()) out[i++] = (*this)();
}

void RandomStream::chances(double probability, std::span<bool> out) {
  // uniform() is a multiple of 2^-53 and the scaling exact, so whole numbers may be compared instead.
  const auto below = static_cast<uint64_t>(std::ceil(std::clamp(probability, 0.0, 1.0) * 0x1p53));
  std::array<uint32_t, 256> words;
  while (!out.empty()) {
    const size_t n = std::min(out.size(), words.size() / 2);
    fill(std::span(words).first(2 * n));
    for (size_t i = 0; i < n; ++i) out[i] = (uint64_t{words[2 * i]} << 32 | words[2 * i + 1]) >> 11 < below;
    out = out.subspan(n);
  }
}

uint32_t RandomStream::below(uint32_t bound) {
  // Lemire, "Fast Random Integer Generation in an Interval", 2019.
  uint64_t m = uint64_t{(*this)()} * bound;
  if (static_cast<uint32_t>(m) < bound) {
    const uint32_t threshold = (0u - bound) % bound;
    while (static_cast<uint32_t>(m) < threshold) m = uint64_t{(*this)()} * bound;
  }
  return static_cast<uint32_t>(m >> 32);
}

double RandomStream::normal(double mean, double stddev) {
  if (have_spare_normal_) {
    have_spare_normal_ = false;
    return mean + stddev * spare_normal_;
  }
  const double r = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double phi = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = r * std::sin(phi);
  have_spare_normal_ = true;
  return mean + stddev * r * std::cos(phi);
}

double RandomStream::exponential(double mean) { return -mean * std::log(1.0 - uniform()); }

}  // namespace xedgesim
