// Systems that are up beside programs of the host: forwarded ports, the way out, and a network device whose
// packets pass our links. All in a network namespace of the test's own, without any way out of it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <regex>
#include <thread>

#include "../system/program.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "container/sandbox.h"
#include "live/host_process.h"
#include "live/uplink.h"
#include "own_network.h"
#include "vm/image/image_store.h"
#include "vm/process.h"
#include "vm/qemu_probe.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

sockaddr_in inet(const char* ip, uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  inet_pton(AF_INET, ip, &a.sin_addr);
  return a;
}

/// Says one sentence to the first who connects to port 18090 of any of the host's addresses, for twenty
/// seconds.
class OutsideServer {
 public:
  OutsideServer() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in a = inet("0.0.0.0", 18090);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a), 0);
    EXPECT_EQ(listen(socket_.get(), 4), 0);
    serving_ = std::thread([this] {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (poll(&ready, 1, 20'000) != 1) return;
      const Descriptor peer(accept(socket_.get(), nullptr, nullptr));
      const std::string text = "from outside\n";
      EXPECT_EQ(send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    });
  }
  ~OutsideServer() { join(); }
  void join() {
    if (serving_.joinable()) serving_.join();
  }

 private:
  Descriptor socket_;
  std::thread serving_;
};

/// One TCP conversation as a client: what the other end said until it closed.
std::string fetch(const char* ip, uint16_t port, const std::string& request) {
  const Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in a = inet(ip, port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) return "";
  if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
  std::string out;
  char buffer[65536];
  for (ssize_t n = 0; (n = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
    out.append(buffer, static_cast<size_t>(n));
  return out;
}

class HostNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto probe = vm::probe_qemu(vm::Arch::x86_64);
    if (!probe.qemu) GTEST_SKIP() << probe.reason;
    if (!vm::ImageStore().find("base", vm::Arch::x86_64))
      GTEST_SKIP() << "there is no image 'base' for x86_64: xedgesim image build base";
    if (std::system("ip -V >/dev/null 2>&1") != 0) GTEST_SKIP() << "iproute2 is not installed";
    network_ = std::make_unique<OwnNetwork>();
    if (!network_->made()) GTEST_SKIP() << "a network namespace of our own takes CAP_SYS_ADMIN";
    setenv("XEDGESIM_STATE", (folder_ / "state").c_str(), 1);
  }
  void TearDown() override {
    run_program({"down", "--all"});
    unsetenv("XEDGESIM_STATE");
    network_.reset();
  }
  std::string write(const std::string& text) {
    std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab}\n" << text;
    return (folder_ / "s.yaml").string();
  }
  /// Until a command in a machine succeeds.
  static ProgramResult eventually(const std::vector<std::string>& command) {
    std::vector<std::string> all{"exec", "web", "--"};
    all.insert(all.end(), command.begin(), command.end());
    ProgramResult r;
    for (int i = 0; i < 50; ++i) {
      r = run_program(all);
      if (r.exit_code == 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return r;
  }

  TemporaryFolder folder_;
  std::unique_ptr<OwnNetwork> network_;
};

constexpr const char* kWeb =
    "nodes:\n"
    "  - id: web\n    type: vm\n    arch: x86_64\n    memory: 256MiB\n    image: base\n    ip: 10.7.0.1\n"
    "    ports: [\"18080:80\", \"127.0.0.1:18081:81\"]\n"
    "    commands: [\"mkdir -p /www && seq 1 100000 >/www/numbers\", \"busybox httpd -p 80 -h /www\"]\n"
    "  - {id: other, type: model, ip: 10.7.0.2}\n"
    "links:\n  - {id: cable, endpoints: [\"web:eth0\", \"other:eth0\"]}\n";

TEST_F(HostNetworkTest, ABrowserOfTheHostReachesANodeAndANodeTheOutside) {
  if (const std::string why = live::Uplink::missing(); !why.empty()) GTEST_SKIP() << why;
  const std::string file = write(std::string(kWeb) + "network: {lan: {host_ip: 10.7.0.254, uplink: true}}\n");
  const ProgramResult up = run_program({"up", "-d", file});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  EXPECT_NE(up.out.find("web: the host's TCP port 18080 leads to its port 80"), std::string::npos) << up.out;
  // The server starts after the agent.
  ASSERT_EQ(eventually({"busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/numbers"}).exit_code,
            0);

  std::string expected;
  for (int i = 1; i <= 100'000; ++i) expected += std::to_string(i) + "\n";
  const std::string page = fetch("127.0.0.1", 18080, "GET /numbers HTTP/1.0\r\n\r\n");
  ASSERT_NE(page.find("\r\n\r\n"), std::string::npos) << page.substr(0, 200);
  EXPECT_EQ(page.substr(page.find("\r\n\r\n") + 4), expected);
  EXPECT_EQ(fetch(kOutside, 18080, "GET /numbers HTTP/1.0\r\n\r\n"), "");  // on the loopback alone
  EXPECT_EQ(fetch("127.0.0.1", 18081, "hello"), "");                       // nobody listens there

  // The outside is a server of this test, at an address that is not the loopback's.
  OutsideServer server;
  const std::string ask = std::string("nc -w 5 ") + kOutside + " 18090 </dev/null";
  const ProgramResult out = run_program({"exec", "web", "--", "sh", "-c", ask});
  server.join();
  EXPECT_EQ(out.out, "from outside\n") << out.err;
  // The host's own loopback is not for machines unless told.
  EXPECT_NE(run_program({"exec", "web", "--", "sh", "-c", "nc -w 2 10.7.0.254 18090 </dev/null"}).exit_code,
            0);
  // Names of the network stay ours, and what is unknown in it is unknown at once.
  EXPECT_EQ(run_program({"exec", "web", "--", "ping", "-c", "1", "other"}).exit_code, 0);

  const ProgramResult second = run_program({"up", "--name", "twin", file});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_NE(second.err.find("node 'web': cannot listen on the host's TCP port 18080"), std::string::npos)
      << second.err;
  EXPECT_NE(second.err.find("another program has it"), std::string::npos) << second.err;
  EXPECT_FALSE(fs::exists(folder_ / "state/twin"));
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_EQ(fetch("127.0.0.1", 18080, "GET / HTTP/1.0\r\n\r\n"), "");
}

TEST_F(HostNetworkTest, ADeviceOfTheHostTalksThroughOurLinksAndGoesWithTheProgram) {
  const std::string file = write(
      "nodes:\n"
      "  - {id: web, type: vm, arch: x86_64, memory: 256MiB, image: base, ip: 10.7.0.1}\n"
      "  - {id: tools, type: host, ip: 10.7.0.9}\n"
      "switches:\n  - {id: sw, ports: [{name: p1}, {name: p2}]}\n"
      "links:\n"
      "  - {id: cable, endpoints: [\"web:eth0\", \"sw:p1\"], latency: 30ms}\n"
      "  - {id: lead, endpoints: [\"tools:eth0\", \"sw:p2\"]}\n");
  const ProgramResult up = run_program({"up", "-d", file});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  EXPECT_NE(up.out.find("tools: the host's network device xs-tools has 10.7.0.9/24"), std::string::npos);
  ASSERT_NE(if_nametoindex("xs-tools"), 0u);

  const auto ping = [](const char* to) {
    return vm::run_to_end(
        {"sh", "-c",
         std::string("busybox ping -c 4 -i 0.3 -w 10 ") + to + " 2>&1 || ping -c 4 -i 0.3 -w 10 " + to},
        Duration::s(40));
  };
  const std::string there = ping("10.7.0.1");
  std::smatch least;
  ASSERT_TRUE(std::regex_search(there, least, std::regex("min/avg/max[^=]*= ([0-9.]+)"))) << there;
  EXPECT_GE(std::stod(least[1]), 60.0);  // 30 ms each way
  EXPECT_LT(std::stod(least[1]), 500.0);
  const ProgramResult back = run_program({"exec", "web", "--", "ping", "-c", "2", "tools"});
  EXPECT_EQ(back.exit_code, 0) << back.out << back.err;
  // What does not pass our links does not arrive.
  ASSERT_EQ(run_program({"link", "set", "cable", "loss_rate=100%"}).exit_code, 0);
  EXPECT_THROW(vm::run_to_end({"ping", "-c", "2", "-i", "0.3", "-W", "1", "10.7.0.1"}, Duration::s(20)),
               SimulationError);

  // A second system cannot have a device of that name; the first one's stays.
  const ProgramResult second = run_program({"up", "--name", "twin", file});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_NE(second.err.find("another program has a device of that name"), std::string::npos) << second.err;

  const json record = json::parse(read_file(folder_ / "state/lab/system.json"));
  kill(record["owner"]["pid"].get<pid_t>(), SIGKILL);
  for (int i = 0; i < 100 && if_nametoindex("xs-tools") != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(if_nametoindex("xs-tools"), 0u);
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "state/lab"));
}

TEST(HostNetwork, AProcessHasPortsAndAWayOut) {
  if (const std::string why = live::Uplink::missing(); !why.empty()) GTEST_SKIP() << why;
  OwnNetwork network;
  if (!network.made()) GTEST_SKIP() << "a network namespace of our own takes CAP_SYS_ADMIN";
  if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
  if (std::system("command -v busybox >/dev/null") != 0) GTEST_SKIP() << "busybox is not installed";
  TemporaryFolder folder;
  setenv("XEDGESIM_STATE", (folder / "state").c_str(), 1);
  std::ofstream(folder / "s.yaml")
      << "scenario: {name: lab}\nnodes:\n"
         "  - {id: web, type: process, ip: 10.7.0.1, ports: [\"18080:80\"], command: [busybox, sh, -c, "
         "\"while true; do echo from inside | busybox nc -l -p 80; done\"]}\n"
         "  - {id: peer, type: model, ip: 10.7.0.2}\n"
         "links:\n  - {id: cable, endpoints: [\"web:eth0\", \"peer:eth0\"]}\n"
         "network: {lan: {host_ip: 10.7.0.254, uplink: true}}\n";
  const ProgramResult up = run_program({"up", "-d", (folder / "s.yaml").string()});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  std::string got;
  for (int i = 0; i < 50 && got.empty(); ++i) {
    got = fetch("127.0.0.1", 18080, "x");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(got, "from inside\n");
  OutsideServer server;
  const ProgramResult out = run_program(
      {"exec", "web", "--", "sh", "-c", std::string("busybox nc -w 5 ") + kOutside + " 18090 </dev/null"});
  server.join();
  EXPECT_EQ(out.out, "from outside\n") << out.err;
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  unsetenv("XEDGESIM_STATE");
}

/// Without any machine: the host's tools and model nodes, which answer pings.
TEST(HostNetwork, ADeviceReachesModelNodes) {
  if (std::system("ip -V >/dev/null 2>&1 && command -v ping >/dev/null") != 0)
    GTEST_SKIP() << "iproute2 or iputils-ping is not installed";
  OwnNetwork network;
  if (!network.made()) GTEST_SKIP() << "a network namespace of our own takes CAP_SYS_ADMIN";
  TemporaryFolder folder;
  setenv("XEDGESIM_STATE", (folder / "state").c_str(), 1);
  std::ofstream(folder / "s.yaml")
      << "scenario: {name: lab}\nnodes:\n"
         "  - {id: tools, type: host, ip: 10.7.0.9, interface: bench0}\n"
         "  - {id: peer, type: model, ip: 10.7.0.2}\n"
         "links:\n  - {id: lead, endpoints: [\"tools:eth0\", \"peer:eth0\"], latency: 25ms}\n";
  const ProgramResult up = run_program({"up", "-d", (folder / "s.yaml").string()});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  const auto ping = [](const std::string& count) {
    return vm::run_to_end({"ping", "-c", count, "-i", "0.2", "-W", "2", "10.7.0.2"}, Duration::s(30));
  };
  const std::string there = ping("5");
  std::smatch least;
  ASSERT_TRUE(std::regex_search(there, least, std::regex("min/avg/max[^=]*= ([0-9.]+)"))) << there;
  EXPECT_GE(std::stod(least[1]), 50.0);
  EXPECT_EQ(run_program({"link", "set", "lead", "loss_rate=100%"}).exit_code, 0);
  EXPECT_THROW(ping("2"), SimulationError);
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_EQ(if_nametoindex("bench0"), 0u);
  unsetenv("XEDGESIM_STATE");
}

TEST(HostNetwork, IsRefusedWhereItCannotBe) {
  TemporaryFolder folder;
  setenv("XEDGESIM_STATE", (folder / "state").c_str(), 1);
  const auto refusal =
      [&](const std::string& command, const std::string& text, const std::string& rest = "") {
        std::ofstream(folder / "s.yaml")
            << "scenario: {name: lab, duration: 1s" << (command == "run" ? ", clock: virtual" : "")
            << "}\nnodes:\n  - {id: a, " << text << "}\n  - {id: b, type: model, ip: 10.7.0.2}\n"
            << "links:\n  - {id: cable, endpoints: [\"a:eth0\", \"b:eth0\"], latency: "
               "1ms}\n"
            << rest;
        const ProgramResult r = run_program({command, (folder / "s.yaml").string()});
        EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
        return r.err;
      };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const std::string vm = "type: vm, image: base, ip: 10.7.0.1, ports: ";
  has(refusal("validate", vm + "[\"8080\"]"), "'8080' is no forwarded port");
  has(refusal("validate", vm + "[\"0:80\"]"), "is no forwarded port");
  has(refusal("validate", vm + "[\"localhost:1:80\"]"), "is no forwarded port");
  has(refusal("validate", vm + "[\"99999:80\"]"), "is no forwarded port");
  has(refusal("validate", vm + "[\"81:80\", \"0.0.0.0:81:80\"]"), "leads elsewhere already");
  has(refusal("validate", vm + "[\"81:80\"], count: 2"), "cannot lead to 2 nodes");
  has(refusal("validate", "type: model, ip: 10.7.0.1, ports: [\"81:80\"]"), "for nodes of type vm");
  has(refusal("validate", "type: vm, image: base, interface: eth7"), "for nodes of type host");
  has(refusal("validate", "type: host, interface: \"a device of the host\""), "no name for a network device");
  has(refusal("run", vm + "[\"81:80\"]"), "is not repeatable");
  has(refusal("run", "type: vm, image: base, ip: 10.7.0.1, console: pty"), "types at exact times");
  has(refusal("run", "type: host, ip: 10.7.0.1"), "is not repeatable");
  has(refusal("run", "type: model, ip: 10.7.0.1", "network: {lan: {host_ip: 10.7.0.254, uplink: true}}\n"),
      "is not repeatable");
  if (std::system("setpriv --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "setpriv is not installed";
  std::ofstream(folder / "s.yaml") << "scenario: {name: lab, clock: wall, duration: 1s}\nnodes:\n"
                                      "  - {id: a, type: host, ip: 10.7.0.1}\n"
                                      "  - {id: b, type: model, ip: 10.7.0.2}\n"
                                      "links: [{id: c, endpoints: [\"a:eth0\", \"b:eth0\"]}]\n";
  fs::permissions(folder.path(), fs::perms::all);
  const std::string as_nobody =
      "setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "
      "--inh-caps -all " XEDGESIM_BINARY_DIR "/xedgesim ";
  if (std::system((as_nobody + "platforms >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "nobody may not run " XEDGESIM_BINARY_DIR "/xedgesim";
  const std::string said = folder / "said";
  std::ofstream(said).close();
  EXPECT_NE(std::system((as_nobody + "run " + (folder / "s.yaml").string() + " -o " +
                         (folder / "out").string() + " >" + said + " 2>&1")
                            .c_str()),
            0);
  has(read_file(said), "that takes CAP_NET_ADMIN");
  unsetenv("XEDGESIM_STATE");
}

}  // namespace
}  // namespace xedgesim::testing
