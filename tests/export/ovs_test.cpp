// Open vSwitch commands against a real ovs-vswitchd with the user-space datapath, in a network namespace of
// the test's own: what it stores, what it enforces, and who hears whom.
#include <set>
#include <sstream>

#include "export/ovs.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "export/tc.h"
#include "export/write.h"
#include "support.h"

namespace xedgesim::exporter {
namespace {

TEST(OvsExport, NoSwitchIsASentence) {
  EXPECT_THROW(export_ovs(load_text("scenario: {name: t, duration: 1s}\n"), {}), ExportError);
  EXPECT_THROW(
      export_ovs(load_text("scenario: {name: t, duration: 1s}\nswitches: [{id: s, backend: bridge}]\n"), {}),
      ExportError);
}

TEST(OvsExport, EveryCardHasItsPortAndUnpluggedOnesAreDown) {
  const Result r = export_ovs(router("ovs"), {});
  const std::string& apply = r.files[0].text;
  for (const char* port : {"add-port xsbr0 xs-gw -- ", "add-port xs-plant_lan xs-gw-eth1 -- ",
                           "add-port xs-plant_lan xs-wall-eth1 -- ", "ip link set xs-gw-eth1 down"})
    EXPECT_NE(apply.find(port), std::string::npos) << port << "\n" << apply;
}

TEST(OvsExport, PrefixesGoIntoFlowsAndAreChecked) {
  const auto s = load_text(
      "scenario: {name: t, duration: 1s}\n"
      "switches: [{id: s, ports: 1, acl: [{action: deny, ip_source: \"1.2.3.4,actions=output:1\"}]}]\n");
  try {
    export_ovs(s, {});
    FAIL();
  } catch (const ExportError& e) {
    EXPECT_EQ(e.where(), "switches[0].acl[0].ip_source");
  }
}

TEST(OvsExport, BondsOfSwitchesWithLikeNamesHaveNamesOfTheirOwn) {
  const auto s = load_text(R"(
scenario: {name: t, duration: 1s}
switches:
  - {id: distribution-a, ports: 2, lags: [["1", "2"]]}
  - {id: distribution-b, ports: 2, lags: [["1", "2"]]}
links:
  - {endpoints: ["distribution-a:1", "distribution-b:1"]}
  - {endpoints: ["distribution-a:2", "distribution-b:2"]}
)");
  std::istringstream lines(export_ovs(s, {}).files.at(0).text);
  std::set<std::string> bonds;
  for (std::string line; std::getline(lines, line);)
    if (const size_t at = line.find("add-bond "); at != std::string::npos) {
      std::istringstream words(line.substr(at));
      std::string word, bridge, bond;
      words >> word >> bridge >> bond;
      EXPECT_TRUE(bonds.insert(bond).second) << line;
      EXPECT_LE(bond.size(), 15u) << "as long as a network device may be called";
    }
  EXPECT_EQ(bonds.size(), 2u);
}

TEST(OvsExport, WhatIsMissingIsSaid) {
  const auto s = load_text(R"(
scenario: {name: t, duration: 1s}
switches:
  - {id: s, tagging: dsa, trust_dscp: true, ports: [{name: p, storm_control: {unknown: 1Mbit}, qos: {max_rate: 1Mbit, queues: [{priority: 5}]}}]}
nodes: [{id: n, qos: {outbound: {average: 1Mbit}}}]
links: [{endpoints: ["n:eth0", "s:p"]}]
)");
  std::string all;
  for (const Warning& w : export_ovs(s, {.datapath = OvsOptions::Datapath::netdev}).warnings)
    all += w.text + "\n";
  for (const char* word : {"DSA", "trust_dscp", "unknown stations", "by a meter", "tc u32 filters"})
    EXPECT_NE(all.find(word), std::string::npos) << word << " is not in\n" << all;
}

pid_t read_pid(const std::filesystem::path& file) {
  return static_cast<pid_t>(std::atol(read_file(file).c_str()));
}

/// A namespace with its own ovsdb-server and ovs-vswitchd.
class Switchboard {
 public:
  Switchboard() {
    for (const std::string& ns : {name, name + "a", name + "b", name + "c"})
      if (run({"ip", "netns", "add", ns}).exit_code != 0)
        why_not = "this host does not allow network namespaces";
    if (!why_not.empty()) return;
    const std::string r = folder.path().string();
    run({"ovsdb-tool", "create", r + "/conf.db", "/usr/share/openvswitch/vswitch.ovsschema"});
    in({"ovsdb-server", r + "/conf.db", "--remote=punix:" + r + "/db.sock", "--pidfile=" + r + "/db.pid",
        "--detach", "--no-chdir", "-vconsole:off", "-vsyslog:off", "--log-file=" + r + "/db.log"});
    in({"ovs-vsctl", "--no-wait", "init"});
    in({"ovs-vswitchd", "unix:" + r + "/db.sock", "--pidfile=" + r + "/switch.pid", "--detach", "--no-chdir",
        "--disable-system", "-vconsole:off", "-vsyslog:off", "--log-file=" + r + "/switch.log"});
    if (in({"ovs-vsctl", "--timeout=10", "show"}).exit_code != 0 || read_pid(folder / "switch.pid") == 0)
      why_not = "Open vSwitch's daemons do not start here: " + read_file(folder / "switch.log");
  }
  ~Switchboard() {
    for (const char* file : {"switch.pid", "db.pid"})
      if (const pid_t pid = read_pid(folder / file); pid > 0) {
        kill(pid, SIGTERM);
        for (int i = 0; i < 100 && kill(pid, 0) == 0; ++i)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        kill(pid, SIGKILL);
      }
    for (const std::string& ns : {name, name + "a", name + "b", name + "c"}) run({"ip", "netns", "del", ns});
  }
  testing::ProgramResult in(std::vector<std::string> command, const std::string& host = "") const {
    command.insert(command.begin(),
                   {"ip", "netns", "exec", name + host, "env", "OVS_RUNDIR=" + folder.path().string()});
    return run(command);
  }
  std::string vsctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {"ovs-vsctl", "--timeout=10"});
    auto r = in(words);
    EXPECT_EQ(r.exit_code, 0) << r.err;
    while (!r.out.empty() && r.out.back() == '\n') r.out.pop_back();
    return r.out;
  }
  void plug(const std::string& device, const std::string& host, const std::string& address) const {
    run({"ip", "-n", name, "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns",
         name + host});
    run({"ip", "-n", name, "link", "set", device, "up"});
    run({"ip", "-n", name + host, "addr", "add", address, "dev", "eth0"});
    run({"ip", "-n", name + host, "link", "set", "eth0", "up"});
  }
  const std::string name = fmt::format("xsovs_{}", getpid());
  TemporaryFolder folder;
  std::string why_not;
};

class OvsDaemon : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "not root: network namespaces cannot be made";
    XEDGESIM_NEEDS("ovs-vswitchd", "openvswitch-switch");
    board_ = std::make_unique<Switchboard>();
    if (!board_->why_not.empty()) GTEST_SKIP() << board_->why_not;
  }
  void apply(const scenario::Scenario& s, int times = 1) {
    write(export_ovs(s, {.datapath = OvsOptions::Datapath::netdev}), out_.path());
    for (int i = 0; i < times; ++i) {
      const auto r = board_->in({"sh", (out_ / "apply.sh").string()});
      ASSERT_EQ(r.exit_code, 0) << r.err << read_file(out_ / "apply.sh");
    }
  }
  std::unique_ptr<Switchboard> board_;
  TemporaryFolder out_;
};

TEST_F(OvsDaemon, StoresTheChassisSwitch) {
  const auto s = chassis();
  for (const std::string device : {"xs-chassis", "xs-compute", "xs-storage"})
    run({"ip", "-n", board_->name, "link", "add", device, "type", "veth", "peer", "name",
         "p" + device.substr(2)});
  apply(s, 2);
  EXPECT_EQ(board_->vsctl({"get", "port", "xs-compute", "tag"}), "1");
  EXPECT_EQ(board_->vsctl({"get", "port", "xs-storage", "vlan_mode"}), "native-untagged");
  EXPECT_EQ(board_->vsctl({"get", "port", "xs-storage", "trunks"}), "[1, 20]");
  EXPECT_EQ(board_->vsctl({"get", "bridge", "ovsbr0", "rstp_enable"}), "true");
  EXPECT_EQ(board_->vsctl({"get", "bridge", "ovsbr0", "other_config:rstp-priority"}), "\"4096\"");
  EXPECT_EQ(board_->vsctl({"get", "bridge", "ovsbr0", "other_config:mac-aging-time"}), "\"60\"");
  EXPECT_EQ(board_->vsctl({"get", "port", "xs-chassis", "other_config:rstp-port-admin-edge"}), "\"true\"");
  EXPECT_EQ(board_->vsctl({"get", "mirror", "ovsbr0", "output_port"}),
            board_->vsctl({"get", "port", "xs-fabric-spy", "_uuid"}));
  EXPECT_EQ(board_->vsctl({"get", "mirror", "ovsbr0", "select_src_port"}),
            "[" + board_->vsctl({"get", "port", "xs-chassis", "_uuid"}) + "]");
  const std::string qos = board_->vsctl({"get", "port", "xs-storage", "qos"});
  EXPECT_EQ(board_->vsctl({"get", "qos", qos, "type"}), "linux-htb");
  EXPECT_EQ(board_->vsctl({"get", "qos", qos, "other_config:max-rate"}), "\"20000000\"");
  // Applying twice leaves no rows behind: chassis (its node's limit) and storage.
  EXPECT_EQ(board_->vsctl({"--bare", "--columns=type", "list", "qos"}), "linux-htb\n\nlinux-htb");
  const auto flows = board_->in({"ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "ovsbr0"});
  EXPECT_NE(flows.out.find("nw_dst=10.0.0.0/8,tp_dst=53 actions=drop"), std::string::npos) << flows.out;
  const auto meters = board_->in({"ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "ovsbr0"});
  EXPECT_NE(meters.out.find("rate=1000 burst_size=256"), std::string::npos)
      << meters.out;  // 1 Mbit/s, 32,000 bytes
  const auto classes = board_->in({"tc", "class", "show", "dev", "xs-storage"});
  EXPECT_NE(classes.out.find("rate 2Mbit ceil 4Mbit"), std::string::npos) << classes.out;
  const auto filters = board_->in({"tc", "filter", "show", "dev", "xs-storage"});
  EXPECT_NE(filters.out.find("flowid 1:6"), std::string::npos) << filters.out;
  EXPECT_EQ(board_->in({"sh", (out_ / "remove.sh").string()}).exit_code, 0);
  EXPECT_EQ(board_->vsctl({"list-br"}), "");
}

TEST_F(OvsDaemon, VlansSeparateAndMetersLimit) {
  XEDGESIM_NEEDS("ping", "iputils-ping");
  const auto s = load_text(R"(
scenario: {name: t, duration: 1s}
switches:
  - id: sw
    ports: [{name: "1", vlan: 1}, {name: "2", vlan: 1}, {name: "3", vlan: 20}]
nodes:
  - {id: a}
  - {id: b, qos: {outbound: {average: 100kbit, burst: 4000B}}}
  - {id: c}
links:
  - {endpoints: ["a:eth0", "sw:1"]}
  - {endpoints: ["b:eth0", "sw:2"]}
  - {endpoints: ["c:eth0", "sw:3"]}
)");
  board_->plug("xs-a", "a", "10.77.0.1/24");
  board_->plug("xs-b", "b", "10.77.0.2/24");
  board_->plug("xs-c", "c", "10.77.0.3/24");
  apply(s);
  const auto pings = [&](const std::string& to, std::vector<std::string> options) {
    options.insert(options.begin(), "ping");
    options.push_back(to);
    return board_->in(options, "a");
  };
  EXPECT_EQ(pings("10.77.0.2", {"-c", "3", "-i", "0.2", "-W", "2"}).exit_code, 0) << "one VLAN";
  EXPECT_NE(pings("10.77.0.3", {"-c", "2", "-i", "0.2", "-W", "1"}).exit_code, 0) << "another VLAN";
  // 60 answers of 1,442 bytes within 0.3 s are 2.3 Mbit/s: a meter of 100 kbit/s lets few of them pass.
  const auto flood = pings("10.77.0.2", {"-c", "60", "-i", "0.005", "-s", "1400", "-W", "1", "-q"});
  const size_t at = flood.out.find(" received");
  ASSERT_NE(at, std::string::npos) << flood.out << flood.err;
  const int received = std::atoi(flood.out.c_str() + flood.out.rfind(' ', at - 1));
  EXPECT_GE(received, 1) << flood.out;
  EXPECT_LE(received, 30) << flood.out;
}

}  // namespace
}  // namespace xedgesim::exporter
