#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "metrics/collector.h"
#include "metrics/summary.h"
#include "metrics/trace_writer.h"
#include "scratch.h"

namespace xedgesim::metrics {
namespace {
namespace fs = std::filesystem;

/// Runs `body` in a child process, so that mounts and limits are its own; its return value is the exit code.
int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

constexpr int kNotPermitted = 77;

/// A tmpfs of `bytes` on `where`, in a mount namespace of this process.
bool mount_small(const fs::path& where, int bytes) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", where.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) == 0;
}

bool whole_lines(const fs::path& path) {
  const std::string text = read_text(path);
  return text.empty() || text.back() == '\n';
}

/// One way to check without GoogleTest in a child: say what is wrong and return its line.
#define REQUIRE_THAT(condition)                                  \
  if (!(condition)) {                                            \
    std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
    return __LINE__ % 200 + 20;                                  \
  }

int fill_small_disk(const fs::path& where) {
  if (!mount_small(where, 256 * 1024)) return kNotPermitted;
  RunDirectory directory({.scenario_dir = where / "demo", .exact = {}, .started_unix_s = 0});
  Collector collector(directory, {});
  TraceWriter trace(directory);
  DeviceCounters counters;
  const DeviceIndex device = collector.add_device("vib_1", [&](SimTime) { return counters; });
  int failures = 0;
  std::string sentence;
  SimTime t;
  for (uint32_t i = 0; i < 20'000; ++i) {
    t = t + Duration::ms(100);
    try {
      collector.spans().mark(device, i, Stage::sense_end, t);
      collector.spans().mark(device, i, Stage::result, t + Duration::ms(5));
      collector.events().add(t, "log", "vib_1", "a line of some length to fill the disk sooner");
      trace.slice("vib_1", "cpu", "awake", t, t + Duration::ms(1));
      trace.flush();
      collector.collect(t);
    } catch (const SimulationError& e) {
      ++failures;
      sentence = e.what();
      if (failures > 3) break;
    }
  }
  REQUIRE_THAT(failures == 1);
  REQUIRE_THAT(sentence.find("the disk is full: cannot write to ") == 0);
  REQUIRE_THAT(sentence.find((where / "demo").string()) != std::string::npos);
  collector.finish(t + Duration::ms(100));
  trace.finish(t);
  MetricMap metrics(collector);
  RunInfo run;
  run.scenario = "demo";
  run.status = "failed";
  run.reason = sentence;
  write_summary(directory, build_summary(collector, metrics, run, {}));

  const auto summary = nlohmann::json::parse(read_text(directory.path() / "summary.json"));
  REQUIRE_THAT(summary["status"] == "failed");
  REQUIRE_THAT(summary["reason"] == sentence);
  // The figures are those of the whole run although the files end sooner.
  REQUIRE_THAT(summary["summary"]["total_samples"] == 20'000);
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    REQUIRE_THAT(whole_lines(entry.path()));
    const std::string name = entry.path().filename();
    const auto lines = read_lines(entry.path());
    if (name.ends_with(".csv")) {
      REQUIRE_THAT(!lines.empty());
      for (const auto& line : lines) REQUIRE_THAT(split(line).size() == split(lines[0]).size());
    }
    if (name == "events.jsonl") {
      REQUIRE_THAT(lines.size() > 100);
      for (const auto& line : lines) REQUIRE_THAT(nlohmann::json::accept(line));
    }
    if (name == "trace.perfetto.json") REQUIRE_THAT(nlohmann::json::accept(read_text(entry.path())));
  }
  return 0;
}

TEST(DiskFull, IsReportedOnceAndLeavesWholeRecordsAndASummary) {
  TemporaryFolder scratch;
  const int code = in_child([&] { return fill_small_disk(scratch.path()); });
  if (code == kNotPermitted)
    GTEST_SKIP() << "mounting a tmpfs is not permitted here; FileSizeLimit covers the code";
  EXPECT_EQ(code, 0);
}

/// A file size limit makes write(2) fail in the middle of a buffer on every machine.
TEST(DiskFull, KeepsTheRecordsThatFit) {
  TemporaryFolder scratch;
  const int code = in_child([&] {
    RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::string sentence;
    {
      auto file = directory.open("spans.csv");
      auto other = directory.open("events.jsonl");
      other->append("{}\n");
      for (int i = 0; i < 200; ++i) file->append("0123456\n");
      file->append("0123456789\n");
      try {
        file->flush();
      } catch (const SimulationError& e) {
        sentence = e.what();
      }
      REQUIRE_THAT(sentence.find("cannot write to " + (directory.path() / "spans.csv").string()) == 0);
      REQUIRE_THAT(directory.disk()->failed);
      file->append("more\n");
      file->flush();  // silent
      other->append("{\"dropped\":true}\n");
    }
    REQUIRE_THAT(read_text(directory.path() / "spans.csv").size() == 1000);
    // 125 whole records of eight bytes are exactly the limit.
    REQUIRE_THAT(read_lines(directory.path() / "spans.csv").size() == 125);
    REQUIRE_THAT(read_text(directory.path() / "events.jsonl") == "{}\n");
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(DiskFull, CutsAPartialRecordAwayAndRestoresATrailer) {
  TemporaryFolder scratch;
  const int code = in_child([&] {
    RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto plain = directory.open("plain.csv");
    for (int i = 0; i < 40; ++i) plain->append("012345\n");
    int thrown = 0;
    try {
      plain->flush();
    } catch (const SimulationError&) {
      ++thrown;
    }
    REQUIRE_THAT(thrown == 1);
    REQUIRE_THAT(read_text(directory.path() / "plain.csv").size() == 98);

    RunDirectory second({.scenario_dir = scratch / "second", .exact = {}, .started_unix_s = 0});
    auto array = second.open("trace.json", "]\n");
    array->append("[0\n");
    array->flush();
    REQUIRE_THAT(read_text(second.path() / "trace.json") == "[0\n]\n");
    array->append(",1\n");
    array->flush();
    REQUIRE_THAT(read_text(second.path() / "trace.json") == "[0\n,1\n]\n");
    for (int i = 0; i < 100; ++i) array->append(",12345\n");
    try {
      array->flush();
    } catch (const SimulationError&) {
      ++thrown;
    }
    REQUIRE_THAT(thrown == 2);
    REQUIRE_THAT(read_text(second.path() / "trace.json") == "[0\n,1\n]\n");
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(DiskFull, IsNamedForADeviceThatIsAlwaysFull) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  TemporaryFolder scratch;
  RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
  fs::create_symlink("/dev/full", directory.path() / "events.jsonl");
  EventLog log(directory);
  log.add(SimTime::zero(), "log", "", "text");
  try {
    log.flush();
    FAIL();
  } catch (const SimulationError& e) {
    EXPECT_EQ(std::string(e.what()),
              "the disk is full: cannot write to " + (directory.path() / "events.jsonl").string() +
                  "; free some space or choose another --output, the results up to here are kept");
  }
  EXPECT_NO_THROW(log.flush());
}

/// The run is killed in the middle; every file must parse.
TEST(Interruption, LeavesValidFiles) {
  TemporaryFolder scratch;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    RunDirectory directory({.scenario_dir = scratch.path(), .exact = {}, .started_unix_s = 0});
    CollectorOptions options;
    options.formats = {.csv = true, .json = true};
    Collector collector(directory, options);
    TraceWriter trace(directory);
    DeviceCounters counters;
    const DeviceIndex device = collector.add_device("vib_1", [&](SimTime) { return counters; });
    SimTime t;
    for (uint32_t i = 0;; ++i) {
      t = t + Duration::ms(10);
      collector.spans().mark(device, i, Stage::sense_end, t);
      collector.spans().mark(device, i, Stage::result, t + Duration::ms(5));
      collector.events().add(t, "log", "vib_1", "text");
      trace.slice("vib_1", "cpu", "awake", t, t + Duration::ms(1));
      trace.flush();
      collector.collect(t);
      if (i == 2'000 && ::write(ready[1], "x", 1) != 1) ::_exit(1);
    }
  }
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  const fs::path dir = scratch / "1970-01-01_00-00-00";
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(".")) continue;
    ++checked;
    EXPECT_TRUE(whole_lines(entry.path())) << name;
    if (name.ends_with(".csv")) {
      const auto lines = read_lines(entry.path());
      ASSERT_FALSE(lines.empty());
      for (const auto& line : lines) EXPECT_EQ(split(line).size(), split(lines[0]).size()) << name;
    } else if (name.ends_with(".jsonl")) {
      for (const auto& line : read_lines(entry.path())) EXPECT_TRUE(nlohmann::json::accept(line)) << name;
    } else {
      EXPECT_TRUE(nlohmann::json::accept(read_text(entry.path()))) << name;
    }
  }
  EXPECT_EQ(checked, 6 * 2 + 3);
  EXPECT_GT(read_lines(dir / "device_metrics.csv").size(), 2'000u);
  EXPECT_EQ(nlohmann::json::parse(read_text(dir / "summary.json"))["status"], "interrupted");
}

}  // namespace
}  // namespace xedgesim::metrics
