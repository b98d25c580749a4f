#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"

namespace xedgesim::isa::test {

/// A random program for the Board: blocks of random instructions that branch, call and return to each other,
/// access RAM, flash, a device and nothing at all, and go on when a fault or an interrupt has been handled.
/// `listing` is for failure messages.
std::vector<uint8_t> random_program(RandomStream& random, std::string& listing);

}  // namespace xedgesim::isa::test
