#pragma once
#include <poll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/ethernet/frame.h"

namespace xedgesim::live {

/// A way between the machines of a network and the host's sockets: TCP, UDP and pings of the machines end in
/// libslirp, a TCP/IP of its own in this process, which goes on with ordinary sockets. Needs no privileges.
/// Sits behind the responder (lan::Responder), at the machine's end of its cable.
///
/// Limits: IPv4; pings of the outside only where the host lets its users send them (ping_group_range); what
/// comes from the host's loopback appears to come from the responder's address.
class Uplink {
 public:
  struct Neighbour {
    uint32_t ip = 0;
    net::ethernet::Mac mac{};
  };
  struct Forward {
    std::string node{}, written{};  ///< for people
    bool udp = false;
    uint32_t host_ip = 0;
    uint16_t host_port = 0;
    uint32_t ip = 0;
    uint16_t port = 0;
  };
  struct Config {
    uint32_t ip = 0;  ///< the responder's
    net::ethernet::Mac mac{};
    int prefix = 24;
    bool outside = false;        ///< else only what the forwards bring in is answered
    bool host_loopback = false;  ///< `ip` stands for the host's 127.0.0.1
    std::vector<Neighbour> machines{};
    std::vector<Forward> forwards{};
  };
  using Deliver = std::function<void(net::ethernet::Mac to, const sim::Bytes& frame)>;

  /// Why this build has none; empty where it has.
  static std::string missing();
  /// Throws ConfigError for a port that cannot be had.
  Uplink(Config config, Deliver deliver);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  /// A frame that a machine sent to the responder's MAC.
  void take(std::span<const uint8_t> frame);
  /// Adds what is to be waited for, and shortens the patience.
  Duration prepare(std::vector<pollfd>& waited_for, Duration patience);
  /// Does what became possible since.
  void serve();

 private:
  struct Stack;
  std::unique_ptr<Stack> stack_;
};

}  // namespace xedgesim::live
