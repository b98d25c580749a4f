#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "live/tap_port.h"
#include "net/ethernet/frame.h"

namespace xedgesim::live {

/// A network device of the host (tun.txt of Linux, IFF_TAP) whose cable is in the simulated network. Made
/// with its address and switched on; gone with its descriptor, be it by SIGKILL. Takes CAP_NET_ADMIN.
class Tap {
 public:
  struct Config {
    std::string node{};  ///< for people
    std::string name{};
    net::ethernet::Mac mac{};
    uint32_t ip = 0;  ///< 0: none, and the host itself stays silent on it
    int prefix = 24;
  };
  /// `frame` is called with what the host sends. Throws ConfigError when the device cannot be made.
  Tap(EventLoop& loop, const Config& config, std::function<void(sim::Bytes)> frame);

  /// A frame for the host. False when it does not take it.
  bool send(const sim::Bytes& frame) { return port_->send(frame); }
  void set_carrier(bool up) { port_->set_carrier(up); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<TapPort> port_;
};

}  // namespace xedgesim::live
