#include <gtest/gtest.h>

#include "support.h"

namespace xedgesim::scenario {
namespace {

LoadResult with(const std::string& yaml, std::vector<std::string> overrides) {
  LoadOptions o = no_files();
  o.overrides = std::move(overrides);
  return load_text(yaml, o);
}

const std::string kTwo =
    kHead + "devices:\n  - {id: vib, type: model, count: 3}\n  - {id: bulk, type: model}\n";

TEST(Override, SetsAnyPath) {
  const LoadResult r = with(
      kTwo, {"scenario.seed=43", "devices[0].count=100", "network.wireless.channel=15",
             "devices[bulk].config.sample_rate=2kHz", "devices[1].placement={topology: line, spacing: 5m}",
             "metrics.formats=[json]", "scenario.name="});
  EXPECT_EQ(to_text(r.errors),
            "s.yaml:1:11: scenario needs the key 'name': name of the scenario and of its results folder\n");
  EXPECT_EQ(r.scenario.meta.seed, 43u);
  EXPECT_EQ(r.scenario.devices[0].count, 100);
  EXPECT_EQ(r.scenario.network.wireless.channel, 15);
  EXPECT_EQ(r.scenario.devices[1].config.sample_rate_hz, 2000);
  EXPECT_EQ(r.scenario.devices[1].placement.spacing_m, 5);
  EXPECT_EQ(r.scenario.metrics.formats.size(), 1u);
}

TEST(Override, LaterOnesWinAndTheFileIsNotNeededToHaveTheKey) {
  const LoadResult r = with(kTwo, {"scenario.seed=1", "scenario.seed=2", "x-mine.a.b=3"});
  EXPECT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.meta.seed, 2u);
}

TEST(Override, AnEmptyValueTakesAnEntryOutOfItsList) {
  const LoadResult r = with(kTwo, {"devices[0]=", "devices[0].count=7"});
  ASSERT_EQ(to_text(r.errors), "");
  ASSERT_EQ(r.scenario.devices.size(), 1u);
  EXPECT_EQ(r.scenario.devices[0].id, with(kTwo, {}).scenario.devices[1].id);
  EXPECT_EQ(r.scenario.devices[0].count, 7);
}

struct WrongOverride {
  const char* text;
  const char* said;
};

TEST(Override, MistakesNameTheOverride) {
  const WrongOverride kWrong[] = {
      {"devices[0].cuont=3",
       "--set devices[0].cuont=3: unknown key 'cuont' in devices[0] — did you mean 'count'?\n"},
      {"devices[0].count=0",
       "--set devices[0].count=0: devices[0].count: 0 is out of range: write a number of devices from 1 to "
       "100000\n"},
      {"devices[7].count=3",
       "--set devices[7].count=3: devices has no [7]: use an index from 0 to 1, or the id of an entry\n"},
      {"devices[vob].count=3",
       "--set devices[vob].count=3: devices has no [vob]: use an index from 0 to 1, or the id of an entry\n"},
      {"devcies[0].count=3",
       "--set devcies[0].count=3: there is no list 'devcies' — did you mean 'devices'?\n"},
      {"scenario.name.x=3", "--set scenario.name.x=3: scenario.name has no keys: 'x' cannot be set in it\n"},
      {"scenario[0]=3", "--set scenario[0]=3: scenario is not a list: there is no [0] in it\n"},
      {"scenario.duration=5",
       "--set scenario.duration=5: scenario.duration: '5' has no unit: write a time such as 10ms (ns, us, "
       "ms, s, min, h)\n"},
      {"scenario.name=[a",
       "--set scenario.name=[a: the value is wrong: a list or map cannot be a key: write plain text before "
       "the ':' and close every '[' and '{'\n"},
      {"scenario",
       "--set scenario: this is no override: write path=value, such as scenario.seed=43 or "
       "devices[0].count=100\n"},
      {"a..b=3",
       "--set a..b=3: this is no override: write path=value, such as scenario.seed=43 or "
       "devices[0].count=100\n"},
      {"devices[.count=3",
       "--set devices[.count=3: this is no override: write path=value, such as scenario.seed=43 or "
       "devices[0].count=100\n"},
      {"=3",
       "--set =3: this is no override: write path=value, such as scenario.seed=43 or devices[0].count=100\n"},
      {"scenario.include=a.yaml",
       "--set scenario.include=a.yaml: includes are read before overrides: write the include into the "
       "file\n"},
  };
  for (const WrongOverride& w : kWrong) EXPECT_EQ(to_text(with(kTwo, {w.text}).errors), w.said);
}

TEST(Override, OfAnAnchoredValueChangesOneUseAlone) {
  const LoadResult r = with(kHead +
                                "x-c: &c {sample_rate: 1kHz}\ndevices:\n  - {id: a, type: model, config: "
                                "*c}\n  - {id: b, type: model, config: *c}\n",
                            {"devices[a].config.sample_rate=5kHz"});
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.devices[0].config.sample_rate_hz, 5000);
  EXPECT_EQ(r.scenario.devices[1].config.sample_rate_hz, 1000);
}

TEST(Environment, IsSubstitutedInValues) {
  LoadOptions o = no_files();
  o.environment = {{"NAME", "from-env"}, {"EMPTY", ""}, {"HZ", "2"}};
  const LoadResult r = load_text(
      "scenario: {name: \"${NAME}\", duration: \"${TIME:-7s}\", description: \"$${NAME} costs $5 "
      "${EMPTY:-x}${EMPTY}\"}\n"
      "devices: [{id: a, type: model, config: {sample_rate: \"${HZ}kHz\"}}]\n",
      o);
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.meta.name, "from-env");
  EXPECT_EQ(r.scenario.meta.duration, Duration::s(7));
  EXPECT_EQ(r.scenario.meta.description, "${NAME} costs $5 x");
  EXPECT_EQ(r.scenario.devices[0].config.sample_rate_hz, 2000);
}

TEST(Environment, CannotInjectStructure) {
  LoadOptions o = no_files();
  o.environment = {{"EVIL", "x, duration: 99h}\nfaults: ["}};
  const LoadResult r = load_text("scenario: {name: t, duration: 1s, description: \"${EVIL}\"}\n", o);
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.meta.description, "x, duration: 99h}\nfaults: [");
}

TEST(Inheritance, KindOverDefaultsAndOwnOverBoth) {
  const LoadResult r = load_text(kHead + R"(
defaults:
  devices: {type: model, count: 2, config: {sample_rate: 1kHz, report_interval: 1s, packet_size: 10B}}
kinds:
  fast: {config: {sample_rate: 5kHz, report_interval: 2s}}
  unused: {count: 4}
devices:
  - {id: plain}
  - {id: quick, kind: fast, count: 1, config: {report_interval: 3s}}
edge: [{id: edge0}]
)");
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(to_text(r.warnings), "s.yaml:7:3: kind 'unused' is used by no entry\n");
  const auto& d = r.scenario.devices;
  EXPECT_EQ(d[0].count, 2);
  EXPECT_EQ(d[0].config.sample_rate_hz, 1000);
  EXPECT_EQ(d[1].count, 1);
  EXPECT_EQ(d[1].config.sample_rate_hz, 5000);
  EXPECT_EQ(d[1].config.report_interval, Duration::s(3));
  EXPECT_EQ(d[1].config.packet_size, 10);
}

TEST(Inheritance, MergeKeysPreferTheMapsOwn) {
  const LoadResult r = load_text(
      "x-a: &a {seed: 1, duration: 1s}\nx-b: &b {seed: 2, duration: 2s, name: b}\n"
      "scenario: {<<: [*a, *b], duration: 3s}\n");
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.meta.seed, 1u);
  EXPECT_EQ(r.scenario.meta.name, "b");
  EXPECT_EQ(r.scenario.meta.duration, Duration::s(3));
}

TEST(Inheritance, PositionsHaveTwoSpellings) {
  const LoadResult r = load_text(kHead +
                                 "devices:\n  - {id: a, type: model, position: {x: 1m, y: 2m}}\n"
                                 "  - {id: b, type: model, position: {x: 1m, w: 2m}}\n");
  EXPECT_EQ(to_text(r.errors),
            "s.yaml:4:36: devices[1].position: a position needs x and y: write {x: 10m, y: 0m}\n"
            "s.yaml:4:44: unknown key 'w' in devices[1].position — known keys: x, y, z\n");
  EXPECT_EQ(r.scenario.devices[0].position, (Position{1, 2, 0}));
}

class Includes : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(XEDGESIM_BINARY_DIR) /
        ("scenario_includes_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "parts");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

TEST_F(Includes, MapsMergeListsAppendAndPathsAreRelativeToTheirFile) {
  write("parts/base.yaml",
        "network: {wireless: {channel: 15, tx_power: 3dBm}}\ndevices: [{id: base, platform: p, firmware: "
        "fw.elf}]\n");
  write("parts/fw.elf", "x");
  write("fw2.elf", "x");
  const auto main = write(
      "s.yaml",
      "scenario: {name: t, duration: 1s, include: [parts/base.yaml]}\nnetwork: {wireless: {channel: 20}}\n"
      "devices: [{id: mine, platform: p, firmware: fw2.elf}]\n");
  const LoadResult r = load_scenario(main);
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.network.wireless.channel, 20);
  EXPECT_EQ(r.scenario.network.wireless.tx_power_dbm, 3);
  ASSERT_EQ(r.scenario.devices.size(), 2u);
  EXPECT_EQ(r.scenario.devices[0].firmware->file.resolved, folder_ / "parts/fw.elf");
  EXPECT_EQ(r.scenario.devices[1].firmware->file.resolved, folder_ / "fw2.elf");
}

TEST_F(Includes, ErrorsNameTheIncludedFile) {
  const auto part = write("parts/base.yaml", "network:\n  wireles: {}\n");
  const auto main = write("s.yaml", "scenario: {name: t, duration: 1s, include: parts/base.yaml}\n");
  EXPECT_EQ(to_text(load_scenario(main).errors),
            part.string() + ":2:3: unknown key 'wireles' in network — did you mean 'wireless'?\n");
}

TEST_F(Includes, CyclesAndWrongFilesAreRefused) {
  const auto a = write("a.yaml", "scenario: {name: t, duration: 1s, include: b.yaml}\n");
  const auto b = write("b.yaml", "scenario: {include: a.yaml}\n");
  EXPECT_EQ(to_text(load_scenario(a).errors),
            b.string() + ":1:21: 'a.yaml' includes itself: remove this include\n");
  write("list.yaml", "- a\n");
  const auto l = write("l.yaml", "scenario: {name: t, duration: 1s, include: list.yaml}\n");
  EXPECT_NE(to_text(load_scenario(l).errors).find("an included file is a map of sections"),
            std::string::npos);
}

TEST_F(Includes, SearchPathsAreTriedAfterTheOwnFolder) {
  write("parts/fw.elf", "x");
  const auto main = write(
      "s.yaml", "scenario: {name: t, duration: 1s}\ndevices: [{id: a, platform: p, firmware: fw.elf}]\n");
  EXPECT_FALSE(load_scenario(main).ok());
  LoadOptions o;
  o.search_paths = {folder_ / "parts"};
  const LoadResult r = load_scenario(main, o);
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.devices[0].firmware->file.resolved, folder_ / "parts/fw.elf");
}

TEST_F(Includes, AMissingFileIsToldWithAllThePlacesItCouldBeIn) {
  const auto main = write(
      "s.yaml", "scenario: {name: t, duration: 1s}\ndevices: [{id: a, platform: p, firmware: fw.elf}]\n");
  LoadOptions o;
  o.search_paths = {folder_ / "parts", folder_ / "parts/../parts", folder_ / "more"};
  EXPECT_NE(to_text(load_scenario(main, o).errors)
                .find("(looked for " + (folder_ / "fw.elf").string() + ", " +
                      (folder_ / "parts/fw.elf").string() + ", " + (folder_ / "more/fw.elf").string() + ")"),
            std::string::npos);
}

TEST_F(Includes, PositionFilesAreRead) {
  write("p.csv", "device,x_m,y_m,distance_m\n0,0,-10,10\n1,-10,0.5,10\n");
  write("short.csv", "1,2\n3\n");
  const std::string head =
      "scenario: {name: t, duration: 1s}\ndevices:\n  - id: a\n    type: model\n    count: 2\n    placement: "
      "{positions: ";
  const LoadResult r = load_scenario(write("s.yaml", head + "p.csv}\n"));
  ASSERT_EQ(to_text(r.errors), "");
  EXPECT_EQ(r.scenario.devices[0].placement.positions[1], (Position{-10, 0.5, 0}));
  EXPECT_NE(to_text(load_scenario(write("s.yaml", head + "short.csv}\n")).errors).find("line 2 of"),
            std::string::npos);
  EXPECT_NE(to_text(load_scenario(write("s.yaml", head + "none.csv}\n")).errors).find("does not exist"),
            std::string::npos);
}

}  // namespace
}  // namespace xedgesim::scenario
