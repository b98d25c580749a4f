#include "web/topology.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/whole_file.h"
#include "scenario/load.h"

namespace xedgesim::web {
namespace {

scenario::Scenario load(const std::string& yaml) {
  scenario::LoadOptions options;
  options.check_files = false;
  auto loaded = scenario::load_scenario_text(yaml, "test.yaml", ".", options);
  EXPECT_TRUE(loaded.ok()) << scenario::to_text(loaded.errors);
  return loaded.scenario;
}

Topology shipped(const std::string& name) {
  return topology_of(
      load(read_whole_file(std::string(XEDGESIM_SOURCE_DIR) + "/scenarios/" + name + "/scenario.yaml")));
}

size_t count(const Topology& t, const std::string& kind) {
  return static_cast<size_t>(
      std::count_if(t.nodes.begin(), t.nodes.end(), [&](const auto& n) { return n.kind == kind; }));
}

/// What every drawing keeps: names are unique, edges join nodes that are there, everything lies in the
/// picture, and no node hides another.
void expect_sound(const Topology& t) {
  std::set<std::string> ids;
  for (const auto& n : t.nodes) {
    EXPECT_TRUE(ids.insert(n.id).second) << n.id;
    EXPECT_TRUE(n.x >= 0 && n.x <= t.width && n.y >= 0 && n.y <= t.height) << n.id;
    for (const auto& m : t.nodes)
      EXPECT_TRUE(&m == &n || std::hypot(n.x - m.x, n.y - m.y) > 8) << n.id << " on " << m.id;
  }
  for (const auto& e : t.edges)
    EXPECT_TRUE(ids.contains(e.from) && ids.contains(e.to)) << e.from << " " << e.to;
  const std::string svg = topology_svg(t);
  EXPECT_EQ(static_cast<size_t>(std::count(svg.begin(), svg.end(), '\n')),
            2 + t.edges.size() + 2 * t.nodes.size());
}

TEST(Topology, DevicesAroundTheirGateway) {
  const Topology t = shipped("vibration-monitoring");
  expect_sound(t);
  EXPECT_EQ(count(t, "device"), 20u);
  EXPECT_EQ(count(t, "edge"), 1u);
  EXPECT_EQ(count(t, "cloud"), 1u);
  EXPECT_EQ(t.edges.size(), 21u) << "a radio link each, and the path to the cloud";
}

TEST(Topology, SwitchesWithTheirNodes) {
  const Topology t = shipped("chassis-network");
  expect_sound(t);
  EXPECT_EQ(count(t, "switch"), 2u);
  EXPECT_EQ(count(t, "model"), 6u);
  EXPECT_EQ(t.edges.size(), 8u);
  EXPECT_TRUE(std::any_of(t.edges.begin(), t.edges.end(),
                          [](const auto& e) { return e.label == "uplink2, 100 Mbit/s, 0.002 ms"; }));
}

TEST(Topology, ManyDevicesAreOneNodeAGroup) {
  const Topology t = shipped("scale-10000");
  expect_sound(t);
  EXPECT_LT(count(t, "device"), 20u);
  EXPECT_TRUE(std::any_of(t.nodes.begin(), t.nodes.end(),
                          [](const auto& n) { return n.label.find(" x ") != std::string::npos; }));
}

TEST(Topology, EveryShippedScenarioIsDrawn) {
  for (const char* name : {"hello", "ping", "seed-baseline", "scale-100", "containers", "edge-gateway-vm",
                           "two-machines", "external", "chassis"})
    expect_sound(shipped(name));
}

}  // namespace
}  // namespace xedgesim::web
