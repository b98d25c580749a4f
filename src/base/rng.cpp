#include "base/rng.h"

#include <xxhash.h>

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

uint32_t RandomStream::operator()() {
  if (left_ == 0) refill();
  return block_[4 - left_--];
}

uint64_t RandomStream::next64() {
  const uint64_t hi = (*this)();
  return hi << 32 | (*this)();
}

double RandomStream::uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }

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
