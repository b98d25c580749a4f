#pragma once
#include "base/rng.h"
#include "net/radio/receiver.h"

namespace xedgesim::net {

/// The PSDU as a receiver got it: bits flipped at random within the first erroneous chunk (at least one, also
/// when the chunk covers the header only), and everything unsent after an abort replaced by random bytes.
/// Never equal to what was sent.
sim::SharedBytes corrupt(const Transmission& t, const Receiver::Quality& q, RandomStream& random);

}  // namespace xedgesim::net
