#pragma once
#include <functional>

#include "base/descriptor.h"
#include "live/event_loop.h"
#include "sim/event.h"

namespace xedgesim::live {

/// Our end of a guest's TAP device in an event loop: one read or write, one frame.
class TapPort {
 public:
  TapPort(EventLoop& loop, Descriptor tap, std::function<void(sim::Bytes)> frame);
  ~TapPort();
  TapPort(const TapPort&) = delete;
  TapPort& operator=(const TapPort&) = delete;

  /// False when the guest does not take it.
  bool send(const sim::Bytes& frame);
  void set_carrier(bool up);

 private:
  void receive();

  EventLoop& loop_;
  Descriptor tap_;
  std::function<void(sim::Bytes)> frame_;
};

}  // namespace xedgesim::live
