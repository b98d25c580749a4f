#include "scenario/expand.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support.h"

namespace xedgesim::scenario {
namespace {

std::vector<DeviceInstance> expanded(const std::string& devices) {
  const LoadResult r = load_text(kHead + "devices:\n" + devices);
  EXPECT_EQ(to_text(r.errors), "");
  return expand_devices(r.scenario);
}

TEST(Expand, NamesAndAddressesCountUp) {
  const auto d = expanded(
      "  - {id: one, type: model}\n  - {id: vib, type: model, count: 3, config: {short_address: 0x10}}\n");
  ASSERT_EQ(d.size(), 4u);
  EXPECT_EQ(d[0].id, "one");
  EXPECT_EQ(d[1].id, "vib_1");
  EXPECT_EQ(d[3].id, "vib_3");
  EXPECT_EQ(d[3].config.short_address, 0x12);
  EXPECT_EQ(d[3].group, 1u);
  EXPECT_EQ(d[3].index, 2u);
}

/// The positions the reference runs of ns-3 were made with (20 devices on a 10 m grid).
TEST(Expand, GridIsTheReferencesGrid) {
  const std::vector<std::pair<int, int>> kReference = {
      {0, -10},   {-10, 0},  {10, 0},   {0, 10},  {-10, -10}, {10, -10},  {-10, 10},
      {10, 10},   {0, -20},  {-20, 0},  {20, 0},  {0, 20},    {-10, -20}, {10, -20},
      {-20, -10}, {20, -10}, {-20, 10}, {20, 10}, {-10, 20},  {10, 20}};
  const auto d = expanded("  - {id: vib, type: model, count: 20, placement: {topology: grid}}\n");
  ASSERT_EQ(d.size(), kReference.size());
  for (size_t i = 0; i < d.size(); ++i) {
    EXPECT_EQ(d[i].position.x_m, kReference[i].first) << i;
    EXPECT_EQ(d[i].position.y_m, kReference[i].second) << i;
  }
}

TEST(Expand, GroupsShareAGridWithoutStandingOnEachOther) {
  const auto d = expanded("  - {id: a, type: model, count: 30}\n  - {id: b, type: model, count: 70}\n");
  std::set<std::pair<double, double>> places = {{0, 0}};
  for (const auto& n : d) EXPECT_TRUE(places.emplace(n.position.x_m, n.position.y_m).second) << n.id;
}

TEST(Expand, GridOfManyHasNoGapNearTheCentre) {
  const auto points = grid_points(10'000, 1);
  double last = 0;
  for (const Position& p : points) {
    const double d = p.x_m * p.x_m + p.y_m * p.y_m;
    EXPECT_GE(d, last);
    last = d;
  }
  // Every point nearer than the last one is there: as many as the circle holds.
  size_t nearer = 0, counted = 0;
  const int reach = static_cast<int>(std::sqrt(last)) + 1;
  for (int y = -reach; y <= reach; ++y)
    for (int x = -reach; x <= reach; ++x) nearer += (x || y) && x * x + y * y < last;
  for (const Position& p : points) counted += p.x_m * p.x_m + p.y_m * p.y_m < last;
  EXPECT_EQ(counted, nearer);
}

TEST(Expand, LineCircleRandomAndPositions) {
  const auto d = expanded(
      "  - {id: l, type: model, count: 2, placement: {topology: line, spacing: 5m, origin: [1m, 2m]}}\n"
      "  - {id: c, type: model, count: 4, placement: {topology: circle, radius: 10m}}\n"
      "  - {id: r, type: model, count: 50, placement: {topology: random, radius: 30m}}\n"
      "  - {id: p, type: model, count: 2, placement: {positions: [[1m, 2m], [3m, 4m, 5m]]}}\n"
      "  - {id: s, type: model, position: [7m, 8m]}\n");
  EXPECT_EQ(d[1].position, (Position{11, 2, 0}));
  EXPECT_NEAR(d[3].position.x_m, 0, 1e-9);
  EXPECT_NEAR(d[3].position.y_m, 10, 1e-9);
  double mean = 0;
  for (size_t i = 6; i < 56; ++i) {
    const double r = std::hypot(d[i].position.x_m, d[i].position.y_m);
    EXPECT_GE(r, 1);
    EXPECT_LE(r, 30);
    mean += r / 50;
  }
  EXPECT_NEAR(mean, 20, 3) << "uniform over a disc: two thirds of the radius on average";
  EXPECT_EQ(d[57].position, (Position{3, 4, 5}));
  EXPECT_EQ(d[58].position, (Position{7, 8, 0}));
}

TEST(Expand, RandomDrawsDependOnSeedAndIdAlone) {
  const std::string r =
      "  - {id: r, type: model, count: 3, clock_drift_spread: 20ppm, placement: {topology: random}}\n";
  const auto alone = expanded(r), again = expanded(r),
             behind = expanded("  - {id: x, type: model, placement: {topology: random}}\n" + r);
  EXPECT_EQ(alone[2].position, again[2].position);
  EXPECT_EQ(alone[2].position, behind[3].position);
  EXPECT_EQ(alone[2].clock_drift_ppm, behind[3].clock_drift_ppm);
  EXPECT_NE(alone[1].clock_drift_ppm, alone[2].clock_drift_ppm);
  EXPECT_LE(std::fabs(alone[1].clock_drift_ppm), 20);
}

TEST(Targets, IdsGroupsGlobsAndTheSeedsSpelling) {
  const LoadResult r = load_text(kHead +
                                 "devices:\n  - {id: vib, type: model, count: 3}\n  - {id: device_1, type: "
                                 "model}\n  - {id: z, type: model}\n"
                                 "edge: [{id: gw}]\ncloud: [{id: sky}]\nswitches: [{id: sw}]\nnetwork: "
                                 "{wired: {gateway_to_cloud: {}}}\n");
  ASSERT_EQ(to_text(r.errors), "");
  const NameTable names(r.scenario);
  const auto ids = [&](const Targets& t) {
    std::string out;
    for (const NamedNode& n : names.resolve(t)) out += n.id + " ";
    return out;
  };
  EXPECT_EQ(ids({"vib"}), "vib_1 vib_2 vib_3 ");
  EXPECT_EQ(ids({"vib_2", "vib_*"}), "vib_2 vib_1 vib_3 ");
  EXPECT_EQ(ids({"device_1"}), "device_1 ") << "a node of that name comes first";
  EXPECT_EQ(ids({"device_2", "device_5"}), "vib_2 z ");
  EXPECT_EQ(ids({"gateway_*", "s?"}), "gateway_to_cloud sw ");
  std::vector<std::string> unknown;
  names.resolve({"device_6", "device_0", "vob", "gw"}, &unknown);
  EXPECT_EQ(unknown, (std::vector<std::string>{"device_6", "device_0", "vob"}));
}

TEST(Targets, Globs) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("a*b*c", "aXXbYYc"));
  EXPECT_FALSE(glob_match("a*b*c", "aXXbYY"));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_TRUE(glob_match("**x", "x"));
}

TEST(Batch, EveryCombinationInAFixedOrder) {
  const BatchResult r = load_batch(kData + "batch.yaml");
  ASSERT_EQ(to_text(r.errors), "");
  const auto runs = expand_batch(r.batch);
  ASSERT_EQ(runs.size(), 2u * 2 * 2 * 3);
  EXPECT_EQ(runs[0].name, "everything-count_10-channel_15-seed_1");
  EXPECT_EQ(runs[1].overrides, (std::vector<std::string>{"devices[0].count=10", "network.wireless.channel=15",
                                                         "scenario.seed=2"}));
  EXPECT_EQ(runs[23].overrides, (std::vector<std::string>{"scenario.duration=20s", "devices[0].count=20",
                                                          "network.wireless.channel=26", "scenario.seed=3"}));
  std::set<std::string> names;
  for (const BatchRun& run : runs) EXPECT_TRUE(names.insert(run.name).second);
}

TEST(Batch, Mistakes) {
  const auto said = [](const std::string& yaml) {
    return to_text(load_batch_text(yaml, "b.yaml", kData, no_files()).errors);
  };
  EXPECT_EQ(said("batch: {scenarios: [a.yaml]}\n"),
            "b.yaml:1:8: batch needs the key 'name': name of the batch\n");
  EXPECT_EQ(said("batch: {name: b, scenarios: []}\n"),
            "b.yaml:1:29: batch.scenarios: there is no scenario: list one\n");
  EXPECT_EQ(said("batch: {name: b, scenarios: [a.yaml], paralel: 2}\n"),
            "b.yaml:1:39: unknown key 'paralel' in batch — did you mean 'parallel'?\n");
  EXPECT_EQ(said("name: b\n"),
            "b.yaml:1:1: unknown key 'name' at the top level — did you mean 'batch.name'?\n");
  EXPECT_EQ(said("batch: {name: b, scenarios: [a.yaml], parallel: 0}\n"),
            "b.yaml:1:49: batch.parallel: 0 is out of range: write a whole number from 1 to 10000\n");
  EXPECT_EQ(said("batch: {name: b, scenarios: [a.yaml], matrix: {a: [1, 2], b: []}}\n"),
            "b.yaml:1:47: batch.matrix: 'b' has no values: list them or remove it\n");
  EXPECT_EQ(said("scenarios: [{name: a, devices: ten}]\n"),
            "b.yaml:1:32: scenarios[0].devices: 'ten' is no mix of devices: write it as '10 Renode + 990 "
            "models'\n");
  EXPECT_NE(to_text(load_batch(kData + "seed_2_5_batch.yaml").errors).find("does not exist"),
            std::string::npos);
}

}  // namespace
}  // namespace xedgesim::scenario
