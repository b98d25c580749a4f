// Boards under GDB: the real one, and a client of our own for what a person does not type.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <random>
#include <thread>

#include "../system/program.h"
#include "base/descriptor.h"
#include "debugger/packet_reader.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::testing {
namespace {
namespace fs = std::filesystem;

std::string of_build(const std::string& file) { return std::string(XEDGESIM_BINARY_DIR) + "/" + file; }
std::string of_source(const std::string& file) { return std::string(XEDGESIM_SOURCE_DIR) + "/" + file; }

/// Within half a minute.
bool appears(const fs::path& file) {
  for (int i = 0; i < 600 && !fs::exists(file); ++i) usleep(50'000);
  return fs::exists(file);
}

class Gdb : public ::testing::Test {
 protected:
  void start(const std::string& scenario, const std::string& board, std::vector<std::string> more = {}) {
    std::vector<std::string> all{"run", of_source(scenario), "-o", (folder_ / "run").string(), "--gdb",
                                 board};
    all.insert(all.end(), more.begin(), more.end());
    program_.emplace(all);
    socket_ = folder_ / "run" / (board + ".gdb");
    ASSERT_TRUE(appears(socket_)) << program_->wait().err;
  }
  /// What GDB says to these commands.
  std::string gdb(const std::string& firmware, const std::vector<std::string>& commands) {
    std::vector<std::string> all{"gdb-multiarch",
                                 "-nx",
                                 "-batch",
                                 "--directory=" + of_source("firmware"),
                                 of_build("firmware/" + firmware),
                                 "-ex",
                                 "target remote " + socket_.string()};
    for (const std::string& c : commands) all.insert(all.end(), {"-ex", c});
    return run_tool(all, folder_ / "gdb.txt");
  }
  ProgramResult finish() { return program_->wait(); }
  std::string digest(const std::string& run = "run") const {
    return nlohmann::json::parse(read_file(folder_ / run / "summary.json"))["digest"];
  }

  TemporaryFolder folder_;
  std::optional<Program> program_;
  fs::path socket_;

 private:
  static std::string run_tool(std::vector<std::string> all, const fs::path& out) {
    std::vector<char*> argv;
    for (std::string& a : all) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    waitpid(pid, &status, 0);
    return read_file(out);
  }
};

bool there_is_gdb() {
  for (const char* folder : {"/usr/bin", "/usr/local/bin"})
    if (fs::exists(fs::path(folder) / "gdb-multiarch")) return true;
  return false;
}
constexpr const char* kNoGdb = "gdb-multiarch is not installed (scripts/setup --with tests)";

void expect_in_order(const std::string& text, const std::vector<std::string>& parts) {
  size_t at = 0;
  for (const std::string& p : parts) {
    const size_t found = text.find(p, at);
    EXPECT_NE(found, std::string::npos) << "'" << p << "' is missing, or too early, in\n" << text;
    if (found != std::string::npos) at = found + p.size();
  }
}

TEST_F(Gdb, StopsStepsAndLooksAndChangesNothing) {
  if (!there_is_gdb()) GTEST_SKIP() << kNoGdb;
  start("scenarios/hello/scenario.yaml", "board");
  const std::string said =
      gdb("hello.elf", {"monitor time", "break main", "continue", "next", "stepi", "info registers msp xpsr",
                        "p/x *(unsigned *)0xE000ED00", "x/2xw 0", "delete", "detach"});
  expect_in_order(said,
                  {"reset_handler", "board at 0.000000000 s, 0 instructions, awake", "Breakpoint 1, main ()",
                   "device_settings", "msp ", "xpsr", "= 0x410fc241", "0x20002000\t0x00000201", "detached"});
  const ProgramResult r = finish();
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_FALSE(fs::exists(socket_));
  const ProgramResult plain = run_program(
      {"run", of_source("scenarios/hello/scenario.yaml"), "-q", "-o", (folder_ / "plain").string()});
  EXPECT_EQ(plain.exit_code, 0);
  EXPECT_EQ(digest(), digest("plain"));
}

TEST_F(Gdb, HaltsTheWholeSystemOnBreakpointsAndWatchpoints) {
  if (!there_is_gdb()) GTEST_SKIP() << kNoGdb;
  const std::vector<std::string> few = {"--set", "scenario.duration=4s", "--set", "devices[0].count=3"};
  start("scenarios/vibration-monitoring/scenario.yaml", "vib_2", few);
  const std::string said =
      gdb("vib_sensor.elf",
          {"break publish", "continue", "monitor time", "bt", "continue", "monitor time", "delete",
           "watch *(unsigned short *)&sample_buffers[500]", "continue", "monitor time", "kill"});
  // EasyDMA fills the half of the buffer that is looked at half a second into the third window.
  expect_in_order(said, {"Breakpoint 1, ", "publish (", "vib_2 at 1.", "#0 ", "publish (", " main () at",
                         "Breakpoint 1, ", "publish (", "vib_2 at 2.", "Hardware watchpoint 2", "Old value",
                         "New value", "vib_2 at 3.", "killed"});
  const ProgramResult killed = finish();
  EXPECT_EQ(killed.exit_code, 130) << killed.out << killed.err;
  // What happened so far is on disk.
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "run/summary.json"))["status"], "interrupted");
}

TEST_F(Gdb, ARunWithBreakpointsHasTheDigestOfOneWithout) {
  if (!there_is_gdb()) GTEST_SKIP() << kNoGdb;
  const std::vector<std::string> few = {"--set", "scenario.duration=4s", "--set", "devices[0].count=3",
                                        "-j2"};
  start("scenarios/vibration-monitoring/scenario.yaml", "vib_1", few);
  const std::string said =
      gdb("vib_sensor.elf", {"break publish", "ignore 1 1", "continue", "nexti 3", "delete", "tbreak send",
                             "continue", "stepi 100", "detach"});
  expect_in_order(said, {"Breakpoint 1, ", "publish (", "Temporary breakpoint 2, ", "send (", "detached"});
  const ProgramResult r = finish();
  std::vector<std::string> plain{"run", of_source("scenarios/vibration-monitoring/scenario.yaml"), "-q", "-o",
                                 (folder_ / "plain").string()};
  plain.insert(plain.end(), few.begin(), few.end());
  EXPECT_EQ(run_program(plain).exit_code, r.exit_code);
  EXPECT_EQ(digest(), digest("plain"));
}

/// The other end of the protocol.
class Client {
 public:
  explicit Client(const fs::path& path) : socket_(nodes::connect_unix(path.string())) {}
  void raw(std::string_view bytes) { (void)!::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void ask(std::string_view text) { raw(debugger::packet_of(text)); }
  /// The next packet; empty when none came within 20 s, or the peer is gone.
  std::string answer() {
    for (;;) {
      while (const auto item = reader_.next())
        if (item->kind == debugger::PacketReader::Item::Kind::packet) return item->text;
      pollfd p{socket_.get(), POLLIN, 0};
      char chunk[4096];
      if (poll(&p, 1, 20'000) <= 0) return "";
      const ssize_t n = recv(socket_.get(), chunk, sizeof chunk, 0);
      if (n <= 0) return "";
      reader_.add({chunk, static_cast<size_t>(n)});
    }
  }
  std::string operator()(std::string_view text) {
    ask(text);
    return answer();
  }

 private:
  Descriptor socket_;
  debugger::PacketReader reader_;
};

TEST_F(Gdb, AnswersWhatAPersonDoesNotType) {
  start("scenarios/hello/scenario.yaml", "board", {"--set", "scenario.duration=100000s"});
  Client c(socket_);
  EXPECT_EQ(c("?"), "T05");
  EXPECT_EQ(c("qAttached"), "1");
  EXPECT_EQ(c("vMustReplyEmpty"), "");
  EXPECT_EQ(c("m20000000,4"), "00000000");
  EXPECT_EQ(c("M20000000,4:78563412"), "OK");
  EXPECT_EQ(c("m20000001,3"), "563412");
  EXPECT_EQ(c("M0,4:00000000"), "E0e") << "flash is not written by a debugger";
  EXPECT_EQ(c("m70000000,4"), "E0e");
  EXPECT_EQ(c("mfffffffe,4"), "E0e");
  EXPECT_EQ(c("m0,ffffffff"), "E16");
  EXPECT_EQ(c("m"), "E16");
  EXPECT_EQ(c("Z2,70000000,4"), "E0e");
  EXPECT_EQ(c("Z3,20000000,4"), "") << "watchpoints on reads are not there";
  EXPECT_EQ(c("vCont;"), "E16");
  EXPECT_EQ(c("vCont;x"), "E16");
  EXPECT_EQ(c("p99"), "E16");
  EXPECT_EQ(c("P0=78563412"), "OK");
  EXPECT_EQ(c("p0"), "78563412");
  EXPECT_EQ(c("Z2,20001ffc,4"), "OK");
  EXPECT_EQ(c("c"), "T05watch:20001ffc;");  // the first word on the stack
  EXPECT_EQ(c("z2,20001ffc,4"), "OK");
  c.ask("vCont;c");
  c.raw("\x03");
  EXPECT_EQ(c.answer(), "T02");
  c.raw("$g#00");  // wrong checksum: asked for again, and nothing happens
  EXPECT_EQ(c("qC"), "QC1");
  EXPECT_EQ(c("k"), "OK");
  EXPECT_EQ(finish().exit_code, 130);
}

TEST_F(Gdb, NonsenseNeitherEndsNorHangsTheRun) {
  start("scenarios/hello/scenario.yaml", "board");
  {
    Client c(socket_);
    std::mt19937 random(20261122);
    const std::string_view commands[] = {"g",
                                         "G00",
                                         "p1",
                                         "P1=0",
                                         "m0,4",
                                         "M20000000,1:00",
                                         "Z0,100,2",
                                         "z0,100,2",
                                         "qSupported",
                                         "qXfer:features:read:target.xml:0,10",
                                         "qRcmd,74",
                                         "H",
                                         "T1",
                                         "vCont?",
                                         "Z2,20000000,4",
                                         "?",
                                         "X",
                                         "",
                                         "vCont;",
                                         "qThreadExtraInfo,1"};
    for (int i = 0; i < 3000; ++i) {
      std::string text(commands[random() % std::size(commands)]);
      for (unsigned changes = random() % 3; changes > 0 && !text.empty(); --changes)
        text[random() % text.size()] = static_cast<char>(random());
      if (!text.empty() && std::string_view("csvDk").find(text[0]) != std::string_view::npos) text[0] = 'q';
      c.ask(text);
      c.answer();
    }
  }  // gone without a word: the run goes on
  const ProgramResult r = finish();
  EXPECT_TRUE(r.exit_code == 0 || r.exit_code == 1 || r.exit_code == 2) << r.exit_code << r.err;
}

TEST(GdbOption, RefusesWhatItCannotShow) {
  TemporaryFolder folder;
  const ProgramResult r = run_program(
      {"run", of_source("scenarios/hello/scenario.yaml"), "-o", (folder / "run").string(), "--gdb", "bord"});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("--gdb bord: there is no emulated board of that name; there are board"),
            std::string::npos)
      << r.err;
}

TEST(GdbOption, AnInterruptEndsARunThatWaits) {
  TemporaryFolder folder;
  Program p(
      {"run", of_source("scenarios/hello/scenario.yaml"), "-o", (folder / "run").string(), "--gdb", "board"});
  ASSERT_TRUE(appears(folder / "run/board.gdb"));
  kill(p.pid(), SIGINT);
  EXPECT_EQ(p.wait().exit_code, 130);
}

}  // namespace
}  // namespace xedgesim::testing
