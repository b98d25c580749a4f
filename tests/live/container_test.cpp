// Containers of a real engine whose network cards are on our switch. The engine is the test's own: its socket
// and data lie in a temporary folder, it touches no network of the host, and it is ended by its number.
// Skipped, with the reason, where no engine is installed (scripts/setup --with containers) or the host gives
// it no namespaces.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "container/docker_archive.h"
#include "container/engine.h"
#include "container/sandbox.h"
#include "k3s_stand_in.h"
#include "live/host_process.h"
#include "up_fixture.h"
#include "vm/image/cpio.h"
#include "vm/process.h"

namespace xedgesim::testing {
namespace {

bool is_installed(const std::string& program) {
  for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/bin/"})
    if (access((folder + program).c_str(), X_OK) == 0) return true;
  return false;
}

/// An engine with nothing in it, gone with this object.
class OwnEngine {
 public:
  explicit OwnEngine(const std::string& kind) : kind_(kind) {
    std::vector<std::string> environment;
    const std::string at = folder_.path().string();
    std::vector<std::string> command;
    if (kind == "docker") {
      std::ofstream(folder_ / "daemon.json") << nlohmann::json{
          {"iptables", false},         {"ip6tables", false},      {"ip-forward", false},
          {"bridge", "none"},          {"storage-driver", "vfs"}, {"data-root", at + "/data"},
          {"exec-root", at + "/exec"}, {"pidfile", at + "/pid"},  {"hosts", {"unix://" + socket().string()}}};
      command = {"/usr/sbin/dockerd", "--config-file", at + "/daemon.json"};
    } else {
      std::ofstream(folder_ / "containers.conf") << "[containers]\ndefault_ulimits=[]\n[engine]\ncgroup_"
                                                    "manager=\"cgroupfs\"\nevents_logger=\"file\"\n"
                                                    "runtime=\"runc\"\n";
      environment = {"CONTAINERS_CONF=" + at + "/containers.conf"};
      command = {"/usr/bin/podman",
                 "--root",
                 at + "/data",
                 "--runroot",
                 at + "/run",
                 "--storage-driver",
                 "vfs",
                 "system",
                 "service",
                 "--time=0",
                 "unix://" + socket().string()};
    }
    process_ = std::make_unique<vm::Process>(vm::Process::Config{.command = command,
                                                                 .environment = environment,
                                                                 .output = folder_ / "log",
                                                                 .inherited = {},
                                                                 .folder = {}});
    for (int i = 0; i < 300 && version_.empty() && !process_->wait(Duration::ms(50)); ++i) {
      try {
        version_ = engine().version();
      } catch (const Error&) {
        // Not yet.
      }
    }
  }
  ~OwnEngine() {
    if (kind_ == "podman") {
      // They outlive the service.
      for (const auto& [id, labels] : engine_containers()) engine().remove(id);
    }
    kill(process_->pid(), SIGTERM);
    process_->finish(Duration::s(20));
    // Podman keeps the monitor of each command for five minutes; what names our folder is ours.
    std::error_code ec;
    for (const auto& e : std::filesystem::directory_iterator("/proc", ec)) {
      const auto process = live::find_process(static_cast<pid_t>(std::atoi(e.path().filename().c_str())));
      if (process && process->pid != getpid() &&
          read_file(e.path() / "cmdline").find(folder_.path().string()) != std::string::npos)
        live::signal_process(*process, SIGKILL);
    }
    // Storage and namespaces may stay mounted.
    std::ifstream mounts("/proc/self/mounts");
    std::vector<std::string> ours;
    for (std::string device, where, rest; mounts >> device >> where && std::getline(mounts, rest);)
      if (where.starts_with(folder_.path().string())) ours.push_back(where);
    for (auto it = ours.rbegin(); it != ours.rend(); ++it)
      vm::run_to_end({"umount", "-l", *it}, Duration::s(10));
  }
  std::filesystem::path socket() const { return folder_ / "s"; }
  container::Engine engine() const { return container::Engine(socket()); }
  bool runs() const { return !version_.empty(); }
  std::string log() const { return read_file(folder_ / "log"); }
  std::map<std::string, std::map<std::string, std::string>> engine_containers() const {
    try {
      return engine().containers("org.xedgesim.owner");
    } catch (const Error&) {
      return {};
    }
  }

 private:
  TemporaryFolder folder_;
  std::string kind_, version_;
  std::unique_ptr<vm::Process> process_;
};

/// FROM scratch: busybox under the names the tests use.
void write_busybox_image(const std::filesystem::path& folder, const std::string& tag,
                         const std::string& architecture) {
  vm::FileTree tree;
  tree.add_file(
      "bin/busybox",
      read_file("/usr/bin/busybox").empty() ? read_file("/bin/busybox") : read_file("/usr/bin/busybox"),
      0755);
  for (const char* name : {"sh", "ping", "sleep", "cat", "ls", "echo", "hostname", "touch", "head", "tail",
                           "true", "grep", "tr"})
    tree.add_link(std::string("bin/") + name, "busybox");
  tree.add_folder("tmp", 01777);
  tree.add_folder("etc");
  std::ofstream(folder / "image.cpio", std::ios::binary) << tree.archive();
  container::write_docker_archive(folder / "image.cpio",
                                  {.tags = {tag}, .architecture = architecture, .environment = {"PATH=/bin"}},
                                  folder / "image.tar");
}

std::string in_container(const std::string& id, int host, const std::string& command,
                         const std::string& more = "") {
  return "  - {id: " + id + ", type: container, image: test/busybox, ip: 10.7.0." + std::to_string(host) +
         ", command: " + command + more + "}\n";
}

class Containers : public UpTest, public ::testing::WithParamInterface<const char*> {
 protected:
  static void SetUpTestSuite() {}
  void SetUp() override {
    const bool docker = std::string(GetParam()) == "docker";
    if (!is_installed(docker ? "dockerd" : "podman") || !is_installed("runc") || !is_installed("busybox"))
      GTEST_SKIP() << GetParam() << ", runc or busybox is not installed: scripts/setup --with containers";
    if (geteuid() != 0) GTEST_SKIP() << "an engine of our own takes root";
    if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
    own_ = std::make_unique<OwnEngine>(GetParam());
    if (!own_->runs()) GTEST_SKIP() << GetParam() << " does not start on this host: " << own_->log();
    write_busybox_image(folder_.path(), "test/busybox:latest", container::host_architecture());
    own_->engine().load_image(folder_ / "image.tar");
    setenv("DOCKER_HOST", ("unix://" + own_->socket().string()).c_str(), 1);
  }
  void TearDown() override {
    if (!own_) return;
    run_program({"down", "--all"});
    EXPECT_TRUE(own_->engine_containers().empty());
    unsetenv("DOCKER_HOST");
    own_.reset();
  }
  std::string run_yaml(const std::string& nodes, const std::string& rest,
                       const std::string& duration = "5s") {
    std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab, duration: " << duration << "}\nnodes:\n"
                                      << nodes << kCable << rest;
    return (folder_ / "s.yaml").string();
  }
  ProgramResult run(const std::string& file) {
    return run_program({"run", file, "-o", (folder_ / "out").string(), "--quiet"});
  }

  std::unique_ptr<OwnEngine> own_;
};

INSTANTIATE_TEST_SUITE_P(Engine, Containers, ::testing::Values("docker", "podman"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Containers, ReachEachOtherAndAreGoneAfterDown) {
  // Its first program finds the network as it is to be.
  const ProgramResult up = run_program(
      {"up", "-d",
       write(in_container("left", 1, "[sh, -c, 'ping -c 1 10.7.0.1 | grep received; sleep 1000']") +
             in_container("right", 2, "[sleep, '1000']"))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  expect_two_of("container", "3 packets received");
  const nlohmann::json all = machines();
  EXPECT_EQ(own_->engine_containers().size(), 2u);
  EXPECT_NE(run_program({"logs", "left"}).out.find("1 packets received"), std::string::npos);
  ASSERT_EQ(run_program({"link", "set", "cable", "latency=60ms"}).exit_code, 0);
  EXPECT_NE(run_program({"exec", "left", "--", "ping", "-c", "1", "right"}).out.find("time=12"),
            std::string::npos);

  expect_standard_input("left");

  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_TRUE(own_->engine_containers().empty());
  for (const auto& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
  EXPECT_TRUE(nothing_left());
}

TEST_P(Containers, HaveTheirCardsInOrderWhenTheirProgramBegins) {
  const std::string two =
      ", interfaces: [{ip: 10.7.0.1, mac: \"52:54:00:00:00:0a\"}, {ip: 10.8.0.1, mac: "
      "\"52:54:00:00:00:0b\"}]}\n";
  const ProgramResult up =
      run_program({"up", "-d",
                   write("  - {id: left, type: container, image: test/busybox, command: [sh, -c, 'cat "
                         "/sys/class/net/eth0/address /sys/class/net/eth1/address; sleep 1000']" +
                             two + in_container("near", 2, "[sleep, '1000']") +
                             "  - {id: far, type: container, image: test/busybox, ip: 10.8.0.2, command: "
                             "[sleep, '1000']}\n",
                         "links:\n  - {endpoints: [\"left:eth1\", \"far:eth0\"]}\n"
                         "  - {endpoints: [\"left:eth0\", \"near:eth0\"]}\n")});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  const std::string in_order = "52:54:00:00:00:0a\n52:54:00:00:00:0b\n";
  const std::string printed = logs_with("left", in_order);
  EXPECT_NE(printed.find(in_order), std::string::npos) << printed;
  for (const char* other : {"near", "far"})
    EXPECT_NE(run_program({"exec", "left", "--", "ping", "-c", "1", other}).out.find("1 packets received"),
              std::string::npos)
        << other;
  EXPECT_NE(run_program({"exec", "far", "--", "ping", "-c", "1", "left"}).out.find("10.8.0.1"),
            std::string::npos);
}

TEST_P(Containers, LeaveNothingWhenTheProgramIsKilled) {
  // These would not end by SIGTERM.
  const std::string stubborn = "[sh, -c, 'trap \"\" TERM; while :; do sleep 1; done']";
  ASSERT_EQ(
      run_program({"up", "-d", write(in_container("left", 1, stubborn) + in_container("right", 2, stubborn))})
          .exit_code,
      0);
  const auto record = nlohmann::json::parse(read_file(folder_ / "state/lab/system.json"));
  const nlohmann::json all = machines();
  const Descriptor owner = open_pidfd(record["owner"]["pid"].get<pid_t>());
  kill(record["owner"]["pid"].get<pid_t>(), SIGKILL);
  pollfd ended{owner.get(), POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 10'000), 1);
  EXPECT_EQ(own_->engine_containers().size(), 2u);
  EXPECT_NE(run_program({"down"}).out.find("it had crashed"), std::string::npos);
  EXPECT_TRUE(own_->engine_containers().empty());
  for (const auto& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
}

TEST_P(Containers, OfAKilledRunAreTakenAwayByDown) {
  const std::string file = run_yaml(
      in_container("left", 1, "[sleep, '1000']") + in_container("right", 2, "[sleep, '1000']"), "", "1000s");
  Program program({"run", file, "-o", (folder_ / "out").string(), "--quiet"});
  const auto started = [&] {
    size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(folder_ / "state/.runs")) {
      const auto record = nlohmann::json::parse(read_file(e.path() / "system.json"), nullptr, false);
      if (record.is_object()) n = record["nodes"].size();
    }
    return n;
  };
  for (int i = 0; i < 300 && !(std::filesystem::exists(folder_ / "state/.runs") && started() == 2); ++i)
    usleep(100'000);
  EXPECT_EQ(run_program({"ps", "--format", "json"}).out, "[]\n") << "a run is no system that is up";
  run_program({"down", "--all"});
  EXPECT_EQ(own_->engine_containers().size(), 2u) << "down leaves a run alone that goes on";
  kill(program.pid(), SIGKILL);
  program.wait();
  ASSERT_EQ(own_->engine_containers().size(), 2u);
  const ProgramResult down = run_program({"down"});
  EXPECT_EQ(down.exit_code, 0) << down.err;
  EXPECT_NE(down.out.find("a run of lab was killed ("), std::string::npos) << down.out;
  EXPECT_TRUE(own_->engine_containers().empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "state/.runs"));
}

TEST_P(Containers, ArePausedAndReplacedByFaults) {
  const std::string file =
      run_yaml(in_container("left", 1, "[sh, -c, 'while :; do echo tick; sleep 0.2; done']") +
                   in_container("right", 2, "[sleep, '1000']"),
               "faults:\n"
               "  - {time: 1s, type: node_failure, target: left, duration: 1500ms}\n"
               "  - {time: 3s, type: machine_reset, target: right}\n"
               "validation: {assertions: [{expect_line: tick, node: left}]}\n",
               "5s");
  const ProgramResult r = run(file);
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  std::istringstream lines(read_file(folder_ / "out/consoles/left.log"));
  int between = 0, after = 0;
  for (std::string line; std::getline(lines, line);) {
    const double t = std::stod(line.substr(1));
    between += t > 1.4 && t < 2.4;
    after += t > 2.6;
  }
  EXPECT_EQ(between, 0);
  EXPECT_GT(after, 3);
  const auto summary = nlohmann::json::parse(read_file(folder_ / "out/summary.json"));
  EXPECT_EQ(summary["machines"]["right"]["boots"], 2) << summary["machines"];
  EXPECT_TRUE(own_->engine_containers().empty());
}

TEST_P(Containers, SayWhatWentWrong) {
  const std::string quiet = in_container("right", 2, "[sleep, '1000']");
  const auto says = [&](const std::string& left, const std::string& part, int code) {
    const ProgramResult r = run(run_yaml(left + quiet, "", "3s"));
    EXPECT_EQ(r.exit_code, code) << r.out << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << r.err;
    EXPECT_TRUE(own_->engine_containers().empty());
  };
  says("  - {id: left, type: container, image: no/such, ip: 10.7.0.1}\n", "has no image 'no/such'", 3);
  says("  - {id: left, type: container, image: '$(x) y', ip: 10.7.0.1}\n", "has no image '$(x) y'", 3);
  says("  - {id: left, type: container, image: test/busybox, ip: 10.7.0.1}\n", "names nothing to run", 3);
  says(in_container("left", 1, "[nosuchprogram]"), "container-start: cannot run nosuchprogram", 1);
  says(in_container("left", 1, "[sh, -c, 'echo goodbye; exit 3']"), "its container ended with exit code 3",
       1);
  says(in_container("left", 1, "[sh, -c, 'echo goodbye; exit 3']"), "goodbye", 1);
  const std::string other = container::host_architecture() == "amd64" ? "arm64" : "amd64";
  write_busybox_image(folder_.path(), "test/other:latest", other);
  own_->engine().load_image(folder_ / "image.tar");
  says("  - {id: left, type: container, image: test/other, ip: 10.7.0.1, command: ['true']}\n",
       "is for " + other, 3);
}

TEST_P(Containers, FormAK3sClusterOfAStandIn) {
  if (const std::string why = build_k3s_stand_in(folder_ / "k3s"); !why.empty())
    GTEST_SKIP() << "no static program can be built here: " << why;
  const ProgramResult r =
      run(run_yaml(k3s_pair("type: container, image: test/busybox", "4s", "", "/usr/local/bin/k3s"),
                   kK3sAssertions, "7s"));
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err << read_file(folder_ / "out/consoles/left.log")
                            << read_file(folder_ / "out/consoles/right.log");
}

TEST_P(Containers, KeepToTheirMemoryLimit) {
  const ProgramResult r =
      run(run_yaml(in_container("left", 1, "[sh, -c, 'head -c 300000000 /dev/zero | tail; echo status $?']",
                                ", memory_limit: {hard: 64MiB}") +
                       in_container("right", 2, "[sleep, '1000']"),
                   "", "5s"));
  const std::string printed = read_file(folder_ / "out/consoles/left.log");
  EXPECT_TRUE(printed.find("Killed") != std::string::npos ||
              printed.find("status 137") != std::string::npos ||
              r.err.find("more memory than its limit") != std::string::npos)
      << printed << r.out << r.err;
}

TEST_P(Containers, ThatDieStayDead) {
  const ProgramResult up = run_program({"up", "-d", "--wait", "1",
                                        write(in_container("left", 1, "[sh, -c, 'echo goodbye; exit 3']") +
                                              in_container("right", 2, "[sleep, '1000']"))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  wait_for("left", "crashed");
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const nlohmann::json left = wait_for("left", "crashed");
  EXPECT_EQ(left["boots"], 1) << "nobody starts it anew, so it cannot do so in a loop";
  EXPECT_NE(left["reason"].get<std::string>().find("ended with exit code 3"), std::string::npos) << left;
  EXPECT_EQ(own_->engine_containers().size(), 1u) << "what is dead is removed";
  EXPECT_EQ(run_program({"exec", "right", "--", "echo", "alive"}).out, "alive\n");
}

/// One that a fault switches on again and again is one container each time, and none is left.
TEST_P(Containers, RestartedInALoopByFaultsLeaveNothing) {
  std::string faults = "faults:\n";
  for (int i = 1; i <= 5; ++i)
    faults += "  - {time: " + std::to_string(i) + "s, type: machine_reset, target: left}\n";
  const ProgramResult r =
      run(run_yaml(in_container("left", 1, "[sleep, '1000']") + in_container("right", 2, "[sleep, '1000']"),
                   faults, "7s"));
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_ / "out/summary.json"))["machines"]["left"]["boots"], 6);
  EXPECT_TRUE(own_->engine_containers().empty());
}

TEST_P(Containers, ThatFloodLeaveTheOthersWorking) {
  const std::string floods =
      "[sh, -c, 'for i in 1 2 3 4; do ping -i 0.001 -s 1400 10.7.0.2 >/dev/null & done; "
      "cat /dev/zero | tr \"\\0\" x & while :; do echo flood; done']";
  const ProgramResult up = run_program(
      {"up", "-d", write(in_container("left", 1, floods) + in_container("right", 2, "[sleep, '1000']"))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(run_program({"exec", "right", "--", "echo", "alive"}).out, "alive\n");
  EXPECT_EQ(run_program({"link", "set", "cable", "latency=5ms"}).exit_code, 0);
  nlohmann::json frames;
  for (const auto& m : machines())
    if (m["id"] == "right") frames = m["frames_in"];
  EXPECT_GT(frames.get<int64_t>(), 500) << "it does flood the network";
  // Neither the log nor the program that keeps it grows without end.
  EXPECT_LT(std::filesystem::file_size(folder_ / "state/lab/consoles/left.log"), 100u << 20);
  const auto record = nlohmann::json::parse(read_file(folder_ / "state/lab/system.json"));
  std::ifstream status("/proc/" + std::to_string(record["owner"]["pid"].get<pid_t>()) + "/status");
  long resident = -1;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) resident = std::atol(line.c_str() + 6);
  EXPECT_GT(resident, 0);
  EXPECT_LT(resident, 300 * 1024) << "KiB";
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_TRUE(own_->engine_containers().empty());
}

TEST_P(Containers, ThatIgnoreSigtermAreKilled) {
  ASSERT_EQ(
      run_program({"up", "-d",
                   write(in_container("left", 1, "[sh, -c, 'trap \"\" TERM; while :; do sleep 1; done']") +
                         in_container("right", 2, "[sleep, '1000']"))})
          .exit_code,
      0);
  const nlohmann::json all = machines();
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_TRUE(own_->engine_containers().empty());
  for (const auto& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
}

TEST_P(Containers, TakeHostileNamesAndValuesAsTheyAre) {
  const std::string value = "$(reboot) `id` ; | & ' \" \n second line $HOME", folder = "a b'$(c);d";
  std::filesystem::create_directory(folder_ / folder);
  std::ofstream(folder_ / folder / "file") << "from the host\n";
  const nlohmann::json command = {"sh", "-c", "echo \"$A\"; cat '/mnt/e f/file'; echo \"[$0]\"; sleep 1000",
                                  value};
  const std::string more = ", environment: " + nlohmann::json{{"A", value}}.dump() + ", volumes: [" +
                           nlohmann::json("./" + folder + ":/mnt/e f:ro").dump() + "]";
  const ProgramResult r = run(run_yaml(
      in_container("left", 1, command.dump(), more) + in_container("right", 2, "[sleep, '1000']"), "", "3s"));
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err;
  std::string printed;
  std::istringstream lines(read_file(folder_ / "out/consoles/left.log"));
  for (std::string line; std::getline(lines, line);) printed += line.substr(line.find("] ") + 2) + "\n";
  EXPECT_NE(printed.find(value + "\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("from the host\n[" + value + "]\n"), std::string::npos) << printed;
  const ProgramResult bad = run(run_yaml(in_container("left", 1, "['true']", ", environment: {'A=B': c}") +
                                             in_container("right", 2, "[sleep, '1000']"),
                                         "", "1s"));
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_NE(bad.err.find("'A=B' is no name of a variable"), std::string::npos) << bad.err;
}

TEST_P(Containers, OfAnEngineThatIsNotOursAreRefused) {
  if (vm::find_program("setpriv").empty()) GTEST_SKIP() << "setpriv is not installed";
  const std::string file = write(in_container("left", 1, "['true']") + in_container("right", 2, "['true']"));
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  const ProgramResult r =
      Program({"up", file}, {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}).wait();
  EXPECT_EQ(r.exit_code, 3) << r.out;
  EXPECT_NE(r.err.find("no container engine answers at " + own_->socket().string() + ": Permission denied"),
            std::string::npos)
      << r.err;
}

class WithoutEngine : public UpTest {
 protected:
  ~WithoutEngine() override { unsetenv("DOCKER_HOST"); }
  std::string refusal(const std::string& docker_host) {
    setenv("DOCKER_HOST", docker_host.c_str(), 1);
    const ProgramResult r = run_program(
        {"up", write(in_container("left", 1, "['true']") + in_container("right", 2, "['true']"))});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    EXPECT_TRUE(nothing_left());
    return r.err;
  }
};

TEST_F(WithoutEngine, SaysWhatToDo) {
  const std::string absent = refusal("unix:///nonexistent/docker.sock");
  EXPECT_NE(absent.find("no container engine answers at /nonexistent/docker.sock: No such file"),
            std::string::npos)
      << absent;
  EXPECT_NE(absent.find("scripts/setup --with containers"), std::string::npos) << absent;
  std::ofstream(folder_ / "file");
  EXPECT_NE(refusal("unix://" + (folder_ / "file").string()).find("Connection refused"), std::string::npos);
  EXPECT_NE(refusal("tcp://10.0.0.1:2375").find("only unix:// sockets"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
