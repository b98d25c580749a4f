#pragma once
#include <memory>
#include <string>

#include "net/ethernet/igmp.h"
#include "net/ethernet/lag.h"
#include "net/ethernet/mac_table.h"
#include "net/ethernet/rmon.h"
#include "net/ethernet/rstp.h"
#include "net/ethernet/storm.h"
#include "net/ethernet/vlan.h"

namespace xedgesim::net::ethernet {

struct SwitchPortConfig {
  std::string name{};
  VlanPort vlan{};
  std::optional<uint8_t> priority{};  ///< of untagged frames; absent: 0
  StormLimits storm{};
  bool edge = false;  ///< spanning tree: an end station is plugged in
  uint32_t path_cost = 20'000;
};

struct SwitchConfig {
  std::string name{};
  Mac address{};  ///< of the bridge; ports send with it
  std::vector<SwitchPortConfig> ports{};
  std::vector<Lag> lags{};
  size_t table_size = 8192;
  Duration ageing = Duration::s(300);
  bool spanning_tree = false;
  uint16_t spanning_tree_priority = 32768;
  bool igmp_snooping = false;
  bool trust_dscp =
      false;  ///< the priority of IPv4 and IPv6 without a tag is the upper half of the code point
  std::vector<AclRule> acl{};
  std::vector<int> mirror_from{};  ///< both directions of these ports
  int mirror_to = -1;              ///< takes no other traffic
};

/// A frame on its way out.
struct Departure {
  int port = 0;
  uint8_t priority = 0;  ///< queue at the port
  sim::SharedBytes frame{};
};

/// An Ethernet switch without time of its own: frames go in, departures come out. Learning with ageing,
/// VLANs, filtering, storm control, aggregation, mirroring, snooping, spanning tree, counters. Queues and
/// shaping are the cables' (link/port_queues.h). A frame takes no time to cross it. Leaves out: pause frames,
/// LACP negotiation, per-VLAN spanning trees, IPv6 multicast snooping (floods).
class Switch {
 public:
  /// Throws ConfigError when ports are named that do not exist.
  explicit Switch(SwitchConfig config);
  void start(SimTime now, std::vector<Departure>& out);
  /// Every Rstp::kTick, with a spanning tree.
  void tick(SimTime now, std::vector<Departure>& out);
  void carrier(int port, bool up, SimTime now, std::vector<Departure>& out);
  void receive(int port, const sim::SharedBytes& frame, SimTime now, std::vector<Departure>& out);

  const SwitchConfig& config() const { return config_; }
  const Rmon& counters(int port) const { return counters_[static_cast<size_t>(port)]; }
  const Acl& acl() const { return acl_; }
  size_t stations(SimTime now) const { return table_.size(now); }
  std::optional<int> where(uint16_t vlan, Mac mac, SimTime now) const { return table_.find(vlan, mac, now); }
  const Rstp* spanning_tree() const { return rstp_.get(); }

 private:
  struct Arrival {
    int port;     // the cable it came by
    int logical;  // the group's first member, or the port
    const sim::SharedBytes& frame;
    Header header;
    Ingress in;
    SimTime now;
  };
  int logical(int port) const { return logical_[static_cast<size_t>(port)]; }
  bool forwards(int port) const {
    return up_[static_cast<size_t>(port)] && (!rstp_ || rstp_->state(port) == Rstp::State::forwarding);
  }
  void control(const Arrival& a);
  bool admit(Arrival& a, Rmon& counters);
  bool storm(const Arrival& a, std::optional<int> known);
  void snoop(const Arrival& a);
  void flood(const Arrival& a, const std::set<int>* only, std::vector<Departure>& out);
  void leave(const Arrival& a, int port, std::vector<Departure>& out);
  void mirror(const sim::SharedBytes& frame, std::vector<Departure>& out);
  /// The member of a port's group that carries this conversation; -1: none is up.
  int member(int port, const Arrival& a) const;

  SwitchConfig config_;
  MacTable table_;
  Acl acl_;
  IgmpSnooping snooping_;
  std::vector<Rmon> counters_;
  std::vector<int> logical_;
  std::vector<char> up_, mirrored_;
  struct Storm {
    StormBucket broadcast, multicast, unknown;
  };
  std::vector<Storm> storms_;
  std::unique_ptr<Rstp> rstp_;
  std::vector<Departure>* bpdus_ = nullptr;  // where the tree's frames go while it is asked
};

}  // namespace xedgesim::net::ethernet
