// The runner against a program that is a shell script: it does what the name of its "scenario" says.
#include "experiment/batch_runner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "temporary_folder.h"

namespace xedgesim::experiment {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScript = R"sh(#!/bin/sh
shift; what=$1; shift
while [ $# -gt 1 ]; do [ "$1" = --output ] && out=$2; shift; done
mkdir -p "$out"
echo "once" >> "$out/starts"
echo '{"status": "interrupted"}' > "$out/summary.json"
case $what in
  passes) ;;
  fails)
    echo '{"status":"completed","assertions":[{"metric":"ml_accuracy","passed":false}]}' > "$out/summary.json"
    exit 2 ;;
  wrong) echo "a.yaml:3:1: unknown key"; exit 3 ;;
  breaks) echo "the peer is gone" >&2; exit 1 ;;
  crashes) kill -SEGV $$ ;;
  halfway) echo "[x] Simulation running... (40%)"; exec sleep 30 ;;
  slow) sleep 1 ;;
  polite) trap 'echo "interrupted at 3 s" >&2; exit 130' INT; while :; do sleep 0.02; done ;;
esac
echo '{"status":"completed","assertions":[]}' > "$out/summary.json"
echo "{\"key\":\"$what-key\"}" > "$out/inputs.json"
)sh";

class BatchRunner : public ::testing::Test {
 protected:
  BatchRunner() {
    std::ofstream(folder_ / "program") << kScript;
    fs::permissions(folder_ / "program", fs::perms::owner_all);
    options_.program = folder_ / "program";
    options_.directory = folder_.path();
    options_.clock = [] {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(
                 std::chrono::steady_clock::now().time_since_epoch())
          .count();
    };
  }
  RunRecord record(const std::string& what) {
    RunRecord r;
    r.name = r.variant = what;
    r.scenario = what;
    r.key = what + "-key";
    return r;
  }
  size_t starts(const std::string& what) {
    std::ifstream in(folder_ / what / "starts");
    size_t n = 0;
    for (std::string line; std::getline(in, line);) ++n;
    return n;
  }

  TemporaryFolder folder_;
  BatchOptions options_;
};

TEST_F(BatchRunner, AFailureTakesNothingElseDown) {
  std::vector<RunRecord> runs;
  for (const char* what : {"crashes", "passes", "wrong", "breaks", "fails"}) runs.push_back(record(what));
  options_.parallel = 2;
  std::vector<std::string> order;
  options_.finished = [&](const auto& all, size_t i) { order.push_back(all[i].name); };
  run_batch(runs, options_);
  EXPECT_EQ(order.size(), 5u);
  EXPECT_EQ(runs[0].status, RunStatus::failed);
  EXPECT_NE(runs[0].reason.find("signal 11"), std::string::npos) << runs[0].reason;
  EXPECT_EQ(runs[1].status, RunStatus::passed);
  EXPECT_EQ(runs[2].status, RunStatus::config_error);
  EXPECT_EQ(runs[2].reason, "a.yaml:3:1: unknown key");
  EXPECT_EQ(runs[3].status, RunStatus::failed);
  EXPECT_EQ(runs[3].reason, "the peer is gone");
  EXPECT_EQ(runs[4].status, RunStatus::assertion_failed);
  EXPECT_EQ(runs[4].reason, "ml_accuracy");
  EXPECT_EQ(worst(runs), ExitCode::config_error);
}

TEST_F(BatchRunner, FinishedRunsAreNotRepeated) {
  std::vector<RunRecord> first{record("passes"), record("breaks")};
  run_batch(first, options_);
  std::vector<RunRecord> again{record("passes"), record("breaks")};
  run_batch(again, options_);
  EXPECT_TRUE(again[0].reused);
  EXPECT_EQ(again[0].status, RunStatus::passed);
  EXPECT_EQ(starts("passes"), 1u);
  EXPECT_FALSE(again[1].reused);
  EXPECT_EQ(starts("breaks"), 2u);

  std::vector<RunRecord> changed{record("passes")};
  changed[0].key = "other inputs";
  run_batch(changed, options_);
  EXPECT_FALSE(changed[0].reused);
  std::vector<RunRecord> forced{record("passes")};
  options_.force = true;
  run_batch(forced, options_);
  EXPECT_EQ(starts("passes"), 3u);
}

TEST_F(BatchRunner, NoMoreRunAtOnceThanAsked) {
  std::vector<RunRecord> runs;
  for (int i = 0; i < 6; ++i) {
    runs.push_back(record("slow"));
    runs.back().name += std::to_string(i);
  }
  options_.parallel = 3;
  size_t most = 0, full = 0;
  options_.tick = [&](const auto& all) {
    size_t running = 0;
    for (const RunRecord& r : all) running += r.status == RunStatus::running;
    most = std::max(most, running);
    full += running == 3;
  };
  run_batch(runs, options_);
  EXPECT_EQ(worst(runs), ExitCode::ok);
  EXPECT_LE(most, 3u);
  EXPECT_GT(full, 0u);
}

TEST_F(BatchRunner, StopEndsTheChildrenCleanlyAndStartsNoMore) {
  std::vector<RunRecord> runs{record("polite"), record("passes")};
  std::atomic<bool> stop{false};
  options_.stop = &stop;
  options_.tick = [&](const auto&) {
    if (starts("polite") > 0) stop = true;
  };
  run_batch(runs, options_);
  EXPECT_EQ(runs[0].status, RunStatus::interrupted);
  EXPECT_EQ(runs[0].reason, "interrupted at 3 s");
  EXPECT_EQ(runs[1].status, RunStatus::interrupted);
  EXPECT_EQ(runs[1].reason, "not begun");
  EXPECT_EQ(worst(runs), ExitCode::interrupted);
}

TEST_F(BatchRunner, TimeoutAndPercent) {
  std::vector<RunRecord> runs{record("halfway")};
  options_.timeout_s = 0.6;
  int percent = 0;
  options_.tick = [&](const auto& all) {
    if (!all[0].done()) percent = std::max(percent, all[0].percent);
  };
  run_batch(runs, options_);
  EXPECT_EQ(runs[0].status, RunStatus::failed);
  EXPECT_NE(runs[0].reason.find("longer than 0.6 s"), std::string::npos) << runs[0].reason;
  EXPECT_EQ(percent, 40);
}

TEST_F(BatchRunner, AProgramThatIsNotThereIsAFailedRun) {
  options_.program = folder_ / "absent";
  std::vector<RunRecord> runs{record("passes")};
  run_batch(runs, options_);
  EXPECT_EQ(runs[0].status, RunStatus::failed);
  EXPECT_NE(runs[0].reason.find("cannot start"), std::string::npos);
}

TEST(BatchRecord, RoundTripAndOrderOfBadness) {
  BatchRecord b{.name = "b", .file = "b.yaml", .runs = {}};
  RunRecord r;
  r.name = "x-seed_1";
  r.variant = "x";
  r.overrides = {"a=1"};
  r.parameters = {{"a", "1"}};
  r.seed = "1";
  r.key = "k";
  r.status = RunStatus::assertion_failed;
  r.exit_code = 2;
  r.reason = "ml_accuracy";
  b.runs = {r};
  const BatchRecord back = BatchRecord::from_json(b.json());
  EXPECT_EQ(back.json(), b.json());
  const auto code = [](std::initializer_list<RunStatus> list) {
    std::vector<RunRecord> runs;
    for (const RunStatus s : list) {
      runs.emplace_back();
      runs.back().status = s;
    }
    return worst(runs);
  };
  using S = RunStatus;
  EXPECT_EQ(code({}), ExitCode::ok);
  EXPECT_EQ(code({S::passed, S::assertion_failed}), ExitCode::assertion_failed);
  EXPECT_EQ(code({S::failed, S::assertion_failed}), ExitCode::simulation_error);
  EXPECT_EQ(code({S::failed, S::config_error, S::passed}), ExitCode::config_error);
  EXPECT_EQ(code({S::config_error, S::interrupted}), ExitCode::interrupted);
}

TEST(BatchRecord, RefusesWhatItDidNotWrite) {
  const auto refused = [](const char* text) {
    EXPECT_THROW(BatchRecord::from_json(nlohmann::ordered_json::parse(text)), ConfigError) << text;
  };
  refused(R"({})");
  refused(R"({"batch": 1, "runs": []})");
  refused(R"({"batch": "b", "runs": [{"name": "x"}]})");
  refused(
      R"({"batch":"b","runs":[{"name":"../x","variant":"v","overrides":[],"parameters":{},"status":"passed"}]})");
  refused(
      R"({"batch":"b","runs":[{"name":"x","variant":"v","overrides":[],"parameters":{},"status":"odd"}]})");
}

}  // namespace
}  // namespace xedgesim::experiment
