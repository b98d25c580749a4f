// A switch of a scenario that is a bridge of a real ovs-vswitchd, which this test starts in a network
// namespace of its own: who hears whom, what it has learned, that it is gone afterwards, and when it is
// native instead.
#include <gtest/gtest.h>
#include <net/if.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "../system/program.h"
#include "base/error.h"
#include "container/sandbox.h"
#include "own_network.h"
#include "system/switch_config.h"
#include "vm/process.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;

class OpenVswitchRun : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("ovs-vswitchd --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "openvswitch-switch is not installed: scripts/setup --with export";
    network_ = std::make_unique<OwnNetwork>();
    if (!network_->made()) GTEST_SKIP() << "a network namespace of our own takes CAP_SYS_ADMIN";
    const std::string r = folder_.path().string();
    setenv("OVS_RUNDIR", r.c_str(), 1);
    try {
      const auto start = [](const std::vector<std::string>& c) { vm::run_to_end(c, Duration::s(20)); };
      start({"ovsdb-tool", "create", r + "/conf.db", "/usr/share/openvswitch/vswitch.ovsschema"});
      start({"ovsdb-server", r + "/conf.db", "--remote=punix:" + r + "/db.sock",
             "--pidfile=" + r + "/ovsdb-server.pid", "--detach", "--no-chdir", "-vconsole:off",
             "-vsyslog:off", "--log-file=" + r + "/db.log"});
      start({"ovs-vsctl", "--no-wait", "init"});
      start({"ovs-vswitchd", "unix:" + r + "/db.sock", "--pidfile=" + r + "/ovs-vswitchd.pid", "--detach",
             "--no-chdir", "--disable-system", "-vconsole:off", "-vsyslog:off",
             "--log-file=" + r + "/switch.log"});
      // The user-space datapath is announced with its first bridge at the latest.
      start({"ovs-vsctl", "--timeout=10", "add-br", "probe", "--", "set", "bridge", "probe",
             "datapath_type=netdev"});
      start({"ovs-vsctl", "--timeout=10", "del-br", "probe"});
    } catch (const Error& e) {
      GTEST_SKIP() << "Open vSwitch's daemons do not start here: " << e.what();
    }
  }
  void TearDown() override {
    for (const char* file : {"ovs-vswitchd.pid", "ovsdb-server.pid"})
      if (const auto pid = static_cast<pid_t>(std::atol(read_file(folder_ / file).c_str())); pid > 0) {
        kill(pid, SIGTERM);
        for (int i = 0; i < 100 && kill(pid, 0) == 0; ++i)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        kill(pid, SIGKILL);
      }
    unsetenv("OVS_RUNDIR");
    network_.reset();
  }
  std::string write(const std::string& duration, const std::string& port_more = "",
                    const std::string& switch_more = "") {
    std::ofstream(folder_ / "s.yaml")
        << "scenario: {name: lab, clock: wall, duration: " << duration << "}\n"
        << "switches:\n"
           "  - id: sw\n    backend: ovs\n    vlans: [{id: 10}, {id: 20}]\n"
           "    ports: [{name: p1, vlan: 10"
        << port_more << "}, {name: p2, vlan: 10}, {name: p3, vlan: 20}]\n"
        << switch_more
        << "nodes:\n"
           "  - id: a\n    type: model\n    ip: 10.0.0.1\n    traffic:\n"
           "      - {id: ab, to: b, rate: 400kbit, size: 500B, start: 500ms, stop: 2500ms}\n"
           "      - {id: ac, to: c, rate: 400kbit, size: 500B, start: 500ms, stop: 2500ms}\n"
           "      - {id: ping, to: b, type: ping, interval: 100ms, start: 500ms, stop: 2500ms}\n"
           "  - {id: b, type: model, ip: 10.0.0.2}\n"
           "  - {id: c, type: model, ip: 10.0.0.3}\n"
           "links:\n"
           "  - {endpoints: [\"a:eth0\", \"sw:p1\"], latency: 20ms}\n"
           "  - {endpoints: [\"b:eth0\", \"sw:p2\"]}\n"
           "  - {endpoints: [\"c:eth0\", \"sw:p3\"]}\n";
    return (folder_ / "s.yaml").string();
  }
  static std::string ask(const std::vector<std::string>& command) {
    try {
      return vm::run_to_end(command, Duration::s(20));
    } catch (const Error& e) {
      return e.what();
    }
  }
  static bool bridge_there() { return ask({"ovs-vsctl", "--timeout=10", "list-br"}) == "xs-sw\n"; }
  static void wait_for_bridge() {
    for (int i = 0; i < 100 && !bridge_there(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  nlohmann::json summary() const { return nlohmann::json::parse(read_file(folder_ / "out/summary.json")); }

  TemporaryFolder folder_;
  std::unique_ptr<OwnNetwork> network_;
};

TEST_F(OpenVswitchRun, SwitchesOurFramesAndIsGoneAfterwards) {
  Program run({"run", write("4s"), "-q", "-o", (folder_ / "out").string()});
  wait_for_bridge();
  ASSERT_TRUE(bridge_there());
  // It learns a's address on the port it is plugged into, in its VLAN.
  const std::string mac = net::ethernet::to_string(system::derived_mac("a"));
  std::string learned;
  for (int i = 0; i < 60 && learned.find(mac) == std::string::npos; ++i) {
    learned = ask({"ovs-appctl", "--timeout=5", "fdb/show", "xs-sw"});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(learned.find("10  " + mac), std::string::npos) << learned;
  EXPECT_EQ(ask({"ovs-vsctl", "get", "port", "xs-sw-p3", "tag"}), "20\n");
  EXPECT_EQ(ask({"ovs-vsctl", "get", "bridge", "xs-sw", "datapath_type"}), "netdev\n");
  const ProgramResult r = run.wait();
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_EQ(r.err.find("native"), std::string::npos) << r.err;
  const auto s = summary();
  EXPECT_EQ(s["switches"]["sw"]["backend"], "ovs");
  EXPECT_GT(s["switches"]["sw"]["frames_in"], 300);
  EXPECT_GT(s["flows"]["ab"]["flow_received"], 150) << s["flows"];
  EXPECT_EQ(s["flows"]["ac"]["flow_received"], 0) << s["flows"];           // another VLAN
  EXPECT_GE(s["flows"]["ping"]["min_flow_delay_ms"], 40.0) << s["flows"];  // our link's 20 ms each way
  EXPECT_FALSE(bridge_there());
  EXPECT_EQ(if_nametoindex("xs-sw-p1"), 0u);
}

/// Access rules are flows of the real switch: UDP from a to b is dropped there, its pings pass.
TEST_F(OpenVswitchRun, DropsWhatAccessRulesDeny) {
  Program run(
      {"run",
       write("4s", "", "    acl: [{action: deny, ports: [p1], protocol: 17, ip_destination: 10.0.0.2/32}]\n"),
       "-q", "-o", (folder_ / "out").string()});
  wait_for_bridge();
  std::string flows;
  for (int i = 0; i < 40 && flows.find("nw_dst=10.0.0.2") == std::string::npos; ++i) {
    flows = ask({"ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "xs-sw"});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(flows.find("udp,in_port="), std::string::npos) << flows;
  EXPECT_NE(flows.find("nw_dst=10.0.0.2 actions=drop"), std::string::npos) << flows;
  const ProgramResult r = run.wait();
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_EQ(r.err.find("native"), std::string::npos) << r.err;
  const auto s = summary();
  EXPECT_EQ(s["flows"]["ab"]["flow_received"], 0) << s["flows"];
  EXPECT_GT(s["flows"]["ping"]["flow_received"], 5) << s["flows"];
}

/// Storm control is a meter of the real switch: of some 400 kbit/s of broadcasts 100 kbit/s arrive.
TEST_F(OpenVswitchRun, MetersBroadcasts) {
  if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
  if (vm::find_program("ping").empty()) GTEST_SKIP() << "ping is missing: scripts/setup --with tests";
  constexpr int kSent = 1000;
  std::ofstream(folder_ / "s.yaml")
      << "scenario: {name: lab, clock: wall, duration: 5s}\n"
         "switches:\n  - id: sw\n    backend: ovs\n"
         "    ports: [{name: p1, storm_control: {broadcast: 100kbit, burst: 2kB}}, {name: p2}]\n"
         "nodes:\n"
         "  - {id: a, type: process, ip: 10.0.0.1, command: [sh, -c, 'sleep 1; ping -b -q -i 0.01 -c "
      << kSent
      << " -s 458 10.0.0.255; sleep 100']}\n"
         "  - {id: b, type: process, ip: 10.0.0.2, command: [sleep, '100']}\n"
         "links:\n  - {endpoints: [\"a:eth0\", \"sw:p1\"]}\n  - {endpoints: [\"b:eth0\", \"sw:p2\"]}\n";
  Program run({"run", (folder_ / "s.yaml").string(), "-q", "-o", (folder_ / "out").string()});
  wait_for_bridge();
  std::string meters;
  for (int i = 0; i < 40 && meters.find("rate=100") == std::string::npos; ++i) {
    meters = ask({"ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "xs-sw"});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_NE(meters.find("rate=100"), std::string::npos) << meters;
  const ProgramResult r = run.wait();
  ASSERT_EQ(r.exit_code, 0) << r.out << r.err;
  EXPECT_EQ(r.err.find("native"), std::string::npos) << r.err;
  const auto machines = summary()["machines"];
  const int sent = machines["a"]["frames_out"], received = machines["b"]["frames_in"];
  EXPECT_GT(sent, 150) << machines;
  EXPECT_GT(received, sent / 10) << machines;
  EXPECT_LT(received, sent * 6 / 10) << machines;
}

/// Why `lags` fall back: the real switch itself says that it drops a broadcast from a member it did not
/// choose.
TEST_F(OpenVswitchRun, ItsStaticBondsDropBroadcastsOfTheOtherMember) {
  for (const std::string device : {"m1", "m2"}) {
    ask({"ip", "link", "add", device, "type", "veth", "peer", "name", "p" + device});
    for (const std::string& end : {device, "p" + device}) ask({"ip", "link", "set", end, "up"});
  }
  ask({"ovs-vsctl", "--timeout=10", "add-br", "bb", "--", "set", "bridge", "bb", "datapath_type=netdev", "--",
       "add-bond", "bb", "bond", "m1", "m2", "bond_mode=balance-slb", "lacp=off"});
  int dropped = 0, passed = 0;
  std::string said;
  for (int i = 0; i < 40 && passed + dropped != 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    passed = dropped = 0;
    for (const char* device : {"m1", "m2"}) {
      std::string number = ask({"ovs-vsctl", "--timeout=10", "get", "interface", device, "ofport"});
      number.pop_back();
      said = ask({"ovs-appctl", "--timeout=5", "ofproto/trace", "bb",
                  "in_port=" + number + ",dl_src=02:00:00:00:00:01,dl_dst=ff:ff:ff:ff:ff:ff"});
      dropped += said.find("dropping") != std::string::npos;
      passed += said.find("flood") != std::string::npos && said.find("dropping") == std::string::npos;
    }
    if (dropped == 2) passed = dropped = 0;  // no member is up yet
  }
  EXPECT_EQ(passed, 1) << said;
  EXPECT_EQ(dropped, 1) << said;
  ask({"ovs-vsctl", "--timeout=10", "del-br", "bb"});
}

TEST_F(OpenVswitchRun, ABridgeLeftByAKilledProgramIsTakenOver) {
  const std::string file = write("30s");
  Program run({"run", file, "-q", "-o", (folder_ / "out").string()});
  wait_for_bridge();
  ASSERT_TRUE(bridge_there());
  const ProgramResult second = run_program({"run", file, "-q", "-o", (folder_ / "second").string()});
  EXPECT_EQ(second.exit_code, 3) << second.err;
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  EXPECT_TRUE(bridge_there());
  kill(run.pid(), SIGKILL);
  run.wait();
  EXPECT_EQ(if_nametoindex("xs-sw-p1"), 0u);
  EXPECT_TRUE(bridge_there());  // in the data base
  ASSERT_EQ(run_program({"run", write("1s"), "-q", "-o", (folder_ / "third").string()}).exit_code, 0);
  EXPECT_FALSE(bridge_there());

  ask({"ovs-vsctl", "--timeout=10", "add-br", "xs-sw", "--", "set", "bridge", "xs-sw",
       "datapath_type=netdev"});
  const ProgramResult foreign = run_program({"run", file, "-q", "-o", (folder_ / "fourth").string()});
  EXPECT_EQ(foreign.exit_code, 3);
  EXPECT_NE(foreign.err.find("has a bridge xs-sw already"), std::string::npos) << foreign.err;
  EXPECT_TRUE(bridge_there());
}

TEST_F(OpenVswitchRun, IsNativeWithTheReasonWhereItWouldSilentlyDoNothing) {
  const auto run = [&](const std::string& port_more, const std::string& switch_more = "") {
    const ProgramResult r =
        run_program({"run", write("3s", port_more, switch_more), "-q", "-o", (folder_ / "out").string()});
    EXPECT_EQ(r.exit_code, 0) << r.err;
    EXPECT_GT(summary()["flows"]["ab"]["flow_received"], 150);
    EXPECT_EQ(summary()["flows"]["ac"]["flow_received"], 0);
    EXPECT_TRUE(summary()["switches"]["sw"].contains("ports")) << summary()["switches"];
    return r.err;
  };
  const std::string unknown = run(", storm_control: {unknown: 1Mbit}");
  EXPECT_NE(unknown.find("switch 'sw': native, not Open vSwitch: none of its flows tells frames for unknown"),
            std::string::npos)
      << unknown;
  const std::string given = run("", "    acl: [{action: permit, priority: 5}]\n");
  EXPECT_NE(given.find("give a new priority to tagged frames only (priority of acl[0])"), std::string::npos)
      << given;
  setenv("OVS_RUNDIR", (folder_ / "nowhere").c_str(), 1);
  const std::string without = run("");
  EXPECT_NE(without.find("it does not answer here"), std::string::npos) << without;
  setenv("OVS_RUNDIR", folder_.path().c_str(), 1);
}

TEST(OpenVswitchScenario, HasNoVirtualTime) {
  TemporaryFolder folder;
  std::ofstream(folder / "s.yaml")
      << "scenario: {name: lab, duration: 1s}\nswitches: [{id: sw, backend: ovs}]\n"
         "nodes: [{id: a, type: model, ip: 10.0.0.1}]\n"
         "links: [{endpoints: [\"a:eth0\", \"sw:1\"]}]\n";
  const ProgramResult r = run_program({"run", (folder / "s.yaml").string(), "-o", (folder / "out").string()});
  EXPECT_EQ(r.exit_code, 3);
  EXPECT_NE(r.err.find("s.yaml:2:12: switches[0]: switch 'sw': Open vSwitch has no virtual time"),
            std::string::npos)
      << r.err;
}

}  // namespace
}  // namespace xedgesim::testing
