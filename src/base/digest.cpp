#include "base/digest.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace xedgesim {

/// What is added comes in pieces of a few bytes; the hash gets them together, which does not change it.
struct Digest::State {
  XXH3_state_t* xxh = XXH3_createState();
  std::array<uint8_t, 1024> waiting;
  size_t count = 0;
  State() { XXH3_128bits_reset(xxh); }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void flush() {
    XXH3_128bits_update(xxh, waiting.data(), count);
    count = 0;
  }
  void add(uint64_t little_endian) {
    if (waiting.size() - count < sizeof little_endian) flush();
    std::memcpy(waiting.data() + count, &little_endian, sizeof little_endian);
    count += sizeof little_endian;
  }
  void add(const uint8_t* bytes, size_t size) {
    if (size > waiting.size() - count) {
      flush();
      if (size > waiting.size()) {
        XXH3_128bits_update(xxh, bytes, size);
        return;
      }
    }
    std::copy_n(bytes, size, waiting.data() + count);
    count += size;
  }
};

Digest::Digest() : state_(std::make_unique<State>()) {}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::add(int64_t v) {
  auto bits = static_cast<uint64_t>(v);
  if constexpr (std::endian::native != std::endian::little) bits = __builtin_bswap64(bits);
  state_->add(bits);
}

void Digest::add_each(std::span<const int64_t> values) {
  if constexpr (std::endian::native == std::endian::little) {
    state_->add(reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes());
  } else {
    for (const int64_t v : values) add(v);
  }
}

void Digest::add(std::span<const uint8_t> bytes) {
  add(static_cast<int64_t>(bytes.size()));
  state_->add(bytes.data(), bytes.size());
}

void Digest::add(std::string_view text) {
  add(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

std::string Digest::hex() const {
  state_->flush();
  const XXH128_hash_t h = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", h.high64, h.low64);
}

}  // namespace xedgesim
