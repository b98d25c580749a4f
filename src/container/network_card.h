#pragma once
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/descriptor.h"

namespace xedgesim::container {

/// The network card of a guest: a TAP device whose other end is a descriptor of ours. Without an offload
/// header, so the kernel computes the checksums of what it hands to us.
struct NetworkCard {
  std::string name = "eth0";
  std::array<uint8_t, 6> mac{};
  uint32_t ip = 0;  ///< 10.0.0.1 is 0x0a000001
  int prefix = 24;
  uint32_t gateway = 0;  ///< the way out of the network; 0: none
};

/// A TAP device in the network namespace we are in, with its address, without IPv6, switched on; gone with
/// `device`, which may be there even after a failure. Null, or what could not be done ("make", "set up"),
/// with errno. System calls and the stack only.
const char* make_tap(const NetworkCard& card, int& device);
/// Makes the card in the network namespace that we are in, on the child's side of `report`; does not return
/// when it fails.
int make_card_here(int report, const NetworkCard& card);
/// Makes the card in the network namespace of a process, and gives it its address. Each read of the
/// descriptor is one frame, each write too; the card goes when it is closed. Throws SimulationError.
Descriptor make_card(pid_t process, const NetworkCard& card);
/// Whether its cable is plugged in.
void set_carrier(int card, bool up);

}  // namespace xedgesim::container
