// Nodes with k3s roles at run time, with a stand-in for the k3s binary (k3s_stand_in.c): what a node gets,
// that agents join with the cluster's secret, `kubectl get nodes` in the node as an assertion and from the
// host through a forwarded port, by Debian's kubectl where it is installed. k3s itself is not run.
// Containers: container_test.cpp.
#include <yaml-cpp/yaml.h>

#include "container/sandbox.h"
#include "k3s_stand_in.h"
#include "live/uplink.h"
#include "own_network.h"
#include "system/k3s.h"
#include "up_fixture.h"
#include "vm/image/image_store.h"
#include "vm/qemu_probe.h"

namespace xedgesim::testing {
namespace {

class K3sRoles : public UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = build_k3s_stand_in(folder_ / "k3s"); !why.empty())
      GTEST_SKIP() << "no static program can be built here: " << why;
  }
  ProgramResult judge(const std::string& nodes, const std::string& clock, const std::string& duration) {
    std::ofstream(folder_ / "s.yaml")
        << "scenario: {name: lab, clock: " << clock << ", duration: " << duration << "}\nnodes:\n"
        << nodes << "links:\n  - {endpoints: [\"left:eth0\", \"right:eth0\"], latency: 1ms}\n"
        << kK3sAssertions;
    return run_program({"run", (folder_ / "s.yaml").string(), "-o", (folder_ / "out").string(), "--quiet"});
  }
  std::string printed(const std::string& id) { return read_file(folder_ / ("out/consoles/" + id + ".log")); }
  static std::string no_machines() {
    const auto probe =
        vm::probe_virtual_time(vm::Arch::x86_64, std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-vt.so");
    if (!probe.qemu) return probe.reason;
    if (!vm::ImageStore().find("base", vm::Arch::x86_64))
      return "there is no image 'base' for x86_64: xedgesim image build base";
    return {};
  }
};

TEST_F(K3sRoles, ProcessesFormACluster) {
  if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
  const ProgramResult r =
      judge(k3s_pair("type: process", "3s", "", (folder_ / "k3s").string()), "wall", "5s");
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err << printed("left") << printed("right");
  // Nothing of it on the host's own paths.
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/vm/left.k3s/etc/rancher/k3s/k3s.yaml"));
  const auto token = std::filesystem::status(folder_ / "out/vm/left.k3s/etc/rancher/k3s/token").permissions();
  EXPECT_EQ(token, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(read_file(folder_ / "out/vm/left.k3s/etc/rancher/k3s/token"),
            read_file(folder_ / "out/vm/right.k3s/etc/rancher/k3s/token"));
}

TEST_F(K3sRoles, TakeTheTokenOfTheScenario) {
  if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
  std::string nodes = k3s_pair("type: process", "3s", "", (folder_ / "k3s").string());
  // The scenario's own token is the cluster's.
  nodes.replace(nodes.find("{binary: ./k3s, "), 16, "{binary: ./k3s, token: a-secret, ");
  const ProgramResult r = judge(nodes, "wall", "4s");
  EXPECT_NE(printed("left").find("token of 8 characters"), std::string::npos) << printed("left");
  EXPECT_NE(printed("left").find("right joins"), std::string::npos) << printed("left");
  EXPECT_EQ(r.exit_code, 2) << "64 characters were expected: " << r.out << r.err;
}

TEST_F(K3sRoles, KubectlOfTheHostReachesTheServerThroughTheSwitch) {
  if (const std::string why = container::sandbox_refusal(); !why.empty()) GTEST_SKIP() << why;
  if (const std::string why = live::Uplink::missing(); !why.empty()) GTEST_SKIP() << why;
  OwnNetwork network;
  if (!network.made()) GTEST_SKIP() << "a network namespace of our own takes CAP_SYS_ADMIN";
  const ProgramResult up = run_program(
      {"up", "-d",
       write(k3s_pair("type: process", "1s", ", ports: ['16443:6443']", (folder_ / "k3s").string()))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  // As the documentation says: the server's own settings, with the forwarded port.
  std::string config;
  for (int i = 0; i < 50 && config.find(":6443") == std::string::npos; ++i) {
    usleep(100'000);
    config = run_program({"exec", "left", "--", "sh", "-c", "cat $KUBECONFIG"}).out;
  }
  const size_t port = config.find(":6443");
  ASSERT_NE(port, std::string::npos) << config;
  config.replace(port, 5, ":16443");
  std::ofstream(folder_ / "config") << config;
  const auto ask = [&](std::vector<std::string> command) {
    std::string out;
    for (int i = 0; i < 30 && out.find("right") == std::string::npos; ++i) {
      try {
        out = vm::run_to_end(
            command, Duration::s(20),
            {"KUBECONFIG=" + (folder_ / "config").string(), "HOME=" + folder_.path().string()});
      } catch (const Error& e) {
        out = e.what();
      }
      if (out.find("right") == std::string::npos) usleep(200'000);
    }
    return out;
  };
  // The stand-in's own client talks to port 6443 only; who is not installed is left out, and said.
  if (vm::find_program("kubectl").empty())
    GTEST_SKIP() << "kubectl is not installed: scripts/setup --with containers";
  EXPECT_EQ(ask({"kubectl", "get", "nodes", "-o", "name"}), "node/left\nnode/right\n");
}

TEST_F(K3sRoles, MachinesFormAClusterInVirtualTimeTwiceTheSame) {
  if (const std::string why = no_machines(); !why.empty()) GTEST_SKIP() << why;
  std::string digests[2];
  for (std::string& digest : digests) {
    std::string nodes = k3s_pair("type: vm, memory: 256MiB, image: base", "12s");
    const ProgramResult r = judge(nodes, "virtual", "15s");
    EXPECT_NE(printed("left").find("right Ready"), std::string::npos) << r.out << r.err << printed("left");
    EXPECT_NE(printed("right").find("the server says: welcome"), std::string::npos) << printed("right");
    EXPECT_NE(printed("left").find("token of 32 characters, mode 600"), std::string::npos) << printed("left");
    digest = nlohmann::json::parse(read_file(folder_ / "out/summary.json"))["digest"];
    std::filesystem::remove_all(folder_ / "out");
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST_F(K3sRoles, MachinesFormAClusterOnTheWallClock) {
  if (const std::string why = no_machines(); !why.empty()) GTEST_SKIP() << why;
  const ProgramResult up =
      run_program({"up", "-d", write(k3s_pair("type: vm, memory: 256MiB, image: base", "1s"))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  std::string listed;
  for (int i = 0; i < 100 && listed.find("right Ready") == std::string::npos; ++i) {
    usleep(200'000);
    listed = run_program({"exec", "left", "--", "k3s", "kubectl", "get", "nodes"}).out;
  }
  EXPECT_NE(listed.find("left Ready\nright Ready\n"), std::string::npos) << listed;
  EXPECT_EQ(run_program({"exec", "right", "--", "stat", "-c", "%a", "/etc/rancher/k3s/token"}).out, "600\n");
}

TEST_F(K3sRoles, SayWhatIsMissing) {
  const auto refusal = [&](const std::string& nodes) {
    const ProgramResult r = judge(nodes, "wall", "2s");
    EXPECT_EQ(r.exit_code, 3) << r.out;
    return r.err;
  };
  const std::string right = "  - {id: right, type: process, ip: 10.7.0.2, command: [sleep, '100']}\n";
  const auto server = [&](const std::string& more) {
    return "  - {id: left, ip: 10.7.0.1, role: k3s-server, " + more + "}\n" + right;
  };
  EXPECT_NE(refusal(server("type: process")).find("node 'left': a k3s role needs the program"),
            std::string::npos);
  EXPECT_NE(refusal(server("type: process, k3s: {binary: ./nosuch}")).find("nosuch"), std::string::npos);
  std::ofstream(folder_ / "plain") << "no program\n";
  EXPECT_NE(refusal(server("type: process, k3s: {binary: ./plain}")).find("may not be executed: chmod +x"),
            std::string::npos);
  EXPECT_NE(refusal(server("type: model, k3s: {binary: ./k3s}"))
                .find("for nodes of type vm, container and process"),
            std::string::npos);
  std::string arm(64, '\0');
  arm.replace(0, 4,
              "\x7f"
              "ELF");
  arm[18] = static_cast<char>(vm::host_arch() == vm::Arch::aarch64 ? 62 : 183);
  std::ofstream(folder_ / "foreign", std::ios::binary) << arm;
  std::filesystem::permissions(folder_ / "foreign", std::filesystem::perms::owner_all);
  const std::string host = vm::host_arch() == vm::Arch::aarch64 ? ", arch: aarch64" : "";
  EXPECT_NE(
      refusal(server("type: vm, image: base, k3s: {binary: ./foreign}" + host)).find("give it k3s for its"),
      std::string::npos);
  EXPECT_NE(
      refusal(server("type: process, k3s: {binary: ./k3s, pod_limits: {}}")).find("there is no limit in it"),
      std::string::npos);
  EXPECT_NE(
      refusal("  - {id: left, type: process, ip: 10.7.0.1, role: k3s-agent, k3s: {binary: ./k3s}}\n" + right)
          .find("an agent needs a node with role: k3s-server"),
      std::string::npos);
}

TEST(K3sManifests, PodLimitsAreALimitRange) {
  const YAML::Node y = YAML::Load(system::k3s_limit_range({.cpu = 0.5, .memory = int64_t{64} << 20}));
  EXPECT_EQ(y["kind"].as<std::string>(), "LimitRange");
  const YAML::Node limits = y["spec"]["limits"][0];
  EXPECT_EQ(limits["type"].as<std::string>(), "Container");
  EXPECT_EQ(limits["default"]["cpu"].as<std::string>(), "500m");
  EXPECT_EQ(limits["default"]["memory"].as<std::string>(), "67108864");
  EXPECT_FALSE(YAML::Load(
      system::k3s_limit_range({.cpu = 1.0, .memory = {}}))["spec"]["limits"][0]["default"]["memory"]);
}

}  // namespace
}  // namespace xedgesim::testing
