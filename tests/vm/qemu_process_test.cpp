// QEMU as a child process: watched, spoken to, ended whatever happens. Tests that need QEMU say so and are
// skipped.
#include "vm/qemu_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "raw_kernels.h"
#include "temporary_folder.h"
#include "vm/qemu_probe.h"
#include "vm/vt_channel.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugin = fs::path(XEDGESIM_BINARY_DIR) / "xedgesim-vt.so";

bool alive(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string id, name, state;
  in >> id >> name >> state;
  return !state.empty() && state != "Z";
}

TEST(Process, TellsHowAProgramEnded) {
  const TemporaryFolder folder;
  Process p({.command = {"sh", "-c", "echo one; echo two words >&2; exit 3"},
             .environment = {},
             .output = folder / "out",
             .inherited = {},
             .folder = {}});
  p.finish(Duration::s(10));
  EXPECT_EQ(p.exit_status(), 3);
  EXPECT_EQ(p.obituary(), "ended with exit code 3; it said: one two words");
}

TEST(Process, KillsWhatDoesNotEndInTime) {
  const TemporaryFolder folder;
  Process p({.command = {"sleep", "1000"},
             .environment = {},
             .output = folder / "out",
             .inherited = {},
             .folder = {}});
  EXPECT_EQ(p.obituary(), "");
  p.finish(Duration::ms(10));
  EXPECT_EQ(p.exit_status(), -SIGKILL);
}

TEST(Process, AProgramThatIsNotThereIsOneSentence) {
  const TemporaryFolder folder;
  try {
    Process p({.command = {"/no/such/program"},
               .environment = {},
               .output = folder / "out",
               .inherited = {},
               .folder = {}});
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "cannot start '/no/such/program': No such file or directory");
  }
}

TEST(Process, DiesWithTheProcessThatStartedIt) {
  const TemporaryFolder folder;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t middle = fork();
  if (middle == 0) {
    Process p({.command = {"sleep", "1000"},
               .environment = {},
               .output = folder / "out",
               .inherited = {},
               .folder = {}});
    const pid_t pid = p.pid();
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    pause();
  }
  pid_t sleeper = 0;
  ASSERT_EQ(read(ends[0], &sleeper, sizeof sleeper), static_cast<ssize_t>(sizeof sleeper));
  EXPECT_TRUE(alive(sleeper));
  kill(middle, SIGKILL);
  waitpid(middle, nullptr, 0);
  for (int i = 0; i < 500 && alive(sleeper); ++i) usleep(10'000);
  EXPECT_FALSE(alive(sleeper));
  close(ends[0]);
  close(ends[1]);
}

class WithQemu : public ::testing::TestWithParam<Arch> {
 protected:
  void SetUp() override {
    const QemuProbe probe = probe_virtual_time(GetParam(), kPlugin);
    if (!probe.qemu) GTEST_SKIP() << probe.reason;
    qemu = *probe.qemu;
  }
  Qemu qemu;
  TemporaryFolder folder;
};

TEST_P(WithQemu, AnswersItsMonitorAndEndsWithUs) {
  pid_t pid = 0;
  {
    QemuProcess q({.name = "none",
                   .binary = qemu.binary,
                   .arguments = {"-M", "none", "-nodefaults", "-display", "none"},
                   .folder = folder.path(),
                   .console = {},
                   .inherited = {}});
    pid = q.process().pid();
    EXPECT_EQ(q.qmp().execute("query-status")["status"], "running");
    try {
      q.qmp().execute("no-such-command");
      FAIL();
    } catch (const SimulationError& e) {
      EXPECT_NE(std::string(e.what()).find("QEMU refuses 'no-such-command'"), std::string::npos) << e.what();
    }
    EXPECT_EQ(q.obituary(), "");
  }
  EXPECT_FALSE(alive(pid));
}

TEST_P(WithQemu, ABadArgumentIsReportedWithQemusWords) {
  QemuProcess q({.name = "bad",
                 .binary = qemu.binary,
                 .arguments = {"-no-such-option"},
                 .folder = folder.path(),
                 .console = {},
                 .inherited = {}});
  q.process().wait(Duration::s(20));
  EXPECT_NE(q.obituary().find("ended with exit code 1; it said: "), std::string::npos) << q.obituary();
  EXPECT_NE(q.obituary().find("no-such-option"), std::string::npos) << q.obituary();
}

/// A machine with firmware or nothing to boot, or with a raw kernel: enough to see its clock.
struct Bare {
  Bare(const Qemu& qemu, Arch arch, const fs::path& folder, const fs::path& kernel = {},
       const std::string& plugin_options = "") {
    auto [ours, theirs] = socket_pair();
    channel = std::make_unique<VtChannel>(std::move(ours), Duration::s(60));
    Machine m{.name = "bare", .arch = arch, .macs = {"52:54:00:00:00:01"}};
    m.kernel = kernel;
    auto arguments = virtual_time_arguments(m, {.plugin = kPlugin, .fd = theirs.get()});
    for (std::string& a : arguments)
      if (a.starts_with(kPlugin.string())) a += plugin_options;
    for (size_t i = 0; kernel.empty() && i < arguments.size();)
      if (arguments[i] == "-kernel" || arguments[i] == "-append")
        arguments.erase(arguments.begin() + static_cast<long>(i),
                        arguments.begin() + static_cast<long>(i) + 2);
      else
        ++i;
    process = std::make_unique<QemuProcess>(QemuProcess::Config{.name = "bare",
                                                                .binary = qemu.binary,
                                                                .arguments = arguments,
                                                                .folder = folder,
                                                                .console = {},
                                                                .inherited = {theirs.get()}});
  }
  std::unique_ptr<VtChannel> channel;
  std::unique_ptr<QemuProcess> process;
  std::vector<VtChannel::Record> sent;
};

TEST_P(WithQemu, TheMachineStopsAtEveryBoundaryToTheInstruction) {
  Bare bare(qemu, GetParam(), folder.path());
  auto s = bare.channel->meet(bare.sent);
  ASSERT_FALSE(s.off) << bare.process->obituary();
  EXPECT_EQ(s.now, 0);
  for (int64_t t = 1'000'003; t < 20'000'000; t += 1'000'003) {
    s = bare.channel->go({t}, {}, bare.sent);
    EXPECT_GE(s.now, t);
    EXPECT_LT(s.now, t + 8);
  }
  EXPECT_GT(s.instructions, 0);
  // The monitor answers while the machine stands, and QEMU ends when it is told to.
  EXPECT_EQ(bare.process->qmp().execute("query-status")["running"], true);
  bare.process->qmp().execute("quit");
  EXPECT_TRUE(bare.process->process().wait(Duration::s(20)));
  EXPECT_EQ(bare.process->process().exit_status(), 0);
}

TEST_P(WithQemu, TheMonitorMayStopAStandingMachineAndLetItGoOn) {
  Bare bare(qemu, GetParam(), folder.path());
  bare.channel->meet(bare.sent);
  bare.process->qmp().execute("stop");
  bare.process->qmp().execute("cont");
  const auto s = bare.channel->go({2'000'000}, {}, bare.sent);
  EXPECT_FALSE(s.off);
  EXPECT_GE(s.now, 2'000'000);
}

TEST_P(WithQemu, EndsWhenTheCoordinatorIsGone) {
  Bare bare(qemu, GetParam(), folder.path());
  bare.channel->meet(bare.sent);
  bare.channel.reset();
  EXPECT_TRUE(bare.process->process().wait(Duration::s(20)));
  EXPECT_EQ(bare.process->process().exit_status(), 0) << bare.process->obituary();
}

TEST_P(WithQemu, EndsWhenItIsToldToQuit) {
  Bare bare(qemu, GetParam(), folder.path());
  bare.channel->meet(bare.sent);
  bare.channel->go({1'000'000}, {}, bare.sent);
  bare.channel->quit();
  EXPECT_TRUE(bare.process->process().wait(Duration::s(20)));
  EXPECT_EQ(bare.process->process().exit_status(), 0) << bare.process->obituary();
}

TEST_P(WithQemu, ItDoesNotMatterWhenTheMainLoopLooksAtAMachineThatFallsAsleep) {
  if (GetParam() != Arch::aarch64) GTEST_SKIP() << "the program that naps is for aarch64";
  const fs::path kernel = folder / "napper";
  std::ofstream(kernel, std::ios::binary).write(reinterpret_cast<const char*>(kNapper), sizeof kNapper);
  const auto counts = [&](const std::string& plugin_options) {
    Bare napper(qemu, GetParam(), folder.path(), kernel, plugin_options);
    std::vector<int64_t> out;
    auto s = napper.channel->meet(napper.sent);
    for (int64_t t = 20'000'003; t <= 1'000'000'000 && !s.off; t += 20'000'003) {
      s = napper.channel->go({t}, {}, napper.sent);
      out.push_back(s.instructions);
    }
    napper.channel->quit();
    return out;
  };
  const std::vector<int64_t> quiet = counts("");
  EXPECT_GT(quiet.back(), 49'000'000) << "it did not nap 50,000 times";
  EXPECT_LT(quiet.back(), 51'000'000) << "it did not sleep";
  EXPECT_EQ(counts(",rouse=on"), quiet);
}

TEST_P(WithQemu, BlocksThatStoreAllOfTheirCounterExecuteTheSame) {
  const fs::path kernel = GetParam() == Arch::aarch64 ? folder / "printer" : fs::path();
  if (!kernel.empty())
    std::ofstream(kernel, std::ios::binary).write(reinterpret_cast<const char*>(kPrinter), sizeof kPrinter);
  const auto counts = [&](const std::string& plugin_options) {
    Bare machine(qemu, GetParam(), folder.path(), kernel, plugin_options);
    std::vector<int64_t> out;
    auto s = machine.channel->meet(machine.sent);
    for (int64_t t = 1'000'003; t <= 400'000'000 && !s.off; t += 1'000'003) {
      s = machine.channel->go({t}, {}, machine.sent);
      out.push_back(s.instructions);
    }
    machine.channel->quit();
    EXPECT_TRUE(machine.process->process().wait(Duration::s(20)));
    return std::pair(out, machine.process->obituary());
  };
  const auto [wide, said] = counts(",counter=told");
  EXPECT_EQ(counts(",counter=narrow").first, wide);
  unsigned long widened = 0, blocks = 0;
  const size_t at = said.find("xedgesim-vt: ");
  ASSERT_NE(at, std::string::npos) << said;
  ASSERT_EQ(std::sscanf(said.c_str() + at, "xedgesim-vt: %lu of %lu", &widened, &blocks), 2) << said;
  if (host_arch() != Arch::x86_64) GTEST_SKIP() << "blocks for this host are left as they are";
  EXPECT_GT(blocks, 10u);
  EXPECT_GT(widened, blocks * 9 / 10);
}

TEST_P(WithQemu, StopsAWindowBehindTheFirstItSends) {
  if (GetParam() != Arch::aarch64) GTEST_SKIP() << "the program that prints is for aarch64";
  const fs::path kernel = folder / "printer";
  std::ofstream(kernel, std::ios::binary).write(reinterpret_cast<const char*>(kPrinter), sizeof kPrinter);
  Bare printer(qemu, GetParam(), folder.path(), kernel);
  auto s = printer.channel->meet(printer.sent);
  constexpr int64_t kWindow = 12'345;
  for (int i = 0; i < 20; ++i) {
    printer.sent.clear();
    s = printer.channel->go({.until = 1'000'000'000, .window = kWindow}, {}, printer.sent);
    ASSERT_EQ(printer.sent.size(), 1u);
    EXPECT_GE(s.now, printer.sent[0].time + kWindow);
    EXPECT_LT(s.now, printer.sent[0].time + kWindow + 8);
  }
  EXPECT_LT(s.now, 20 * 210'000);
  printer.sent.clear();
  s = printer.channel->go({.until = s.now + 1'000'000}, {}, printer.sent);
  EXPECT_EQ(printer.sent.size(), 5u) << "without a window it goes on";
  printer.channel->quit();
}

INSTANTIATE_TEST_SUITE_P(Arch, WithQemu, ::testing::Values(Arch::x86_64, Arch::aarch64),
                         [](const auto& i) { return std::string(to_string(i.param)); });

TEST(QemuProbe, AMissingPluginIsOneSentence) {
  const QemuProbe with = probe_qemu(Arch::x86_64);
  if (!with.qemu) GTEST_SKIP() << with.reason;
  const QemuProbe probe = probe_virtual_time(Arch::x86_64, "/no/such/plugin.so");
  EXPECT_FALSE(probe.qemu);
  EXPECT_EQ(probe.reason,
            "the plugin /no/such/plugin.so is missing: run scripts/build (scripts/demo leaves it out)");
}

TEST(QemuProbe, IsKeptForTheSameFilesOnly) {
  const TemporaryFolder folder;
  const auto qemu = folder / "qemu-system-x86_64";
  const auto plugin = folder / "plugin.so";
  // Says what it is for, and leaves a line for each start.
  const auto install = [&](const std::string& version) {
    std::ofstream(qemu) << "#!/bin/sh\necho >>" << (folder / "starts").string() << "\necho QEMU version "
                        << version << " xedgesim-vt: ready\n";
    std::filesystem::permissions(qemu, std::filesystem::perms::owner_all);
  };
  const auto starts = [&] {
    const auto file = folder / "starts";
    const auto n = std::filesystem::exists(file) ? std::filesystem::file_size(file) : 0;
    std::filesystem::remove(file);
    return n;
  };
  const std::string path = std::getenv("PATH");
  setenv("PATH", (folder.path().string() + ":" + path).c_str(), 1);
  install("7.2.22");
  std::ofstream(plugin) << "one";
  const auto version = [&] {
    const QemuProbe p = probe_virtual_time(Arch::x86_64, plugin, folder / "known");
    return p.qemu ? p.qemu->version : p.reason;
  };
  EXPECT_EQ(version(), "7.2.22");
  EXPECT_EQ(starts(), 2u);
  EXPECT_EQ(version(), "7.2.22");
  EXPECT_EQ(starts(), 0u);
  std::ofstream(plugin) << "another";
  EXPECT_EQ(version(), "7.2.22");
  EXPECT_EQ(starts(), 2u) << "another plugin";
  install("10.0.13");
  EXPECT_EQ(version(), "10.0.13");
  EXPECT_EQ(starts(), 2u) << "another QEMU";
  install("8.1.50");
  EXPECT_NE(version().find("8.1.50, which was not tried"), std::string::npos);
  EXPECT_NE(version().find("8.1.50, which was not tried"), std::string::npos);
  EXPECT_EQ(starts(), 2u) << "a refusal is not kept";
  for (const auto& f : std::filesystem::directory_iterator(folder / "known"))
    std::ofstream(f.path(), std::ios::trunc) << "nonsense";
  install("10.0.13");
  EXPECT_EQ(version(), "10.0.13");
  setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace xedgesim::vm
