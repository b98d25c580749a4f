#include "live/tap_port.h"

#include <unistd.h>

#include "container/network_card.h"

namespace xedgesim::live {
namespace {

constexpr size_t kLongestTapFrame = 65536;  // bytes
constexpr int kMostTapFrames = 64;  // at a time, so that one flooding guest does not starve the others

}  // namespace

TapPort::TapPort(EventLoop& loop, Descriptor tap, std::function<void(sim::Bytes)> frame)
    : loop_(loop), tap_(std::move(tap)), frame_(std::move(frame)) {
  loop_.watch(tap_.get(), [this](short) { receive(); });
}

TapPort::~TapPort() { loop_.forget(tap_.get()); }

void TapPort::receive() {
  static thread_local sim::Bytes buffer(kLongestTapFrame);
  for (int i = 0; i < kMostTapFrames; ++i) {
    const ssize_t n = read(tap_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      // The device itself has gone with its namespace: nothing will come any more.
      if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) loop_.forget(tap_.get());
      return;
    }
    frame_(sim::Bytes(buffer.begin(), buffer.begin() + n));
  }
}

bool TapPort::send(const sim::Bytes& frame) {
  return write(tap_.get(), frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}

void TapPort::set_carrier(bool up) { container::set_carrier(tap_.get(), up); }

}  // namespace xedgesim::live
