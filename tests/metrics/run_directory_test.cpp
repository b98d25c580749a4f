#include "metrics/run_directory.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "scratch.h"

namespace xedgesim::metrics {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kStart = 1'736'762'400;  // 2025-01-13 10:00:00 UTC

TEST(UtcName, IsTheCalendarOfTheSeed) {
  EXPECT_EQ(utc_file_name(kStart), "2025-01-13_10-00-00");
  EXPECT_EQ(utc_text(kStart + 8), "2025-01-13 10:00:08");
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00");
  EXPECT_EQ(utc_text(-1), "1969-12-31 23:59:59");
  EXPECT_EQ(utc_text(951'782'400), "2000-02-29 00:00:00");
}

TEST(RunDirectory, IsNamedAfterItsStartAndLatestPointsAtIt) {
  TemporaryFolder scratch;
  const fs::path dir = scratch / "results/demo";
  {
    RunDirectory first({.scenario_dir = dir, .exact = {}, .started_unix_s = kStart});
    EXPECT_EQ(first.path(), dir / "2025-01-13_10-00-00");
    EXPECT_EQ(fs::read_symlink(dir / "latest"), "2025-01-13_10-00-00");
    RunDirectory second({.scenario_dir = dir, .exact = {}, .started_unix_s = kStart});
    EXPECT_EQ(second.path(), dir / "2025-01-13_10-00-00_2");
    EXPECT_EQ(fs::read_symlink(dir / "latest"), "2025-01-13_10-00-00_2");
  }
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(dir / "2025-01-13_10-00-00")) ++files;
  EXPECT_EQ(files, 1u) << "only summary.json is left of a run without files";
}

TEST(RunDirectory, HasASummaryFromTheStart) {
  TemporaryFolder scratch;
  RunDirectory run({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = kStart});
  const auto summary = nlohmann::json::parse(read_text(run.path() / "summary.json"));
  EXPECT_EQ(summary["status"], "interrupted");
  run.replace("summary.json", "{}\n");
  EXPECT_EQ(read_text(run.path() / "summary.json"), "{}\n");
}

TEST(RunDirectory, TakesAnExactDirectoryThatIsEmptyOrHoldsAnEarlierRun) {
  TemporaryFolder scratch;
  const fs::path exact = scratch / "out";
  {
    RunDirectory run({.scenario_dir = "", .exact = exact, .started_unix_s = kStart});
    run.open("cloud_metrics.csv")->append("x\n");
    run.open("consoles/vib_1.log")->append("hello\n");
    run.open("vm/gateway.log")->append("what QEMU said\n");
  }
  std::ofstream(exact / "notes.txt") << "the user's own\n";
  fs::create_directory(exact / "figures");
  for (const char* name : {"energy.gp", "energy.png", "energy.svg", "photo.png"})
    std::ofstream(exact / "figures" / name) << "x";
  std::ofstream(exact / "applied.yaml") << "faults:\n";
  RunDirectory again({.scenario_dir = "", .exact = exact, .started_unix_s = kStart});
  EXPECT_FALSE(fs::exists(exact / "cloud_metrics.csv"));
  EXPECT_FALSE(fs::exists(exact / "consoles"));
  EXPECT_FALSE(fs::exists(exact / "vm"));
  EXPECT_TRUE(fs::exists(exact / "notes.txt"));
  EXPECT_FALSE(fs::exists(exact / "applied.yaml"));
  // Figures of the earlier run would stand in the new one's report.
  EXPECT_FALSE(fs::exists(exact / "figures/energy.gp"));
  EXPECT_FALSE(fs::exists(exact / "figures/energy.png"));
  EXPECT_TRUE(fs::exists(exact / "figures/photo.png"));
  EXPECT_FALSE(fs::exists(scratch / "latest"));
}

TEST(RunDirectory, FiguresThatAreKeptStay) {
  TemporaryFolder scratch;
  fs::create_directory(scratch / "figures");
  for (const char* name : {"new.gp", "new.png", "old.gp", "old.svg"})
    std::ofstream(scratch / "figures" / name) << "x";
  remove_figures(scratch.path(), {"new"});
  EXPECT_TRUE(fs::exists(scratch / "figures/new.gp"));
  EXPECT_TRUE(fs::exists(scratch / "figures/new.png"));
  EXPECT_FALSE(fs::exists(scratch / "figures/old.gp"));
  EXPECT_FALSE(fs::exists(scratch / "figures/old.svg"));
  remove_figures(scratch.path());
  EXPECT_FALSE(fs::exists(scratch / "figures"));
  remove_figures(scratch.path());
}

TEST(RunDirectory, RefusesADirectoryWithOtherFiles) {
  TemporaryFolder scratch;
  std::ofstream(scratch / "thesis.tex") << "years of work\n";
  try {
    RunDirectory run({.scenario_dir = "", .exact = scratch.path(), .started_unix_s = kStart});
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_EQ(std::string(e.what()),
              "the directory " + scratch.path().string() +
                  " is not empty and holds no earlier results; empty it or choose another "
                  "--output");
  }
  EXPECT_EQ(read_text(scratch / "thesis.tex"), "years of work\n");
}

TEST(RunDirectory, SaysWhenAFileIsInTheWay) {
  TemporaryFolder scratch;
  std::ofstream(scratch / "results") << "";
  for (const fs::path& below : {scratch / "results", scratch / "results/demo"}) {
    try {
      RunDirectory run({.scenario_dir = below, .exact = {}, .started_unix_s = kStart});
      FAIL();
    } catch (const ConfigError& e) {
      EXPECT_TRUE(std::string(e.what()).starts_with("cannot create the results directory " + below.string()))
          << e.what();
      EXPECT_NE(std::string(e.what()).find("--output"), std::string::npos);
    }
  }
}

TEST(RunDirectory, SaysWhenItIsNotWritable) {
  if (::geteuid() == 0) {
    // Root may write anywhere but here.
    EXPECT_THROW(RunDirectory({.scenario_dir = "/proc/xedgesim", .exact = {}, .started_unix_s = kStart}),
                 ConfigError);
    EXPECT_THROW(RunDirectory({.scenario_dir = "", .exact = "/proc/1", .started_unix_s = kStart}),
                 ConfigError);
    return;
  }
  TemporaryFolder scratch;
  ::chmod(scratch.path().c_str(), 0500);
  EXPECT_THROW(RunDirectory({.scenario_dir = scratch / "demo", .exact = {}, .started_unix_s = kStart}),
               ConfigError);
  EXPECT_THROW(RunDirectory({.scenario_dir = "", .exact = scratch.path(), .started_unix_s = kStart}),
               ConfigError);
  ::chmod(scratch.path().c_str(), 0700);
}

TEST(DefaultScenarioDir, CannotLeaveTheResults) {
  EXPECT_EQ(default_scenario_dir("results", "vibration-monitoring"), "results/vibration-monitoring");
  EXPECT_EQ(default_scenario_dir("results", "../../etc"), "results/.._.._etc");
  EXPECT_EQ(default_scenario_dir("results", ".."), "results/scenario");
  EXPECT_EQ(default_scenario_dir("results", ""), "results/scenario");
}

}  // namespace
}  // namespace xedgesim::metrics
