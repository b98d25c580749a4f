#pragma once
#include <compare>
#include <functional>
#include <vector>

#include "net/ethernet/frame.h"

namespace xedgesim::net::ethernet {

constexpr Mac kBridgeGroup{0x0180c2000000};

/// Priority (upper 16 bits) and address of a bridge; the lowest one is the root.
using BridgeId = uint64_t;
constexpr BridgeId bridge_id(uint16_t priority, Mac address) {
  return uint64_t{priority} << 48 | static_cast<uint64_t>(address);
}

/// What a bridge offers on a segment; the smaller, the better (802.1D-2004 17.6).
struct PriorityVector {
  BridgeId root = ~uint64_t{0};
  uint32_t cost = 0xffffffff;
  BridgeId bridge = ~uint64_t{0};
  uint16_t port = 0xffff;
  auto operator<=>(const PriorityVector&) const = default;
};

/// A rapid spanning tree BPDU (802.1D-2004 9.3.3).
struct Bpdu {
  PriorityVector vector;
  enum class Role : uint8_t { unknown, alternate, root, designated } role = Role::designated;
  bool proposal = false, agreement = false, topology_change = false, learning = false, forwarding = false;
  uint8_t message_age = 0;  ///< bridges it has passed
  bool operator==(const Bpdu&) const = default;
};
/// As an LLC frame to the bridge group address.
sim::Bytes build_bpdu(Mac source, const Bpdu& bpdu);
/// Configuration and rapid BPDUs; nothing for anything else or when the frame is too short.
std::optional<Bpdu> parse_bpdu(const Header& header, std::span<const uint8_t> frame);

/// The rapid spanning tree of one bridge: roles of ports, proposal and agreement on point-to-point cables,
/// expiry of what was heard, topology changes. All cables are taken as point-to-point.
/// Leaves out: migration to old STP bridges (their configuration BPDUs are understood), restricted roles,
/// per-VLAN trees, the transmit hold count.
class Rstp {
 public:
  enum class State : uint8_t { discarding, learning, forwarding };
  enum class Role : uint8_t { disabled, alternate, backup, root, designated };
  struct PortConfig {
    uint16_t number = 1;  ///< 1..4095
    uint8_t priority = 128;
    uint32_t cost = 20'000;
    bool edge = false;  ///< forwards at once; a BPDU ends that
  };
  struct Actions {
    std::function<void(int port, const Bpdu&)> send;
    std::function<void(int port)> forget;  ///< what was learned by that port
  };
  static constexpr Duration kHello = Duration::s(2), kForwardDelay = Duration::s(15), kTick = Duration::s(1),
                            kEdgeDelay = Duration::s(3);  ///< without a BPDU a port is taken for an edge
  static constexpr uint8_t kMaxAge = 20;

  Rstp(BridgeId self, std::vector<PortConfig> ports, Actions actions);
  void start(SimTime now);
  void tick(SimTime now);  ///< every kTick
  void link(int port, bool up, SimTime now);
  void heard(int port, const Bpdu& bpdu, SimTime now);

  State state(int port) const { return ports_[static_cast<size_t>(port)].state; }
  Role role(int port) const { return ports_[static_cast<size_t>(port)].role; }
  BridgeId root() const { return root_.root; }
  uint32_t root_cost() const { return root_.cost; }
  uint64_t topology_changes() const { return topology_changes_; }

 private:
  struct Port {
    PortConfig config;
    bool up = true, edge = false;
    Role role = Role::designated;
    State state = State::discarding;
    bool heard_bridge = false;
    SimTime up_since;
    bool has_info = false;  // a better offer than ours was heard
    PriorityVector info;
    uint8_t info_age = 0;
    SimTime info_until;
    SimTime next_state;                        // by the forward delay
    SimTime changing_until = SimTime::zero();  // topology change flag in its BPDUs
    bool proposing = false, agree = false;
    uint16_t id() const { return static_cast<uint16_t>(config.priority << 8 | (config.number & 0xfff)); }
  };
  PriorityVector offer(const Port& p) const;
  void update(SimTime now);
  void set_role(Port& p, Role role, SimTime now);
  void forward(size_t index, SimTime now);
  void sync(size_t but, SimTime now);
  void topology_change(size_t origin, SimTime now);
  void send(size_t index, SimTime now);
  void send_all_designated(SimTime now);

  BridgeId self_;
  std::vector<Port> ports_;
  Actions actions_;
  PriorityVector root_;
  uint8_t root_age_ = 0;
  int root_port_ = -1;
  uint64_t topology_changes_ = 0;
  SimTime next_hello_;
};

}  // namespace xedgesim::net::ethernet
