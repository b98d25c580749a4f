// The pieces of a lab on the wall clock that need no machine: streams, consoles, the agent's lines, records.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/base64.h"
#include "base/error.h"
#include "base/shell_words.h"
#include "live/agent.h"
#include "live/byte_channel.h"
#include "live/console.h"
#include "live/console_pty.h"
#include "live/firmware_words.h"
#include "live/frame_stream.h"
#include "live/state_folder.h"
#include "temporary_folder.h"
#include "vm/qemu_process.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

TEST(FrameSplitter, FindsFramesHoweverTheStreamIsCut) {
  std::string stream;
  std::vector<sim::Bytes> sent;
  for (const size_t size : {60u, 1u, 1514u, 65'000u}) {
    sent.emplace_back(size, static_cast<uint8_t>(size));
    stream += frame_head(size) + std::string(sent.back().begin(), sent.back().end());
  }
  for (const size_t step : {1u, 3u, 1000u, 100'000u}) {
    std::vector<sim::Bytes> got;
    FrameSplitter splitter([&](sim::Bytes f) { got.push_back(std::move(f)); });
    for (size_t at = 0; at < stream.size(); at += step)
      ASSERT_TRUE(splitter.feed(std::string_view(stream).substr(at, step)));
    EXPECT_EQ(got, sent) << step;
  }
}

TEST(FrameSplitter, RefusesLengthsThatMakeNoSense) {
  for (const size_t length : {size_t{0}, FrameSplitter::kLongestFrame + 1, size_t{0xffffffff}}) {
    FrameSplitter splitter([](sim::Bytes) { FAIL(); });
    EXPECT_FALSE(splitter.feed(frame_head(length) + "abc"));
  }
}

TEST(ByteChannel, HoldsBackWhatThePeerDoesNotTakeAndTellsWhenItIsGone) {
  EventLoop loop;
  auto [ours, theirs] = vm::socket_pair();
  std::string got;
  bool closed = false;
  ByteChannel a(
      loop, std::move(ours), [&](std::string_view b) { got += b; }, [&] { closed = true; });
  const std::string piece(100'000, 'x');
  size_t taken = 0;
  while (a.send(piece)) ++taken;
  EXPECT_EQ(taken, ByteChannel::kMostWaiting / piece.size());
  a.flush();
  EXPECT_FALSE(a.idle());
  {
    size_t arrived = 0;
    ByteChannel b(
        loop, std::move(theirs), [&](std::string_view bytes) { arrived += bytes.size(); }, nullptr);
    for (int i = 0; i < 1000 && arrived < taken * piece.size(); ++i) loop.wait(Duration::ms(10));
    EXPECT_EQ(arrived, taken * piece.size());
    EXPECT_TRUE(a.idle());
    b.send("hello");
    b.flush();
  }
  for (int i = 0; i < 100 && !closed; ++i) loop.wait(Duration::ms(10));
  EXPECT_EQ(got, "hello");
  EXPECT_TRUE(closed);
}

TEST(Console, CutsLinesAndShowsBytes) {
  const TemporaryFolder folder;
  std::vector<std::string> lines;
  Console console(folder / "a/b.log", [&](std::string_view l) { lines.emplace_back(l); });
  std::string seen;
  const auto viewer = console.attach([&](std::string_view b) { seen += b; });
  console.feed("one\r\ntw");
  console.feed("o\n" + std::string(Console::kLongestLine + 10, 'z'));
  console.detach(viewer);
  console.feed("\nlast\n");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], "one");
  EXPECT_EQ(lines[1], "two");
  EXPECT_EQ(lines[2].size(), Console::kLongestLine);
  EXPECT_EQ(lines[3], "zzzzzzzzzz");
  EXPECT_EQ(seen.substr(0, 10), "one\r\ntwo\nz");
  EXPECT_EQ(seen.find("last"), std::string::npos);
  std::ifstream in(folder / "a/b.log");
  std::string first;
  std::getline(in, first);
  EXPECT_EQ(first, "one\r");
}

TEST(ConsolePty, IsASerialPortThatNobodyHasToListenTo) {
  const TemporaryFolder folder;
  Console console(folder / "log", [](std::string_view) {});
  EventLoop loop;
  std::string typed;
  ConsolePty pty(loop, console, [&](std::string_view b) { typed += b; });
  const auto read_all = [&](int fd) {
    std::string got(1 << 20, '\0');
    size_t n = 0;
    for (int idle = 0; idle < 5; ++idle, loop.wait(Duration::ms(5)))
      for (ssize_t r; (r = read(fd, got.data() + n, got.size() - n)) > 0; idle = 0)
        n += static_cast<size_t>(r);
    return got.substr(0, n);
  };
  // Nobody listens to three times what is kept: who comes late sees the newest, without a hole in it.
  std::string flood;
  for (int i = 0; flood.size() < 3 * ConsolePty::kMostWaiting; ++i) flood += fmt::format("line {}\n", i);
  for (size_t at = 0; at < flood.size(); at += 1000) console.feed(flood.substr(at, 1000));
  for (int reader = 0; reader < 2; ++reader) {
    const Descriptor fd(open(pty.path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
    ASSERT_GE(fd.get(), 0) << pty.path();
    if (reader == 0) {
      const std::string late = read_all(fd.get());
      EXPECT_GT(late.size(), 1000u);
      EXPECT_LE(late.size(), ConsolePty::kMostWaiting + 4096);
      EXPECT_TRUE(flood.ends_with(late)) << late.substr(0, 40) << " ... " << late.substr(late.size() - 40);
    }
    console.feed("raw\r\n\x03");
    EXPECT_EQ(read_all(fd.get()), "raw\r\n\x03");
    typed.clear();
    ASSERT_EQ(write(fd.get(), "ls\r\x03\x04", 5), 5);
    loop.wait(Duration::ms(100));
    EXPECT_EQ(typed, "ls\r\x03\x04");
    EXPECT_EQ(read_all(fd.get()), "") << "a serial port has no echo of its own";
  }
}

TEST(FirmwareWords, TellAStandingFirmwareFromOneThatGoesOn) {
  const std::string banner = "UEFI Interactive Shell v2.2\r\n\x1b[1mMapping table\x1b[0m\r\n";
  const std::string end = "     BLK0: Alias(s):\r\nPress ESC in 5 seconds to skip startup.nsh";
  FirmwareWords empty, with_files, bios, none;
  for (const char c : banner) EXPECT_FALSE(empty.feed({&c, 1}));
  EXPECT_TRUE(empty.feed(end));
  EXPECT_FALSE(with_files.feed(banner + "      FS0: Alias(s):HD0b:\r\n" + end));
  EXPECT_TRUE(none.feed("map: No mapping found.\r\n" + end));
  EXPECT_FALSE(bios.feed("Booting from Hard Disk...\r\n"));
  EXPECT_TRUE(bios.feed("Boot failed: not a bootable disk\r\n\r\nNo bootable device.\r\n"));
  EXPECT_EQ(plain_text("\x1b[2J\x1b[01;01Hone\r\ntwo\x1b["), "one\ntwo");
}

std::string coded(const std::string& text) {
  return base64_encode({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Agent, RunsCommandsSideBySide) {
  std::string sent;
  Agent agent([&](const std::string& text) { sent += text; });
  agent.feed("noise\nhel");
  EXPECT_FALSE(agent.ready());
  agent.feed("lo box\n");
  EXPECT_TRUE(agent.ready());
  std::string out, err;
  int one = -1, two = -1;
  const auto first =
      agent.run("echo 'a b'", {.output = [&](bool e, std::string_view t) { (e ? err : out) += t; },
                               .ended = [&](int s) { one = s; }});
  const auto second = agent.run("false", {.output = nullptr, .ended = [&](int s) { two = s; }});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(sent, "run 1 " + coded("echo 'a b'") + "\nrun 2 " + coded("false") + "\n");
  agent.feed("out 1 " + coded("a b\n") + "\nerr 1 " + coded("oh") + "\nout 2 x\nexit 2 1\nout 9 " +
             coded("q") + "\nexit one 1\nout 1 not*base64\nexit 1 0\nexit 1 5\n");
  EXPECT_EQ(out, "a b\n");
  EXPECT_EQ(err, "oh");
  EXPECT_EQ(one, 0);
  EXPECT_EQ(two, 1);
}

TEST(Agent, HandsInputOverPieceByPiece) {
  std::string sent;
  Agent agent([&](const std::string& text) { sent += text; });
  agent.feed("hello box\n");
  EXPECT_FALSE(agent.takes_input());  // of an older image
  agent.feed("hello box input\n");
  EXPECT_TRUE(agent.takes_input());
  int taken = 0;
  const auto with = agent.run("cat", {.output = nullptr, .ended = nullptr, .took = [&] { ++taken; }});
  agent.input(*with, "a\n");
  agent.input(*with, {});
  agent.input(99, "nobody");
  EXPECT_EQ(sent, "open 1 " + coded("cat") + "\nin 1 " + coded("a\n") + "\nin 1 end\n");
  agent.feed("took 1\ntook 9\nexit 1 0\ntook 1\n");
  EXPECT_EQ(taken, 1);
  agent.reset();
  EXPECT_FALSE(agent.takes_input());
}

TEST(Agent, EndsSessionsWithTheMachineAndKillsThoseNobodyWantsAnyMore) {
  std::string sent;
  Agent agent([&](const std::string& text) { sent += text; });
  agent.feed("hello\n" + std::string(Agent::kLongestLine + 1, 'x') + "\n");
  int status = -1;
  const auto unwanted = agent.run("sleep 9", {.output = nullptr, .ended = [&](int) { FAIL(); }});
  agent.run("sleep 8", {.output = nullptr, .ended = [&](int s) { status = s; }});
  agent.kill(*unwanted);
  EXPECT_NE(sent.find("kill 1\n"), std::string::npos);
  agent.reset();
  EXPECT_EQ(status, 255);
  EXPECT_FALSE(agent.ready());
  for (size_t i = 0; i < Agent::kMostSessions; ++i) EXPECT_TRUE(agent.run("x", {}));
  EXPECT_FALSE(agent.run("x", {}));
}

TEST(Agent, QuotesForAShell) {
  const std::string nasty = "it's $HOME `x` \"\\\n;";
  const std::string said = vm::run_to_end({"sh", "-c", "printf %s " + shell_quoted(nasty)}, Duration::s(20));
  EXPECT_EQ(said, nasty);
}

/// A process of this test.
class Sleeper {
 public:
  Sleeper() : pid_(fork()) {
    if (pid_ == 0) {
      execlp("sleep", "sleep", "1000", nullptr);
      _exit(1);
    }
  }
  ~Sleeper() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  HostProcess process() const { return find_process(pid_).value(); }

 private:
  pid_t pid_;
};

TEST(HostProcess, IsToldFromALaterOneOfTheSameNumber) {
  const Sleeper sleeper;
  const HostProcess real = sleeper.process(), other{real.pid, real.started + 1};
  EXPECT_TRUE(alive(real));
  EXPECT_FALSE(alive(other));
  EXPECT_FALSE(signal_process(other, SIGKILL));
  end_process(other, Duration::ms(10));
  EXPECT_TRUE(alive(real));
  end_process(real, Duration::s(5));
  EXPECT_FALSE(alive(real));
  EXPECT_FALSE(find_process(-1));
}

TEST(StateFolder, EndsExactlyWhatIsWrittenDown) {
  const TemporaryFolder root;
  const StateFolder folder("lab", root.path());
  const Sleeper ours, strangers;
  folder.create();
  folder.write(
      {.name = "lab",
       .scenario = "/s.yaml",
       .owner = {getpid(), 1},  // somebody of this number, long ago
       .nodes = {{.id = "a", .process = ours.process(), .cgroups = {}},
                 {.id = "b", .process = {strangers.pid(), strangers.process().started - 5}, .cgroups = {}}}});
  EXPECT_FALSE(folder.up());
  EXPECT_EQ(folder.read()->nodes.size(), 2u);
  EXPECT_EQ(StateFolder::names(root.path()), std::vector<std::string>{"lab"});
  EXPECT_EQ(folder.clean_up(), 1u);
  EXPECT_FALSE(find_process(ours.pid()));
  EXPECT_TRUE(find_process(strangers.pid()));
  EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(StateFolder, IsMadeOnceAndTakesOverFromACrash) {
  const TemporaryFolder root;
  const StateFolder folder("lab", root.path());
  folder.create();
  folder.write({.name = "lab", .owner = find_process(getpid()).value()});
  EXPECT_THROW(folder.create(), ConfigError);
  folder.write({.name = "lab", .owner = {getpid(), 1}});
  std::ofstream(folder.path() / "left") << "x";
  folder.create();
  EXPECT_FALSE(fs::exists(folder.path() / "left"));
  std::ofstream(folder.path() / "system.json") << "{\"nodes\": [1, {\"process\": 7}]";
  EXPECT_FALSE(folder.read());
  std::ofstream(folder.path() / "system.json") << "{\"nodes\": [1, {\"process\": 7}]}";
  EXPECT_FALSE(folder.read());
  EXPECT_EQ(fs::status(folder.path()).permissions() & (fs::perms::group_all | fs::perms::others_all),
            fs::perms::none);
}

TEST(StateFolder, RefusesNamesThatLeaveIt) {
  for (const char* name :
       {"", "..", "../x", "a/b", ".hidden", "a b", "name-that-is-longer-than-forty-characters-is"})
    EXPECT_THROW(StateFolder(name, "/tmp"), ConfigError) << name;
}

}  // namespace
}  // namespace xedgesim::live
