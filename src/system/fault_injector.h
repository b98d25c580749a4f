#pragma once
#include <string>
#include <vector>

#include "net/link/link.h"
#include "nodes/codes.h"
#include "scenario/scenario.h"
#include "system/system.h"

namespace xedgesim::system {

/// Makes the events of one fault of the scenario: those at its beginning and, when it has a duration, at its
/// end, each with a line for events.jsonl. What a fault does stands in device_faults.cpp, node_faults.cpp and
/// link_faults.cpp. ConfigError when a target is not of the kind that the fault is for.
class FaultInjector {
 public:
  FaultInjector(System& system, size_t index)
      : system_(system), index_(index), fault_(system.scenario().faults[index]) {}

  void inject(Duration at);

 private:
  std::vector<scenario::NamedNode> targets() const;
  void note(SimTime t, nodes::ObserverCode code);
  void post(SimTime t, sim::ParticipantId target, nodes::ControlCode code, int64_t value = 0,
            int64_t which = 0);

  // Boards: battery, sensors, clocks.
  DeviceNode& device_named(const std::string& id);
  void drain(SimTime begin, const std::string& device);
  void disturb(SimTime begin, SimTime end, const std::string& id);
  void shift_clock(SimTime begin, SimTime end, const std::string& id);

  // Nodes as a whole: off, cut off, slow.
  void pair(SimTime begin, SimTime end, nodes::ControlCode on, nodes::ControlCode off);
  void switch_machines(SimTime begin, SimTime end, nodes::ControlCode at_begin, nodes::ControlCode at_end);
  const MachineNode* machine_named(const std::string& id) const;
  void fail_nodes(SimTime begin, SimTime end);
  void slow_services(SimTime begin, SimTime end);
  void set_links(SimTime t);
  void change_profile(SimTime begin, SimTime end);

  // Wired links.
  void overlay(SimTime begin, SimTime end, const net::LinkPatch& patch);

  System& system_;
  size_t index_;
  const scenario::Fault& fault_;
};

/// The links that a fault's targets name: by their own name, or as those of a node or a switch.
std::vector<net::Link*> fault_links(System& system, const scenario::Fault& fault);
void post_link_change(System& system, const net::Link& link, SimTime t, net::LinkSide side,
                      net::LinkAction action, int64_t patch);
/// Puts a profile in force on every link; no name: none.
void apply_profile(System& system, const std::optional<std::string>& name, SimTime when);
/// Tells the links which ends of profiles leave in force what was put in force since.
void keep_later_profiles(System& system);

}  // namespace xedgesim::system
