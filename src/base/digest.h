#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace xedgesim {

/// Streaming 128-bit hash (XXH3) for run digests and content keys. Not for security.
/// Integers enter as eight little-endian bytes, so the value is the same on every host.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void add(int64_t v);
  /// One after the other, without their number.
  void add_each(std::span<const int64_t> values);
  void add(std::span<const uint8_t> bytes);
  void add(std::string_view text);
  /// 32 lowercase hex digits over everything added so far; more may be added afterwards.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xedgesim
