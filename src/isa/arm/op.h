#pragma once
#include <cstdint>

namespace xedgesim::isa::arm {

class Cpu;
struct Op;
using Handler = void (*)(Cpu&, const Op&);

/// One decoded instruction. Records stand in an array with one entry a halfword, so the next instruction is
/// `advance` bytes further in that array.
struct Op {
  Handler handler = nullptr;
  uint32_t imm = 0;  ///< immediate, register list, or absolute branch/literal address
  int32_t aux = 0;   ///< form-specific: byte distance of a near branch, return address, shift amount ...
  uint8_t rd = 0, rn = 0, rm = 0, ra = 0;
  uint8_t advance =
      0;               ///< bytes to the next instruction's record; 0 where the image ends before the next one
  uint8_t cycles = 0;  ///< static cost; handlers add what depends on the data
  uint16_t row = 0;    ///< row of the decode table, kNoRow when undefined
};

inline constexpr uint16_t kNoRow = 0xFFFF;

}  // namespace xedgesim::isa::arm
