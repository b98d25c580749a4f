#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace xedgesim {

/// SHA-256 of FIPS 180-4, fed in pieces.
class Sha256 {
 public:
  void add(std::string_view bytes);
  /// 64 lowercase hex digits over everything added; the object is used up.
  std::string hex();

 private:
  void block(const unsigned char* p);
  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  uint64_t bytes_ = 0;
};

}  // namespace xedgesim
