#pragma once
#include "scenario/device.h"
#include "scenario/linux_node.h"
#include "scenario/network.h"
#include "scenario/places.h"
#include "scenario/results.h"
#include "scenario/service_node.h"

namespace xedgesim::scenario {

struct ScenarioMeta {
  enum class Clock { automatic, virtual_time, wall };
  std::string name;
  std::string description;
  Duration duration = Duration::s(60);
  uint64_t seed = 1;
  Clock clock = Clock::automatic;
  bool operator==(const ScenarioMeta&) const = default;
};

/// A scenario file after includes, defaults, kinds, variables and overrides: every value is in range
/// and every name refers to something.
struct Scenario {
  ScenarioMeta meta;  ///< section `scenario`
  std::vector<Device> devices;
  Network network;
  std::vector<Switch> switches;
  std::vector<LinuxNode> nodes;
  std::vector<Link> links;
  std::map<std::string, Profile> profiles;  ///< the user's; see find_profile()
  std::vector<EdgeNode> edge;
  std::vector<CloudNode> cloud;
  Metrics metrics;
  std::vector<Fault> faults;
  Validation validation;
  Places places;  ///< of the keys in the files
  bool operator==(const Scenario&) const = default;
};

/// The user's profile of that name, else the built-in `default`, `constrained` or `lossy` (seed:
/// tc-simulate-constraints), else nothing.
std::optional<Profile> find_profile(const Scenario& scenario, const std::string& name);

}  // namespace xedgesim::scenario
