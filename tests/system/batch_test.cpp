// batch, analyze, plot and compare of the built program.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

#include "program.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string hello() { return source("scenarios/hello/scenario.yaml"); }

/// Two seeds of hello, in a file of its own.
fs::path hello_batch(const TemporaryFolder& folder, const std::string& more = "") {
  write_text(folder / "batch.yaml",
             "batch:\n  name: two\n  scenarios:\n    - {name: hello, scenario: " + hello() +
                 ", set: [scenario.duration=2s]}\n" + more + "  seeds: [1, 2]\n");
  return folder / "batch.yaml";
}

nlohmann::json json_of(const fs::path& file) { return nlohmann::json::parse(read_file(file)); }

/// The guide's sections 2.5 and 8.6: files are named from the folder the command is given in, and a mix may
/// have no models at all.
TEST(BatchCommand, RunsTheSeedsBatchesFromTheProjectsFolder) {
  TemporaryFolder folder;
  for (const char* name : {"device-inference", "edge-inference", "cloud-inference"}) {
    fs::create_directories(folder / "scenarios" / name);
    fs::copy_file(hello(), folder / "scenarios" / name / "config.yaml");
  }
  fs::copy_file(source("tests/scenario/data/seed_2_5_batch.yaml"), folder / "scenarios/batch-config.yaml");
  const std::vector<std::string> there = {"env", "-C", folder.path().string()};
  const ProgramResult r =
      Program({"batch", "scenarios/batch-config.yaml", "--set", "scenario.duration=3s"}, there).wait();
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_TRUE(fs::exists(folder / "results/ml-placement-comparison/cloud-inference/summary.json"));

  fs::copy_file(source("tests/scenario/data/seed_8_6_batch.yaml"), folder / "scale.yaml");
  const ProgramResult scale =
      Program({"batch", "scale.yaml", "--set", "scenario.duration=1s", "--dry-run"}, there).wait();
  EXPECT_EQ(scale.exit_code, 0) << scale.out << scale.err;
  EXPECT_EQ(scale.out.find("cannot run"), std::string::npos) << scale.out;
}

TEST(BatchCommand, RunsReportsAndDoesNotRepeat) {
  TemporaryFolder folder;
  const std::string file = hello_batch(folder).string(), out = (folder / "out").string();
  const ProgramResult first = run_program({"batch", file, "-o", out, "--format", "json"});
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  const auto j = nlohmann::json::parse(first.out);
  ASSERT_EQ(j["runs"].size(), 2u);
  EXPECT_EQ(j["runs"][1]["name"], "hello-seed_2");
  EXPECT_EQ(j["runs"][1]["status"], "passed");
  EXPECT_EQ(j["runs"][1]["reused"], false);
  EXPECT_EQ(j["variants"][0]["runs"], 2);
  EXPECT_NE(first.err.find("[2/2]"), std::string::npos) << first.err;
  for (const char* name : {"batch.json", "SUMMARY.md", "REPORT.md", "report.html",
                           "hello-seed_1/summary.json", "hello-seed_1/inputs.json", "hello-seed_1.log"})
    EXPECT_TRUE(fs::exists(folder / "out" / name)) << name;
  // What batch computes before a run is what the run itself says.
  EXPECT_EQ(j["runs"][0]["key"], json_of(folder / "out/hello-seed_1/inputs.json")["key"]);

  const auto again =
      nlohmann::json::parse(run_program({"batch", file, "-o", out, "--format", "json", "-q"}).out);
  EXPECT_EQ(again["runs"][0]["reused"], true);
  EXPECT_EQ(again["runs"][1]["reused"], true);
  // Repeated, it prints the same digests.
  const std::string digest = json_of(folder / "out/hello-seed_1/summary.json")["digest"];
  const ProgramResult repeated = run_program({"batch", file, "-o", out, "-q", "--force"});
  EXPECT_NE(repeated.out.find(digest), std::string::npos) << repeated.out;
  const auto other = nlohmann::json::parse(
      run_program({"batch", file, "-o", out, "--format", "json", "-q", "--set", "scenario.duration=3s"}).out);
  EXPECT_EQ(other["runs"][0]["reused"], false);
}

TEST(BatchCommand, ABadScenarioDoesNotStopTheOthers) {
  TemporaryFolder folder;
  write_text(folder / "bad.yaml", "scenario: {name: bad, duration: 1s, sed: 1}\n");
  write_text(folder / "fails.yaml", "scenario:\n  name: fails\n  include: " + hello() +
                                        "\n  duration: 2s\nvalidation:\n  assertions:\n    - {metric: "
                                        "duration_s, min: 5, description: too short}\n");
  const std::string file = hello_batch(folder,
                                       "    - {name: bad, scenario: bad.yaml}\n"
                                       "    - {name: fails, scenario: fails.yaml}\n")
                               .string();
  const ProgramResult r = run_program({"batch", file, "-o", (folder / "out").string()});
  EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
  const auto runs = json_of(folder / "out/batch.json")["runs"];
  ASSERT_EQ(runs.size(), 6u);
  EXPECT_EQ(runs[0]["status"], "passed");
  EXPECT_EQ(runs[2]["status"], "config_error");
  EXPECT_NE(runs[2]["reason"].get<std::string>().find("bad.yaml:1:37: unknown key 'sed'"), std::string::npos)
      << runs[2]["reason"];
  EXPECT_EQ(runs[4]["status"], "assertion_failed") << runs[4];
  EXPECT_EQ(runs[4]["reason"], "duration_s");
  EXPECT_NE(r.out.find("assertion failed: duration_s"), std::string::npos) << r.out;
}

TEST(BatchCommand, CtrlCKeepsWhatThereIs) {
  TemporaryFolder folder;
  write_text(folder / "long.yaml", "batch:\n  name: long\n  scenarios: [" + hello() +
                                       "]\n  matrix: {scenario.duration: [2s, 500h, 600h]}\n");
  const fs::path out = folder / "out";
  Program program({"batch", (folder / "long.yaml").string(), "-o", out.string(), "-j", "1"});
  // Until the second run is under way.
  for (int i = 0; i < 1000 && !fs::exists(out / "hello-duration_500h/summary.json"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  kill(program.pid(), SIGINT);
  const ProgramResult r = program.wait();
  EXPECT_EQ(r.exit_code, 130) << r.out << r.err;
  const auto runs = json_of(out / "batch.json")["runs"];
  std::vector<std::string> status;
  for (const auto& run : runs) status.push_back(run["status"]);
  EXPECT_EQ(std::count(status.begin(), status.end(), "passed"), 1) << runs.dump(1);
  EXPECT_EQ(std::count(status.begin(), status.end(), "interrupted"), 2) << runs.dump(1);
  EXPECT_EQ(json_of(out / "hello-duration_500h/summary.json")["status"], "interrupted");
  EXPECT_NE(
      json_of(out / "hello-duration_500h/summary.json")["reason"].get<std::string>().find("interrupted at"),
      std::string::npos);
}

TEST(BatchCommand, MistakesAreSentences) {
  TemporaryFolder folder;
  write_text(folder / "b.yaml", "batch: {name: b, scenarios: [" + hello() + "], executor: slurm}\n");
  ProgramResult r = run_program({"batch", (folder / "b.yaml").string()});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("batch.executor"), std::string::npos) << r.err;
  fs::create_directory(folder / "full");
  write_text(folder / "full/note.txt", "mine");
  r = run_program({"batch", hello_batch(folder).string(), "-o", (folder / "full").string()});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("is not empty"), std::string::npos) << r.err;
  for (const char* command : {"analyze", "plot"}) {
    r = run_program({command, (folder / "full").string()});
    EXPECT_EQ(r.exit_code, 3);
    EXPECT_NE(r.err.find("holds no results"), std::string::npos) << r.err;
  }
  r = run_program({"batch", hello_batch(folder).string(), "--dry-run", "--format", "json"});
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(r.out)["runs"][0]["status"], "waiting");
}

TEST(CompareCommand, FindsTheFirstEventThatDiffers) {
  TemporaryFolder folder;
  const auto run = [&](const char* name, std::vector<std::string> more) {
    std::vector<std::string> arguments{"run", source("scenarios/ping/scenario.yaml"), "-q", "-o",
                                       (folder / name).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult r = run_program(arguments);
    EXPECT_NE(r.exit_code, 3) << r.err;
    return (folder / name).string();
  };
  const std::vector<std::string> traced{"--set", "metrics.deliveries=true", "--set", "scenario.duration=3s"};
  const std::string a = run("a", traced), b = run("b", traced);
  auto r = run_program({"compare", "--exact", a, b, "--format", "json"});
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  const auto equal = nlohmann::json::parse(r.out);
  EXPECT_EQ(equal["equal"], true);
  EXPECT_GT(equal["equal_deliveries"], 10);

  // The same until 1.5 s, when a fault cuts the radio.
  auto with_fault = traced;
  write_text(folder / "fault.yaml",
             "scenario:\n  name: ping\n  include: " + source("scenarios/ping/scenario.yaml") +
                 "\nfaults:\n  - {time: 1500ms, type: network_partition, target: pinger, "
                 "duration: 1s}\n");
  std::vector<std::string> arguments{"run", (folder / "fault.yaml").string(), "-q", "-o",
                                     (folder / "c").string()};
  arguments.insert(arguments.end(), traced.begin(), traced.end());
  ASSERT_NE(run_program(arguments).exit_code, 3);
  r = run_program({"compare", "--exact", a, (folder / "c").string(), "--format", "json"});
  EXPECT_EQ(r.exit_code, 2);
  const auto d = nlohmann::json::parse(r.out);
  EXPECT_EQ(d["equal"], false);
  EXPECT_GT(d["equal_deliveries"], 0);
  const auto& at =
      d["first_difference"]["a"].is_null() ? d["first_difference"]["b"] : d["first_difference"]["a"];
  EXPECT_GE(at["time_ns"].get<int64_t>(), 1'500'000'000);

  r = run_program({"compare", a, (folder / "c").string(), "--format", "json"});
  EXPECT_EQ(r.exit_code, 0) << r.err;
  bool named = false;
  const auto compared = nlohmann::json::parse(r.out);
  for (const auto& i : compared["inputs"])
    named = named || i["what"].get<std::string>().starts_with("faults[0]");
  EXPECT_TRUE(named) << r.out;
}

std::string browser() {
  for (const char* name : {"/usr/bin/chromium", "/usr/bin/chromium-headless-shell"})
    if (fs::exists(name)) return name;
  return {};
}

TEST(ReportInABrowser, OpensWithoutANetworkAndRunsItsScript) {
  if (browser().empty())
    GTEST_SKIP() << "chromium is not installed; report.Html.OneFileThatNeedsNothingElse checks the structure";
  TemporaryFolder folder;
  const fs::path out = folder / "out";
  ASSERT_EQ(run_program({"batch", hello_batch(folder).string(), "-o", out.string(), "-q"}).exit_code, 0);
  // A profile of its own; a proxy that does not exist, so that anything asked of a network would fail.
  const std::vector<std::string> command{browser(),
                                         "--headless",
                                         "--no-sandbox",
                                         "--disable-gpu",
                                         "--disable-dev-shm-usage",
                                         "--proxy-server=127.0.0.1:9",
                                         "--user-data-dir=" + (folder / "profile").string(),
                                         "--virtual-time-budget=2000",
                                         "--dump-dom",
                                         "file://" + (out / "report.html").string()};
  std::vector<char*> argv;
  std::vector<std::string> copies = command;
  for (std::string& c : copies) argv.push_back(c.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, (folder / "dom").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, (folder / "messages").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  pid_t pid = -1;
  ASSERT_EQ(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  waitpid(pid, &status, 0);
  const std::string dom = read_file(folder / "dom");
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << read_file(folder / "messages");
  EXPECT_NE(dom.find("data-runs=\"2\""), std::string::npos) << dom.substr(0, 2000);
  EXPECT_NE(dom.find("2 runs in this file."), std::string::npos);
  EXPECT_NE(dom.find("<svg class=\"chart\" id=\"energy_over_time\""), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
