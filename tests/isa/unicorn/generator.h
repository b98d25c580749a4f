#pragma once
#include <cstdint>
#include <string>

#include "base/rng.h"
#include "isa/arm/decode.h"
#include "machine.h"

namespace xedgesim::isa::test {

/// A random encoding of the row that the architecture defines (predictable) and that our table decodes to it.
uint32_t random_encoding(const arm::Row& row, RandomStream& random);

/// A start state in which the instruction accesses RAM and branches into code.
State random_state(const arm::Row& row, uint32_t raw, RandomStream& random);

/// Start state for a sequence: bases and memory as above, values interesting.
State random_state(RandomStream& random);

/// Random instruction for a straight-line sequence: writes neither bases (r8..r11, SP) nor the PC.
/// Returns the encoding; `wide` is set.
uint32_t random_straight_line(RandomStream& random, bool& wide, uint16_t& row);

}  // namespace xedgesim::isa::test
