// Machines that libvirt runs: a libvirtd of the test's own, in a session, with real domains under QEMU.
// Skipped, with the reason, without libvirtd, QEMU or the image `base`.
#include <poll.h>

#include "base/descriptor.h"
#include "own_libvirt.h"

namespace xedgesim::testing {
namespace {

std::string machine_at(const std::string& id, int host, const std::string& more = ", backend: libvirt") {
  return "  - {id: " + id + ", type: vm, memory: 128MiB, image: base, ip: 10.7.0." + std::to_string(host) +
         more + "}\n";
}

/// As the user the daemon belongs to: QEMU must reach our sockets and files.
class Libvirt : public UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = libvirt::Connection::missing(); !why.empty()) GTEST_SKIP() << why;
    if (vm::find_program("libvirtd").empty())
      GTEST_SKIP() << "libvirtd is not installed: scripts/setup --with libvirt";
    const auto image = vm::ImageStore().find("base", vm::Arch::x86_64);
    if (!image) GTEST_SKIP() << "there is no image 'base' for x86_64: xedgesim image build base";
    const std::filesystem::path images = folder_ / "images";
    std::filesystem::create_directories(images / "base-x86_64-copy");
    for (const auto& file : {image->kernel, image->initrd})
      std::filesystem::copy_file(file, images / "base-x86_64-copy" / file.filename());
    std::filesystem::create_symlink("base-x86_64-copy", images / "base-x86_64");
    std::filesystem::create_directories(folder_ / "state");
    own_ = std::make_unique<OwnLibvirt>();
    if (!own_->runs()) GTEST_SKIP() << "libvirtd does not start on this host: " << own_->log();
    setenv("XEDGESIM_IMAGES", images.c_str(), 1);
    setenv("LIBVIRT_DEFAULT_URI", own_->uri().c_str(), 1);
    OwnLibvirt::give_away(folder_.path());
  }
  void TearDown() override {
    unsetenv("XEDGESIM_IMAGES");
    if (own_) ours({"down", "--all"});
    unsetenv("LIBVIRT_DEFAULT_URI");
    own_.reset();
  }
  ProgramResult ours(const std::vector<std::string>& arguments) {
    return Program(arguments, OwnLibvirt::user()).wait();
  }
  std::vector<std::string> domains() {
    std::vector<std::string> out;
    for (const auto& [name, owner] : libvirt::Connection(own_->uri()).owned()) out.push_back(name);
    std::sort(out.begin(), out.end());
    return out;
  }
  std::unique_ptr<OwnLibvirt> own_;
};

TEST_F(Libvirt, RunsMachinesOnOurSwitchBesideOurOwn) {
  const ProgramResult up = ours({"up", "-d", write(machine_at("left", 1) + machine_at("right", 2, ""))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err << own_->log();
  EXPECT_EQ(domains(), std::vector<std::string>{"lab-left"});
  libvirt::Connection c(own_->uri());
  const auto domain = c.find("lab-left");
  ASSERT_TRUE(domain);
  EXPECT_EQ(domain->state(), libvirt::Domain::State::running);
  const auto left = nlohmann::json::parse(ours({"inspect", "left", "--format", "json"}).out);
  EXPECT_EQ(left["domain"], "lab-left");
  EXPECT_EQ(left["libvirt"], own_->uri());
  EXPECT_GT(left["pid"].get<int>(), 0);

  const ProgramResult ping = ours({"exec", "left", "--", "ping", "-c", "3", "right"});
  EXPECT_NE(ping.out.find("3 packets received"), std::string::npos) << ping.out << ping.err;
  ASSERT_EQ(ours({"link", "set", "cable", "latency=60ms"}).exit_code, 0);
  EXPECT_NE(ours({"exec", "left", "--", "ping", "-c", "1", "right"}).out.find("time=12"), std::string::npos)
      << "every packet passes our link";
  EXPECT_NE(ours({"logs", "left"}).out.find("BusyBox"), std::string::npos);

  // Somebody takes it away behind our back.
  domain->remove();
  std::string state;
  for (int i = 0; i < 100 && state != "off" && state != "crashed"; ++i) {
    usleep(100'000);
    state = nlohmann::json::parse(ours({"inspect", "left", "--format", "json"}).out).value("state", "");
  }
  EXPECT_TRUE(state == "off" || state == "crashed") << state;
  EXPECT_EQ(ours({"down"}).exit_code, 0);
  EXPECT_TRUE(nothing_left());
  EXPECT_TRUE(domains().empty());
}

TEST_F(Libvirt, CardsHaveTheirOrderAndTheirOwnCables) {
  const std::string nodes =
      "  - {id: gw, type: vm, memory: 128MiB, image: base, backend: libvirt, interfaces: [{ip: 10.7.0.254, "
      "mac: "
      "\"52:54:00:00:00:0a\"}, {ip: 10.8.0.254, mac: \"52:54:00:00:00:0b\"}]}\n"
      "  - {id: left, type: model, ip: 10.7.0.1}\n  - {id: right, type: model, ip: 10.8.0.1}\n";
  const ProgramResult up = ours({"up", "-d",
                                 write(nodes,
                                       "links:\n  - {id: second, endpoints: [\"gw:eth1\", \"right:eth0\"]}\n"
                                       "  - {id: first, endpoints: [\"left:eth0\", \"gw:eth0\"]}\n")});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err << own_->log();
  const auto said = [&](const std::string& command) {
    const ProgramResult r = ours({"exec", "gw", "--", "sh", "-c", command});
    return r.out + r.err;
  };
  EXPECT_EQ(said("cat /sys/class/net/eth0/address /sys/class/net/eth1/address"),
            "52:54:00:00:00:0a\n52:54:00:00:00:0b\n");
  EXPECT_NE(said("ping -c 1 10.7.0.1").find("1 packets received"), std::string::npos);
  EXPECT_NE(said("ping -c 1 10.8.0.1").find("1 packets received"), std::string::npos);
  ASSERT_EQ(ours({"link", "set", "second", "up=false"}).exit_code, 0);
  EXPECT_EQ(said("cat /sys/class/net/eth0/carrier /sys/class/net/eth1/carrier"), "1\n0\n");
  EXPECT_EQ(ours({"down"}).exit_code, 0);
  EXPECT_TRUE(domains().empty());
}

TEST_F(Libvirt, LeavesNothingWhenTheProgramIsKilled) {
  ASSERT_EQ(
      ours({"up", "-d", "--wait", "0", write(machine_at("left", 1) + machine_at("right", 2))}).exit_code, 0);
  const auto record = nlohmann::json::parse(read_file(folder_ / "state/lab/system.json"));
  const Descriptor owner = open_pidfd(record["owner"]["pid"].get<pid_t>());
  kill(record["owner"]["pid"].get<pid_t>(), SIGKILL);
  pollfd ended{owner.get(), POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 10'000), 1);
  EXPECT_EQ(domains(), (std::vector<std::string>{"lab-left", "lab-right"})) << "libvirt's outlive us";
  const ProgramResult down = ours({"down"});
  EXPECT_NE(down.out.find("it had crashed"), std::string::npos) << down.out << down.err;
  EXPECT_TRUE(domains().empty());
}

TEST_F(Libvirt, IsPausedAndPowerCycledByFaultsOfARun) {
  std::ofstream(folder_ / "s.yaml")
      << "scenario: {name: lab, duration: 8s}\nnodes:\n"
      << machine_at("left", 1) << machine_at("right", 2) << kCable
      << "faults:\n  - {time: 1s, type: node_failure, target: left, duration: 2s}\n"
         "  - {time: 4s, type: machine_reset, target: right}\n";
  OwnLibvirt::give_away(folder_.path());
  const ProgramResult r =
      ours({"run", (folder_ / "s.yaml").string(), "-o", (folder_ / "out").string(), "--quiet"});
  EXPECT_EQ(r.exit_code, 0) << r.out << r.err << own_->log();
  const auto summary = nlohmann::json::parse(read_file(folder_ / "out/summary.json"));
  EXPECT_EQ(summary["machines"]["left"]["boots"], 1) << summary["machines"];
  EXPECT_EQ(summary["machines"]["right"]["boots"], 2) << summary["machines"];
  EXPECT_TRUE(domains().empty());
}

TEST_F(Libvirt, RefusesWhatIsInTheWay) {
  const auto refusal = [&](const std::string& nodes) {
    const ProgramResult r = ours({"up", write(nodes)});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    EXPECT_TRUE(nothing_left());
    return r.err;
  };
  const std::string right = machine_at("right", 2, "");
  EXPECT_NE(refusal(machine_at("left", 1, ", backend: libvirt, cpu_quota: 50%") + right)
                .find("these limits cannot be set"),
            std::string::npos);
  libvirt::Connection c(own_->uri());
  const auto taken = c.define(
      "<domain type='qemu'><name>lab-left</name><memory>131072</memory><os><type>hvm</type></os></domain>");
  const std::string said = refusal(machine_at("left", 1) + right);
  EXPECT_NE(said.find("has a domain 'lab-left' already: rename the node"), std::string::npos) << said;
  EXPECT_TRUE(c.find("lab-left")) << "it is not ours to remove";
  taken->remove();
}

class WithoutLibvirt : public UpTest {
 protected:
  ~WithoutLibvirt() override { unsetenv("LIBVIRT_DEFAULT_URI"); }
  std::string refusal(const std::string& uri, const std::string& more = ", backend: libvirt") {
    setenv("LIBVIRT_DEFAULT_URI", uri.c_str(), 1);
    const ProgramResult r =
        run_program({"up", write(machine_at("left", 1, more) + machine_at("right", 2, ""))});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    EXPECT_TRUE(nothing_left());
    return r.err;
  }
};

TEST_F(WithoutLibvirt, SaysWhatToDo) {
  if (!vm::ImageStore().find("base", vm::Arch::x86_64))
    GTEST_SKIP() << "there is no image 'base' for x86_64: xedgesim image build base";
  const bool built = libvirt::Connection::missing().empty();
  const std::string absent = refusal("qemu+unix:///session?socket=/nonexistent/libvirt-sock");
  EXPECT_NE(absent.find(built ? "no libvirt answers at" : "this build has no libvirt"), std::string::npos)
      << absent;
  EXPECT_NE(absent.find("node 'left'"), std::string::npos) << absent;
  EXPECT_NE(absent.find("scripts/setup --with libvirt"), std::string::npos) << absent;
  if (!built) return;
  EXPECT_NE(refusal("qemu+ssh://root@elsewhere/system").find("another host's"), std::string::npos);
  std::ofstream(folder_ / "file");
  EXPECT_NE(refusal("qemu+unix:///session?socket=" + (folder_ / "file").string()).find("Connection refused"),
            std::string::npos);
}

TEST_F(WithoutLibvirt, OtherNodesAndVirtualTimeAreRefused) {
  const auto said = [&](const std::string& nodes, const std::string& clock) {
    std::ofstream(folder_ / "v.yaml")
        << "scenario: {name: lab, duration: 1s, clock: " << clock << "}\nnodes:\n"
        << nodes << machine_at("right", 2, "")
        << "links:\n  - {endpoints: [\"left:eth0\", \"right:eth0\"], latency: 1ms}\n";
    const ProgramResult r = run_program({"validate", (folder_ / "v.yaml").string()});
    EXPECT_EQ(r.exit_code, 3) << r.out;
    return r.err;
  };
  EXPECT_NE(
      said(machine_at("left", 1), "virtual").find("backend: libvirt has no virtual time: set `clock: wall`"),
      std::string::npos);
  EXPECT_NE(said("  - {id: left, type: process, ip: 10.7.0.1, command: ['true'], backend: libvirt}\n", "wall")
                .find("backend: libvirt runs machines of type vm only"),
            std::string::npos);
}

}  // namespace
}  // namespace xedgesim::testing
