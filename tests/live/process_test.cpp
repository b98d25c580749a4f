// Processes in namespaces of their own whose network cards are on our switch. Skipped, with the reason, where
// the host gives no namespaces or TAP devices.
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <regex>

#include "container/sandbox.h"
#include "live/container_setup.h"
#include "live/host_process.h"
#include "live/uplink.h"
#include "up_fixture.h"
#include "vm/cgroup.h"

namespace xedgesim::testing {
namespace {

std::string process(const std::string& id, int host, const std::string& command,
                    const std::string& more = "") {
  return "  - {id: " + id + ", type: process, ip: 10.7.0." + std::to_string(host) + ", command: " + command +
         more + "}\n";
}

std::string result_line(const ProgramResult& r) { return r.out + r.err; }

class Processes : public UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = container::sandbox_refusal(); !why.empty())
      GTEST_SKIP() << "no processes in namespaces here: " << why;
  }
  std::string run_yaml(const std::string& nodes, const std::string& rest,
                       const std::string& duration = "4s") {
    std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab, duration: " << duration << "}\nnodes:\n"
                                      << nodes << kCable << rest;
    return (folder_ / "s.yaml").string();
  }
  ProgramResult run(const std::string& file) {
    return run_program({"run", file, "-o", (folder_ / "out").string(), "--quiet"});
  }
};

TEST_F(Processes, ReachEachOtherByNameAndAreGoneAfterDown) {
  const ProgramResult up = run_program(
      {"up", "-d", write(process("left", 1, "[sleep, '1000']") + process("right", 2, "[sleep, '1000']"))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  expect_two_of("process", "3 received");
  const nlohmann::json all = machines();
  EXPECT_EQ(all[0]["ip"], "10.7.0.1/24");
  // It sees no other processes.
  EXPECT_EQ(run_program({"exec", "left", "--", "sh", "-c", "cat /proc/[0-9]*/comm | grep -c sleep"}).out,
            "1\n");

  expect_standard_input("left");

  // A round trip takes both ways.
  ASSERT_EQ(run_program({"link", "set", "cable", "latency=60ms"}).exit_code, 0);
  const ProgramResult slow = run_program({"exec", "left", "--", "ping", "-c", "3", "-i", "0.3", "right"});
  std::smatch least;
  ASSERT_TRUE(std::regex_search(slow.out, least, std::regex("min/avg/max[^=]*= ([0-9.]+)"))) << slow.out;
  EXPECT_GE(std::stod(least[1]), 120.0);

  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  for (const auto& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
  EXPECT_TRUE(nothing_left());
}

TEST_F(Processes, OneWithTwoCardsRoutesBetweenTwoNetworks) {
  const std::string nodes =
      "  - {id: gw, type: process, command: [sh, -c, 'echo 1 >/proc/sys/net/ipv4/ip_forward; exec sleep "
      "1000'], "
      "interfaces: [{ip: 10.7.0.254, mac: \"52:54:00:00:00:0a\"}, {ip: 10.8.0.254}]}\n"
      "  - {id: left, type: process, ip: 10.7.0.1, gateway: 10.7.0.254, command: [sleep, '1000']}\n"
      "  - {id: right, type: process, ip: 10.8.0.1, gateway: 10.8.0.254, command: [sleep, '1000']}\n";
  const std::string links =
      "links:\n  - {id: second, endpoints: [\"gw:eth1\", \"right:eth0\"]}\n"
      "  - {id: first, endpoints: [\"left:eth0\", \"gw:eth0\"]}\n";
  const ProgramResult up = run_program({"up", "-d", write(nodes, links)});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  const auto said = [](const std::string& id, const std::string& command) {
    const ProgramResult r = run_program({"exec", id, "--", "sh", "-c", command});
    return r.out + r.err;
  };
  EXPECT_EQ(said("gw", "cat /sys/class/net/eth0/address"), "52:54:00:00:00:0a\n");
  EXPECT_NE(said("left", "ping -c 3 -i 0.2 right").find("3 received"), std::string::npos);
  EXPECT_NE(said("left", "ping -c 1 right").find("ttl=63"), std::string::npos) << "through the router";
  // A name is the address in the asker's network.
  EXPECT_NE(said("right", "ping -c 1 gw").find("10.8.0.254"), std::string::npos);
  EXPECT_NE(said("left", "ping -c 1 gw").find("10.7.0.254"), std::string::npos);
  ASSERT_EQ(run_program({"link", "set", "second", "up=false"}).exit_code, 0);
  EXPECT_EQ(said("gw", "cat /sys/class/net/eth0/carrier /sys/class/net/eth1/carrier"), "1\n0\n");
  const nlohmann::json gw = machines()[0];
  EXPECT_EQ(gw["ip"], "10.7.0.254/24");
  ASSERT_EQ(gw["cards"].size(), 2u);
  EXPECT_EQ(gw["cards"][1]["name"], "eth1");
  EXPECT_EQ(gw["cards"][1]["ip"], "10.8.0.254/24");
  EXPECT_GE(gw["cards"][1]["frames_out"].get<int>(), 4);
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  EXPECT_TRUE(nothing_left());
}

TEST_F(Processes, RunForTheDurationAndAreJudged) {
  const std::string file = run_yaml(
      process("left", 1, "[ping, -c, '3', -i, '0.2', right]") + process("right", 2, "[sleep, '1000']"),
      "validation: {assertions: [{expect_line: '3 received', node: left}, {expect_line: 'from right', node: "
      "left}]}\n");
  const ProgramResult r = run(file);
  EXPECT_EQ(r.exit_code, 0) << result_line(r);
  EXPECT_NE(read_file(folder_ / "out/summary.json").find("\"clock\": \"wall\""), std::string::npos);
  EXPECT_NE(read_file(folder_ / "out/consoles/left.log").find("3 packets transmitted"), std::string::npos);
}

TEST_F(Processes, OfAKilledRunAreGoneAndItsRecordGoesByDown) {
  const std::string file =
      run_yaml(process("left", 1, "[sh, -c, 'sleep 1000 & sleep 1001']") +
                   process("right", 2, "[sleep, '1000']", ", cpu_quota: 50%, limits: best-effort"),
               "", "1000s");
  Program program({"run", file, "-o", (folder_ / "out").string(), "--quiet"});
  const std::filesystem::path record =
      folder_ / "state/.runs" / std::to_string(program.pid()) / "system.json";
  nlohmann::json nodes;
  for (int i = 0; i < 200 && nodes.size() != 2; ++i) {
    usleep(50'000);
    const auto j = nlohmann::json::parse(read_file(record), nullptr, false);
    if (j.is_object()) nodes = j["nodes"];
  }
  ASSERT_EQ(nodes.size(), 2u);
  kill(program.pid(), SIGKILL);
  program.wait();
  for (const auto& n : nodes)
    for (int i = 0; i < 100 && live::find_process(n["process"]["pid"].get<pid_t>()); ++i) usleep(50'000);
  for (const auto& n : nodes) {
    EXPECT_FALSE(live::find_process(n["process"]["pid"].get<pid_t>())) << "the kernel ends the tree with us";
  }
  const ProgramResult down = run_program({"down", "lab"});
  EXPECT_EQ(down.exit_code, 0) << down.err;
  EXPECT_NE(down.out.find("a run of lab was killed"), std::string::npos) << down.out;
  EXPECT_FALSE(std::filesystem::exists(record));
  for (const auto& n : nodes)
    for (const auto& group : n["cgroups"])
      EXPECT_FALSE(std::filesystem::exists(group.get<std::string>())) << group;
}

TEST_F(Processes, ArePausedByAFaultAndCutOffByAnother) {
  const std::string file = run_yaml(
      process("left", 1, "[ping, -O, -c, '30', -i, '0.2', right]") + process("right", 2, "[sleep, '1000']"),
      "faults:\n"
      "  - {time: 1s, type: link_down, target: cable, duration: 1s}\n"
      "  - {time: 3s, type: node_failure, target: left, duration: 1500ms}\n"
      "  - {time: 5s, type: machine_reset, target: right}\n"
      "validation: {assertions: [{expect_line: 'no answer yet', node: left}]}\n",
      "7s");
  const ProgramResult r = run(file);
  EXPECT_EQ(r.exit_code, 0) << result_line(r);
  // While it stood it printed nothing.
  std::istringstream lines(read_file(folder_ / "out/consoles/left.log"));
  int between = 0, after = 0;
  for (std::string line; std::getline(lines, line);) {
    const double t = std::stod(line.substr(1));
    between += t > 3.3 && t < 4.4;
    after += t > 4.5;
  }
  EXPECT_EQ(between, 0);
  EXPECT_GT(after, 3);
  const nlohmann::json summary = nlohmann::json::parse(read_file(folder_ / "out/summary.json"));
  EXPECT_EQ(summary["machines"]["right"]["boots"], 2) << summary["machines"];
}

TEST_F(Processes, SayWhatWentWrong) {
  const std::string quiet = process("right", 2, "[sleep, '1000']");
  const auto says = [&](const std::string& left, const std::string& part, int code) {
    const ProgramResult r = run(run_yaml(left + quiet, ""));
    EXPECT_EQ(r.exit_code, code) << result_line(r);
    EXPECT_NE(r.err.find(part), std::string::npos) << result_line(r);
  };
  says(process("left", 1, "[nosuchprogram]"), "node 'left': cannot start 'nosuchprogram': No such file", 3);
  says(process("left", 1, "[sh, -c, 'echo goodbye; exit 3']"), "its command ended with exit code 3", 1);
  says(process("left", 1, "[sh, -c, 'echo goodbye; exit 3']"), "goodbye", 1);
  says(process("left", 1, "[sh, -c, 'kill -SEGV $$']"), "ended by signal 11", 1);
  says(process("left", 1, "[true]", ", image: nosuch"), "there is no image 'nosuch'", 3);
  says(process("left", 1, "[true]", ", volumes: ['/nowhere:/mnt']"), "there is nothing at /nowhere", 3);
  says(process("left", 1, "[true]", ", volumes: ['/tmp:/no/such/place']"), "/no/such/place does not exist",
       3);
  says(process("left", 1, "[true]", ", environment: {'A=B': c}"), "no name of a variable", 3);
  says(process("left", 1, "[true]", ", memory: 1GiB"), "this is for nodes of type vm", 3);
  std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab, clock: virtual}\nnodes:\n"
                                    << process("left", 1, "[true]") << quiet << kCable;
  EXPECT_NE(run((folder_ / "s.yaml").string()).err.find("run on the host's clock"), std::string::npos);
}

TEST_F(UpTest, RefusesAnEdgeContainerPastTheNetwork) {
  const auto refusal = [&](const std::string& yaml) {
    std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab, duration: 5s}\n" << yaml;
    const ProgramResult r = run_program({"validate", (folder_ / "s.yaml").string()});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    return r.err;
  };
  const std::string edge = "edge:\n  - {id: gw, type: docker, image: x";
  EXPECT_NE(refusal(edge + ", network_mode: host}\n")
                .find("s.yaml:3:5: edge[0]: edge node 'gw': network_mode: host"),
            std::string::npos);
  EXPECT_NE(refusal(edge + "}\nnodes: [{id: h, type: model}]\nlinks: [{endpoints: ['gw:eth0', 'h:eth0']}]\n")
                .find("its container has a cable of its own"),
            std::string::npos);
  std::ofstream(folder_ / "s.yaml") << "scenario: {name: lab, clock: virtual, duration: 5s}\n"
                                    << edge + "}\n";
  EXPECT_NE(run_program({"validate", (folder_ / "s.yaml").string()}).err.find("run on the host's clock"),
            std::string::npos);
}

TEST_F(Processes, RunWithoutRootOrSayWhyNot) {
  if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) != 0)
    GTEST_SKIP() << "this test runs the program as nobody: it takes root and setpriv";
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  const std::string file = run_yaml(process("left", 1, "[sh, -c, 'id -u; exec ping -c 2 -i 0.2 right']") +
                                        process("right", 2, "[sleep, '1000']"),
                                    "");
  const std::string command =
      "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=" + folder_.path().string() + " " +
      XEDGESIM_BINARY_DIR + "/xedgesim run " + file + " --quiet --consoles -o " + (folder_ / "out").string() +
      " >" + (folder_ / "said").string() + " 2>&1";
  const int status = std::system(command.c_str());
  const std::string said = read_file(folder_ / "said");
  if (status == 0) {
    EXPECT_NE(said.find(" 0\n"), std::string::npos) << said;  // root in there
    EXPECT_NE(said.find("2 received"), std::string::npos) << said;
  } else {
    EXPECT_NE(said.find("it takes root"), std::string::npos) << said;
  }
}

TEST_F(Processes, TakeValuesAsTheyAre) {
  std::ofstream(folder_ / "data.txt") << "from the host\n";
  const std::string hostile = "$(reboot) ; `y` \\\" |", value = "$HOME; rm -rf \"/nonexistent\" `id`";
  const nlohmann::json command = {"sh", "-c", "printf '%s|%s|%s\n' \"$A\" \"$1\" \"$(cat /mnt/data.txt)\"",
                                  "sh", hostile};
  const std::string mounted = ", volumes: ['.:/mnt:ro']";
  const std::string file = run_yaml(
      process("left", 1, command.dump(), mounted + ", environment: " + nlohmann::json{{"A", value}}.dump()) +
          process("right", 2, "[sh, -c, 'touch /mnt/new 2>&1 | grep -o Read-only; sleep 1000']", mounted),
      "");
  const ProgramResult r = run(file);
  EXPECT_EQ(r.exit_code, 0) << result_line(r);
  const std::string printed = read_file(folder_ / "out/consoles/left.log");
  EXPECT_NE(printed.find(value + "|" + hostile + "|from the host"), std::string::npos) << printed;
  EXPECT_NE(read_file(folder_ / "out/consoles/right.log").find("Read-only"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
}

TEST_F(Processes, LeaveNothingWhenTheProgramIsKilled) {
  // This one would not end by SIGTERM.
  ASSERT_EQ(run_program({"up", "-d",
                         write(process("left", 1, "[sh, -c, 'trap \"\" TERM; while :; do sleep 1; done']") +
                               process("right", 2, "[sleep, '1000']"))})
                .exit_code,
            0);
  const nlohmann::json all = machines();
  ASSERT_EQ(all.size(), 2u);
  kill(all[1]["pid"].get<pid_t>(), SIGKILL);
  EXPECT_NE(wait_for("right", "crashed").value("reason", "").find("signal 9"), std::string::npos);
  const auto record = nlohmann::json::parse(read_file(folder_ / "state/lab/system.json"));
  kill(record["owner"]["pid"].get<pid_t>(), SIGKILL);
  for (int i = 0; i < 100 && live::find_process(all[0]["pid"].get<pid_t>()); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(live::find_process(all[0]["pid"].get<pid_t>()));
  EXPECT_NE(run_program({"down"}).out.find("it had crashed"), std::string::npos);
  EXPECT_TRUE(nothing_left());
}

TEST_F(Processes, APortThatIsTakenIsRefused) {
  if (const std::string why = live::Uplink::missing(); !why.empty()) GTEST_SKIP() << why;
  const Descriptor taken(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(bind(taken.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(listen(taken.get(), 1), 0);
  ASSERT_EQ(getsockname(taken.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
  const ProgramResult r =
      run_program({"up", write(process("left", 1, "[sleep, '1000']",
                                       ", ports: ['" + std::to_string(ntohs(at.sin_port)) + ":80']") +
                               process("right", 2, "[sleep, '1000']"))});
  EXPECT_EQ(r.exit_code, 3) << r.out;
  EXPECT_NE(r.err.find("cannot listen on the host's TCP port " + std::to_string(ntohs(at.sin_port))),
            std::string::npos)
      << r.err;
  EXPECT_NE(r.err.find("another program has it; choose another port"), std::string::npos) << r.err;
  EXPECT_TRUE(nothing_left());
}

TEST_F(Processes, AreEndedWhenTheyIgnoreSigterm) {
  ASSERT_EQ(run_program({"up", "-d",
                         write(process("left", 1, "[sh, -c, 'trap \"\" TERM; while :; do sleep 1; done']") +
                               process("right", 2, "[sleep, '1000']"))})
                .exit_code,
            0);
  const nlohmann::json all = machines();
  EXPECT_EQ(run_program({"down"}).exit_code, 0);
  for (const auto& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
}

TEST_F(Processes, KeepToTheirMemoryLimit) {
  const vm::Limits limits{.memory_hard = int64_t{64} << 20};
  if (const std::string why = vm::CgroupHost().refusal(limits); !why.empty())
    GTEST_SKIP() << "this host cannot set them: " << why;
  // tail of a line without an end keeps all of it in memory.
  const ProgramResult r =
      run(run_yaml(process("left", 1, "[sh, -c, 'head -c 300M /dev/zero | tail; echo it lived']",
                           ", memory_limit: {hard: 64MiB}") +
                       process("right", 2, "[sleep, '1000']"),
                   ""));
  EXPECT_EQ(read_file(folder_ / "out/consoles/left.log").find("it lived") == std::string::npos ||
                read_file(folder_ / "out/consoles/left.log").find("Killed") != std::string::npos,
            true)
      << result_line(r);
}

TEST_F(Processes, AreAskedForTheirHealth) {
  const std::string health =
      ", health: {command: [test, -e, /tmp/xedgesim-health-test], interval: 300ms, timeout: 1s, retries: 2}";
  const std::string mount = ", volumes: ['./tmp:/tmp']";
  std::filesystem::create_directory(folder_ / "tmp");
  const ProgramResult r = run(run_yaml(
      process("left", 1, "[sh, -c, 'sleep 1; touch /tmp/xedgesim-health-test; sleep 1000']", mount + health) +
          process("right", 2, "[sleep, '1000']",
                  ", health: {command: [sleep, '100'], interval: 300ms, timeout: 200ms, retries: 1}"),
      ""));
  EXPECT_EQ(r.exit_code, 0) << result_line(r);
  const std::string left = read_file(folder_ / "out/consoles/left.log");
  const size_t bad = left.find("left is unhealthy: exit code 1"), good = left.find("left is healthy");
  EXPECT_NE(bad, std::string::npos) << left;
  EXPECT_NE(good, std::string::npos) << left;
  EXPECT_LT(bad, good);
  EXPECT_NE(read_file(folder_ / "out/consoles/right.log").find("unhealthy: no answer within 0.2 s"),
            std::string::npos);
}

/// The scenarios that are shipped, without an engine: our image's files as processes.
class ShippedContainers : public Processes, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Processes::SetUp();
    const std::string name = std::string(GetParam()) == "containers" ? "base" : "gateway";
    const auto image = live::local_image(name);
    if (!image || read_file(image->initrd).find("usr/lib/xedgesim/container") == std::string::npos)
      GTEST_SKIP() << "there is no image '" << name << "' that can be a container: xedgesim image build "
                   << name;
    setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1);
  }
  void TearDown() override { unsetenv("DOCKER_HOST"); }
};

INSTANTIATE_TEST_SUITE_P(Scenario, ShippedContainers, ::testing::Values("containers", "edge-container"));

TEST_P(ShippedContainers, HoldWhatTheyPromise) {
  const ProgramResult r =
      run(std::string(XEDGESIM_SOURCE_DIR) + "/scenarios/" + std::string(GetParam()) + "/scenario.yaml");
  EXPECT_EQ(r.exit_code, 0) << result_line(r);
  EXPECT_NE(r.out.find("run as processes in namespaces"), std::string::npos) << r.out;
}

/// RFC 1071 over a pseudo header and a datagram: zero when the checksum in it is right.
uint16_t udp_residue(const std::vector<uint8_t>& frame) {
  constexpr size_t kIp = 14, kAddresses = kIp + 12, kUdp = kIp + 20;
  uint32_t sum = 17 + static_cast<uint32_t>(frame[kUdp + 4] << 8 | frame[kUdp + 5]);
  for (size_t i = kAddresses; i + 1 < frame.size(); i += 2)
    sum += static_cast<uint32_t>(frame[i] << 8 | frame[i + 1]);
  if (frame.size() % 2) sum += static_cast<uint32_t>(frame.back() << 8);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

TEST_F(Processes, SendFramesWithGoodChecksums) {
  container::Sandbox sandbox(
      {.hostname = "one",
       .cards = {{.mac = {2, 0, 0, 0, 0, 1}, .ip = 0x0a070001}},
       .command = {"bash", "-c",
                   "while :; do echo -n odd >/dev/udp/10.7.0.9/7 || sleep 0.1; sleep 0.1; done"},
       .environment = {"PATH=/usr/bin:/bin"},
       .folder = folder_ / "etc"});
  const Descriptor card = std::move(sandbox.take_cards().at(0));
  sandbox.go();
  std::vector<uint8_t> frame(2000);
  bool seen = false;
  for (int i = 0; i < 300 && !seen; ++i) {
    const ssize_t n = ::read(card.get(), frame.data(), frame.size());
    if (n < 0) {
      pollfd frames{card.get(), POLLIN, 0};
      poll(&frames, 1, 10);
      continue;
    }
    // Whoever is asked for answers: 02:00:00:00:00:02 has every address.
    if (frame[12] == 8 && frame[13] == 6 && frame[21] == 1) {
      std::vector<uint8_t> reply(frame.begin(), frame.begin() + 42);
      std::copy(frame.begin() + 6, frame.begin() + 12, reply.begin());
      const uint8_t mac[6] = {2, 0, 0, 0, 0, 2};
      std::copy(mac, mac + 6, reply.begin() + 6);
      reply[21] = 2;
      std::copy(mac, mac + 6, reply.begin() + 22);
      std::copy(frame.begin() + 38, frame.begin() + 42, reply.begin() + 28);
      std::copy(frame.begin() + 22, frame.begin() + 32, reply.begin() + 32);
      ASSERT_EQ(::write(card.get(), reply.data(), reply.size()), 42);
    }
    if (frame[12] != 8 || frame[13] != 0 || frame[23] != 17) continue;
    const size_t length = 14 + static_cast<size_t>(frame[16] << 8 | frame[17]);
    std::vector<uint8_t> udp(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(length));
    EXPECT_EQ(udp_residue(udp), 0);
    udp[length - 1] ^= 1;  // and the test would see a wrong one
    EXPECT_NE(udp_residue(udp), 0);
    EXPECT_NE(udp[40] << 8 | udp[41], 0);
    seen = true;
  }
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace xedgesim::testing
