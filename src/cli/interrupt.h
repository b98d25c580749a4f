#pragma once
#include <atomic>

namespace xedgesim::cli {

/// From now on Ctrl-C and SIGTERM set the flag it returns; a second one ends the program at once.
const std::atomic<bool>& watch_interrupts();

}  // namespace xedgesim::cli
