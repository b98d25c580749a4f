#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/tap.h"
#include "system/system.h"

namespace xedgesim::live {

/// Why a switch of a scenario cannot be Open vSwitch here: no daemon, no privileges, or something that it
/// would silently not do. Empty: it can.
std::string open_vswitch_refusal(const scenario::Switch& config);

/// Switches with backend: ovs that cannot be, become native ones; `log` is told the reason.
void choose_switches(scenario::Scenario& scenario, const std::function<void(const std::string&)>& log);

/// A switch of the scenario as a bridge of the host's Open vSwitch, user-space datapath: each port is a TAP
/// device of ours, so every frame still passes our links, which also have the queues and limits of its ports.
///
/// VLANs, spanning tree, ageing, multicast snooping, mirrors, access rules (flows) and storm control (meters)
/// are Open vSwitch's; the rest is refused above.
class OpenVswitch {
 public:
  /// Throws ConfigError when the bridge cannot be made, or somebody else has one of that name.
  OpenVswitch(EventLoop& loop, system::HostedSwitch& node, std::function<void(const sim::Event&)> post,
              std::function<SimTime()> now);
  ~OpenVswitch();
  OpenVswitch(const OpenVswitch&) = delete;
  OpenVswitch& operator=(const OpenVswitch&) = delete;

  const std::string& bridge() const { return bridge_; }
  static std::string bridge_name(const scenario::Switch& config);
  /// Takes a bridge away that a program of ours left behind. Never throws.
  static void remove(const std::string& bridge) noexcept;

 private:
  void make_bridge(const std::vector<std::string>& devices);
  void refuse_foreign_bridge() const;
  std::vector<std::string> commands(const std::vector<std::string>& devices) const;
  void add_mirror(std::vector<std::string>& commands, const scenario::Mirror& mirror,
                  const std::vector<std::string>& devices) const;
  void add_flows(const std::vector<std::string>& devices);

  system::HostedSwitch& node_;
  std::string bridge_;
  bool made_ = false;
  std::vector<std::unique_ptr<Tap>> ports_;
};

}  // namespace xedgesim::live
