#pragma once
#include <map>
#include <memory>
#include <vector>

#include "lan/responder.h"
#include "live/tap.h"
#include "live/uplink.h"
#include "system/system.h"

namespace xedgesim::live {

/// The host's own part in a system's network: forwarded ports and the way out (`ports`, network.lan.uplink),
/// and its network devices (nodes of type host).
class HostNetwork {
 public:
  /// `responder`: of the first network, which is the one that the host leads into.
  /// Throws ConfigError for what this host or build does not have, or a port that is taken.
  HostNetwork(EventLoop& loop, system::System& system, const lan::Responder& responder);

  /// Makes the device of a node of type host. `frame` is called with what the host sends. Throws ConfigError.
  void add_device(system::MachineNode& node, std::function<void(sim::Bytes)> frame);

  /// A frame for the responder's MAC that the responder leaves to others.
  void outward(std::span<const uint8_t> frame) {
    if (uplink_) uplink_->take(frame);
  }
  Duration prepare(std::vector<pollfd>& waited_for, Duration patience) {
    return uplink_ ? uplink_->prepare(waited_for, patience) : patience;
  }
  void serve() {
    if (uplink_) uplink_->serve();
  }
  /// Forwarded ports or a way out are there.
  bool leads_outside() const { return uplink_ != nullptr; }
  /// For people: a line each.
  std::vector<std::string> told() const { return told_; }

 private:
  EventLoop& loop_;
  struct Card {
    system::HostedMachine* machine = nullptr;
    size_t card = 0;
  };
  std::map<net::ethernet::Mac, Card> cards_;
  std::unique_ptr<Uplink> uplink_;
  std::vector<std::unique_ptr<Tap>> devices_;
  std::vector<std::string> told_;
};

}  // namespace xedgesim::live
