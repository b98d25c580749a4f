#include "cli/interrupt.h"

#include <csignal>

namespace xedgesim::cli {
namespace {

// The only thing a signal handler may touch, and so the one variable that belongs to no object.
std::atomic<bool> interrupted{false};

extern "C" void on_signal(int number) {
  interrupted = true;
  std::signal(number, SIG_DFL);
}

}  // namespace

const std::atomic<bool>& watch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return interrupted;
}

}  // namespace xedgesim::cli
