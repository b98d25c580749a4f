// tc commands: words against the scenario, and the scripts run in a network namespace with the devices they
// are for.
#include "export/tc.h"

#include <fmt/format.h>

#include "export/write.h"
#include "support.h"

namespace xedgesim::exporter {
namespace {

std::vector<std::string> lines_of(const net::LinkParameters& p, const scenario::Bandwidth* b = nullptr) {
  Result r;
  std::vector<std::string> out;
  for (const Command& c : tc_commands("d", p, b, "", r)) out.push_back(shell_line(c));
  return out;
}

TEST(TcExport, Numbers) {
  EXPECT_EQ(tc_rate(100'000'000), "100000000bit");
  EXPECT_EQ(tc_time(Duration::ms(50)), "50000us");
  EXPECT_EQ(tc_time(Duration::ns(1500)), "1.500us");
  EXPECT_EQ(tc_percent(0.001), "0.1%");
  EXPECT_EQ(tc_percent(1e-7), "1e-05%");
}

TEST(TcExport, Netem) {
  net::LinkParameters p;
  p.latency = Duration::ms(50);
  p.jitter = Duration::ms(10);
  p.distribution = net::Jitter::normal;
  p.jitter_correlation = 0.25;
  p.loss = 0.01;
  p.corrupt = 0.001;
  p.duplicate = 0.002;
  p.reorder = 0.1;
  p.reorder_gap = 5;
  EXPECT_EQ(lines_of(p), (std::vector<std::string>{"tc qdisc add dev d root handle 1: netem limit 100000 "
                                                   "delay 50000us 10000us 25% distribution normal "
                                                   "loss 1% corrupt 0.1% duplicate 0.2% reorder 10% gap 5"}));
  p = {};
  p.bursts = net::GilbertElliott{.good_to_bad = 0.01, .bad_to_good = 0.19, .loss_good = 0, .loss_bad = 1};
  EXPECT_EQ(lines_of(p),
            (std::vector<std::string>{
                "tc qdisc add dev d root handle 1: netem limit 100000 loss gemodel 1% 19% 100% 0%"}));
}

TEST(TcExport, ShaperInsideNetem) {
  net::LinkParameters p;
  p.rate_bps = 10'000'000;
  p.burst_bytes = 1540;
  p.queue_latency = Duration::ms(100);
  const std::string tbf = "tbf rate 10000000bit burst 1540 latency 100000us";
  EXPECT_EQ(lines_of(p), (std::vector<std::string>{"tc qdisc add dev d root handle 1: " + tbf}));
  p.loss = 0.5;
  EXPECT_EQ(lines_of(p),
            (std::vector<std::string>{"tc qdisc add dev d root handle 1: netem limit 100000 loss 50%",
                                      "tc qdisc add dev d parent 1:1 handle 2: " + tbf}));
}

TEST(TcExport, NodeLimitBesideTheCable) {
  net::LinkParameters p;
  p.rate_bps = 100'000'000;
  const scenario::Bandwidth b{.average = 5'000'000, .peak = 8'000'000, .burst = 65536};
  EXPECT_EQ(
      lines_of(p, &b),
      (std::vector<std::string>{
          "tc qdisc add dev d root handle 1: netem limit 100000 rate 100000000bit",
          "tc qdisc add dev d parent 1:1 handle 2: tbf rate 5000000bit burst 65536 latency 50000us peakrate "
          "8000000bit mtu 1514"}));
}

TEST(TcExport, EveryCardAndWhatIsUnplugged) {
  const Result r = export_tc(router());
  const auto script = [&](const std::string& name) {
    for (const File& f : r.files)
      if (f.path == name) return f.text;
    return std::string();
  };
  const std::string apply = script("apply.sh");
  EXPECT_NE(apply.find("ip link set xs-gw-eth1 down"), std::string::npos) << apply;
  EXPECT_EQ(apply.find("ip link set xs-gw down"), std::string::npos) << apply;
  EXPECT_NE(apply.find("tc qdisc add dev is-gw-eth1 root handle 1: tbf rate 100000000bit"), std::string::npos)
      << apply;
  EXPECT_NE(apply.find("tc qdisc add dev is-gw root handle 1: netem"), std::string::npos) << apply;
  EXPECT_NE(script("profile-lossy.sh").find("ip link set xs-gw-eth1 down"), std::string::npos);
  EXPECT_NE(script("remove.sh").find("ip link set xs-gw-eth1 up"), std::string::npos);
}

TEST(TcExport, NothingToDoIsSaid) {
  EXPECT_THROW(export_tc(load_text("scenario: {name: t, duration: 1s}\n")), ExportError);
}

TEST(TcExport, ProfileNamesDoNotLeadOut) {
  std::string yaml = "scenario: {name: t, duration: 1s}\nnodes: [{id: n}]\nprofiles:\n";
  const auto texts = hostile_texts("/tmp/x");
  for (const auto& t : texts)
    if (!t.empty()) yaml += "  " + yaml_text(t) + ": {n: {bandwidth: 1Mbit}}\n";
  yaml += "  \"../../up\": {n: {bandwidth: 1Mbit}}\n  good: {n: {bandwidth: 1Mbit}}\n";
  const Result r = export_tc(load_text(yaml));
  std::set<std::string> names;
  for (const File& f : r.files) {
    EXPECT_EQ(f.path.string().find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"),
              std::string::npos)
        << f.path;
    names.insert(f.path.string());
    // Comments are one line each; everything else is a command of ours.
    std::istringstream in(f.text);
    for (std::string line; std::getline(in, line);)
      EXPECT_TRUE(line.rfind("#", 0) == 0 || line == "set -eu" || line.rfind("tc ", 0) == 0 ||
                  line.rfind("ip ", 0) == 0)
          << line;
  }
  EXPECT_EQ(names.size(), r.files.size());
  EXPECT_TRUE(names.count("profile-good.sh"));
}

TEST(TcExport, ShellWordsSurviveTheShell) {
  TemporaryFolder folder;
  const std::string canary = folder / "canary";
  for (const std::string& text : hostile_texts(canary)) {
    const auto r = run({"sh", "-c", shell_line({"printf", "%s", text})});
    EXPECT_EQ(r.out, text);
    EXPECT_FALSE(std::filesystem::exists(canary)) << text;
  }
}

/// A network namespace of its own.
class Namespace {
 public:
  Namespace() : made(run({"ip", "netns", "add", name}).exit_code == 0) {}
  ~Namespace() {
    if (made) run({"ip", "netns", "del", name});
  }
  testing::ProgramResult in(std::vector<std::string> command) const {
    command.insert(command.begin(), {"ip", "netns", "exec", name});
    return run(command);
  }
  const std::string name = fmt::format("xsexp_{}", getpid());
  const bool made;
};

class TcInKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "not root: network namespaces cannot be made";
    XEDGESIM_NEEDS("tc", "iproute2");
    ns_ = std::make_unique<Namespace>();
    if (!ns_->made) GTEST_SKIP() << "this host does not allow network namespaces";
  }
  void make_devices(const scenario::Scenario& s) {
    const Topology t = make_topology(s);
    for (const Machine& m : t.machines)
      for (const Card& c : m.cards)
        ASSERT_EQ(
            ns_->in({"ip", "link", "add", c.device, "type", "veth", "peer", "name", "p" + c.device.substr(1)})
                .exit_code,
            0);
  }
  std::string kinds(const std::string& device) {
    const auto r = ns_->in({"tc", "-j", "qdisc", "show", "dev", device});
    std::string out;
    const auto list = nlohmann::json::parse(r.out, nullptr, false);
    for (const auto& q : list)
      if (const std::string kind = q.value("kind", ""); kind != "ingress")
        out += (out.empty() ? "" : " ") + kind;
    return out;
  }
  bool kernel_has(const std::string& kind, const std::vector<std::string>& words) {
    ns_->in({"ip", "link", "add", "probe", "type", "dummy"});
    ns_->in({"ip", "link", "add", "probe", "type", "veth", "peer", "name", "probe2"});
    std::vector<std::string> c{"tc", "qdisc", "replace", "dev", "probe", "root", kind};
    c.insert(c.end(), words.begin(), words.end());
    return ns_->in(c).exit_code == 0;
  }
  std::unique_ptr<Namespace> ns_;
};

const char* const kShaped = R"(
scenario: {name: t, duration: 1s}
switches: [{id: sw, ports: 3}]
nodes:
  - {id: a, qos: {outbound: {average: 5Mbit, burst: 64KiB}}}
  - {id: a-machine-with-a-long-name}
  - {id: c}
links:
  - {endpoints: ["a:eth0", "sw:1"]}
  - {endpoints: ["a-machine-with-a-long-name:eth0", "sw:2"], bandwidth: 50Mbit, burst: 20000B, queue_latency: 20ms, peak_rate: 80Mbit}
  - id: classes
    endpoints: ["sw:3", "c:eth0"]
    bandwidth: 20Mbit
    classes:
      - {name: voice, rate: 2Mbit, ceil: 4Mbit, priority: 0, dscp: [46]}
      - {name: rest, rate: 1Mbit, ceil: 20Mbit, priority: 1}
profiles:
  slow: {a: {bandwidth: 1Mbit}}
)";

TEST_F(TcInKernel, TakesEveryCommand) {
  if (!kernel_has("tbf", {"rate", "1mbit", "burst", "3000", "latency", "10ms"}) || !kernel_has("htb", {}))
    GTEST_SKIP() << "this kernel has no tbf or htb";
  const auto s = load_text(kShaped);
  make_devices(s);
  const std::string before = kinds("xs-c");
  TemporaryFolder folder;
  write(export_tc(s), folder.path());
  for (int round = 0; round < 2; ++round) {  // applying twice is as good as once
    const auto r = ns_->in({"sh", (folder / "apply.sh").string()});
    ASSERT_EQ(r.exit_code, 0) << r.err << read_file(folder / "apply.sh");
  }
  const Topology t = make_topology(s);
  EXPECT_EQ(kinds("is-a"), "tbf");
  EXPECT_EQ(t.machines[1].cards[0].device.size(), 15u);
  EXPECT_EQ(kinds(t.machines[1].cards[0].device), "tbf");
  EXPECT_EQ(kinds("xs-c"), "htb pfifo pfifo");
  const auto shown = ns_->in({"tc", "qdisc", "show", "dev", t.machines[1].cards[0].device});
  EXPECT_NE(shown.out.find(" rate 50Mbit "), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find(" peakrate 80Mbit "), std::string::npos) << shown.out;
  const auto classes = ns_->in({"tc", "class", "show", "dev", "xs-c"});
  EXPECT_NE(classes.out.find("rate 2Mbit ceil 4Mbit"), std::string::npos) << classes.out;
  EXPECT_NE(ns_->in({"tc", "filter", "show", "dev", "xs-c"}).out.find("00b80000/00fc0000"),
            std::string::npos);
  const auto slow = ns_->in({"sh", (folder / "profile-slow.sh").string()});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
  EXPECT_NE(ns_->in({"tc", "-j", "qdisc", "show", "dev", "xs-a"}).out.find("\"rate\":125000"),
            std::string::npos);
  EXPECT_EQ(ns_->in({"sh", (folder / "remove.sh").string()}).exit_code, 0);
  EXPECT_EQ(kinds("xs-c"), before);
  EXPECT_NE(ns_->in({"ip", "link", "show", "is-a"}).exit_code, 0);
}

TEST_F(TcInKernel, Lossy) {
  if (!kernel_has("netem", {"delay", "1ms"})) GTEST_SKIP() << "this kernel has no netem (sch_netem)";
  const auto s = load_text(kShaped);
  make_devices(s);
  TemporaryFolder folder;
  write(export_tc(s), folder.path());
  const auto r = ns_->in({"sh", (folder / "profile-lossy.sh").string()});
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_NE(kinds("xs-a").find("netem"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::exporter
