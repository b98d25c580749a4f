#pragma once
#include <array>
#include <cstdint>

namespace xedgesim::isa::arm {

/// A bit picture as the manual prints an encoding, most significant bit first, blanks ignored:
/// 0 1      fixed bits
/// z u      "should be zero" / "should be one" (not checked when decoding, as on the Cortex-M4)
/// d t n m a  register fields that must not be 15 (otherwise the encoding is treated as undefined)
/// D T N M  the same, 15 allowed
/// others   plain fields. Bits of one letter are concatenated in the order they stand.
struct Picture {
  struct Piece {
    char letter = 0;
    uint8_t shift = 0, width = 0;
  };

  uint32_t mask = 0, value = 0;
  uint32_t should_be = 0, should_be_mask = 0;
  std::array<Piece, 10> pieces{};
  uint8_t piece_count = 0;
  bool wide = false;

  consteval Picture(const char* text) {
    int bits = 0;
    for (const char* p = text; *p; ++p) bits += *p != ' ';
    if (bits != 16 && bits != 32) throw "a picture has 16 or 32 bits";
    wide = bits == 32;
    int bit = bits;
    char previous = 0;
    for (const char* p = text; *p; ++p) {
      if (*p == ' ') continue;
      --bit;
      const uint32_t one = 1u << bit;
      const char letter = *p;
      if (letter == '0' || letter == '1') {
        mask |= one;
        if (letter == '1') value |= one;
      } else if (letter == 'z' || letter == 'u') {
        should_be_mask |= one;
        if (letter == 'u') should_be |= one;
      } else if (letter == previous) {
        --pieces[piece_count - 1].shift;
        ++pieces[piece_count - 1].width;
      } else {
        pieces[piece_count++] = {letter, static_cast<uint8_t>(bit), 1};
      }
      previous = letter;
    }
  }

  constexpr bool matches(uint32_t raw) const { return (raw & mask) == value; }
  constexpr bool overlaps(const Picture& o) const {
    return wide == o.wide && ((value ^ o.value) & mask & o.mask) == 0;
  }
  /// Every encoding of this picture is also one of `o`.
  constexpr bool is_special_case_of(const Picture& o) const { return overlaps(o) && (o.mask & ~mask) == 0; }
};

/// The values of a picture's letters in one encoding.
class Fields {
 public:
  Fields(const Picture& picture, uint32_t raw) {
    for (int i = 0; i < picture.piece_count; ++i) {
      const auto& p = picture.pieces[i];
      uint32_t& v = value_[p.letter - 'A'];
      v = v << p.width | (raw >> p.shift & ((1u << p.width) - 1));
    }
  }
  uint32_t operator[](char letter) const { return value_[letter - 'A']; }

 private:
  std::array<uint32_t, 58> value_{};
};

}  // namespace xedgesim::isa::arm
