// Systems that are up, through the program: machines that reach each other by name, commands in them, changes
// to their network; what goes wrong; and that nothing is left afterwards. Those that boot a machine are
// skipped, with the reason, without QEMU or the image.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <regex>
#include <thread>

#include "base/descriptor.h"
#include "live/host_process.h"
#include "up_fixture.h"
#include "vm/cgroup.h"
#include "vm/image/image_store.h"
#include "vm/qemu_probe.h"

namespace xedgesim::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string missing_for_up() {
  const auto probe = vm::probe_qemu(vm::Arch::x86_64);
  if (!probe.qemu) return probe.reason;
  const auto image = vm::ImageStore().find("base", vm::Arch::x86_64);
  if (!image) return "there is no image 'base' for x86_64: xedgesim image build base";
  if (read_file(image->initrd).find("org.xedgesim.agent") == std::string::npos)
    return "the image 'base' has no agent: xedgesim image build base makes it anew";
  return {};
}

std::string node(const std::string& id, int host, const std::string& more = ", image: base") {
  return "  - {id: " + id + ", type: vm, arch: x86_64, memory: 256MiB, ip: 10.7.0." + std::to_string(host) +
         more + "}\n";
}

class UpWithMachines : public UpTest {
 protected:
  void SetUp() override {
    if (const std::string why = missing_for_up(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(UpWithMachines, ReachEachOtherByNameAndAreGoneAfterDown) {
  const std::string file = write(node("left", 1) + node("right", 2));
  const ProgramResult up = run_program({"up", "-d", file});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  EXPECT_NE(up.out.find("lab is up: 2 nodes"), std::string::npos) << up.out;

  const json all = machines();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["state"], "up");
  EXPECT_EQ(all[0]["ip"], "10.7.0.1/24");
  EXPECT_GE(all[0]["leases"].get<int>(), 1);

  const ProgramResult ping = run_program({"exec", "left", "--", "ping", "-c", "3", "-i", "0.2", "right"});
  EXPECT_EQ(ping.exit_code, 0) << ping.out << ping.err;
  EXPECT_NE(ping.out.find("3 packets received"), std::string::npos) << ping.out;
  EXPECT_EQ(run_program({"exec", "right", "--", "ping", "-c", "1", "left.local"}).exit_code, 0);
  const ProgramResult both =
      run_program({"exec", "left", "--", "sh", "-c", "echo one; echo 'it''s two' >&2; exit 7"});
  EXPECT_EQ(both.exit_code, 7);
  EXPECT_EQ(both.out, "one\n");
  EXPECT_EQ(both.err, "its two\n");
  EXPECT_EQ(run_program({"exec", "left", "--", "hostname"}).out, "left\n");

  // Both directions get slower: a round trip takes 2 x 60 ms at least.
  ASSERT_EQ(run_program({"link", "set", "cable", "latency=60ms"}).exit_code, 0);
  const ProgramResult slow = run_program({"exec", "left", "--", "ping", "-c", "3", "-i", "0.3", "right"});
  std::smatch least;
  ASSERT_TRUE(std::regex_search(slow.out, least, std::regex("min/avg/max = ([0-9.]+)"))) << slow.out;
  EXPECT_GE(std::stod(least[1]), 120.0);
  // A cable that is pulled out takes the carrier from both cards.
  const auto carrier = [] {
    return run_program({"exec", "right", "--", "cat", "/sys/class/net/eth0/carrier"}).out;
  };
  EXPECT_EQ(carrier(), "1\n");
  ASSERT_EQ(run_program({"link", "set", "cable", "up=false"}).exit_code, 0);
  EXPECT_EQ(carrier(), "0\n");
  ASSERT_EQ(run_program({"link", "set", "cable", "up=true"}).exit_code, 0);
  EXPECT_EQ(carrier(), "1\n");
  EXPECT_EQ(run_program({"profile", "apply", "lossy"}).exit_code, 0);
  EXPECT_EQ(run_program({"link", "set", "nolink", "latency=1ms"}).exit_code, 3);
  EXPECT_NE(run_program({"pause"}).err.find("wall clock"), std::string::npos);

  EXPECT_NE(run_program({"logs", "left"}).out.find("xedgesim: left is up"), std::string::npos);
  EXPECT_NE(run_program({"exec", "middle", "--", "true"}).err.find("no machine 'middle'"), std::string::npos);
  const json inspected = json::parse(run_program({"inspect", "right", "--format", "json"}).out);
  EXPECT_EQ(inspected["accelerator"], inspected.contains("no_kvm") ? "tcg" : "kvm");
  EXPECT_NE(run_program({"up", "-d", file}).err.find("is up already"), std::string::npos);

  const ProgramResult down = run_program({"down"});
  EXPECT_EQ(down.exit_code, 0) << down.err;
  EXPECT_EQ(down.out, "lab is down\n");
  for (const json& m : all) EXPECT_FALSE(live::find_process(m["pid"].get<pid_t>()));
  EXPECT_TRUE(nothing_left());
}

TEST_F(UpWithMachines, AConsoleIsATerminalOfTheHost) {
  const ProgramResult up =
      run_program({"up", "-d", write(node("left", 1, ", image: base, console: pty") + node("right", 2))});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  const json all = machines();
  const std::string path = all[0].value("terminal", "");
  ASSERT_TRUE(path.starts_with("/dev/pts/")) << all[0].dump();
  EXPECT_FALSE(all[1].contains("terminal"));
  const Descriptor fd(open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK));
  ASSERT_GE(fd.get(), 0);
  const std::string command = "echo product-$((6*7))\r";
  ASSERT_EQ(::write(fd.get(), command.data(), command.size()), static_cast<ssize_t>(command.size()));
  std::string got;
  for (int i = 0; i < 300 && got.find("product-42") == std::string::npos; ++i) {
    std::array<char, 4096> buffer;
    if (const ssize_t n = read(fd.get(), buffer.data(), buffer.size()); n > 0)
      got.append(buffer.data(), static_cast<size_t>(n));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_NE(got.find("product-42"), std::string::npos) << got;
}

TEST_F(UpWithMachines, OneWithTwoCardsRoutesBetweenTwoNetworks) {
  const auto with = [](const std::string& id, const std::string& rest) {
    return "  - {id: " + id + ", type: vm, arch: x86_64, memory: 256MiB, image: base, " + rest + "}\n";
  };
  const std::string file =
      write(with("gw",
                 "commands: [\"echo 1 >/proc/sys/net/ipv4/ip_forward\"], interfaces: [{ip: 10.7.0.254, mac: "
                 "\"52:54:00:00:00:0a\"}, {ip: 10.8.0.254, mac: \"52:54:00:00:00:0b\"}]") +
                with("left", "ip: 10.7.0.1, gateway: 10.7.0.254") +
                with("right", "ip: 10.8.0.1, gateway: 10.8.0.254"),
            "links:\n  - {id: second, endpoints: [\"gw:eth1\", \"right:eth0\"]}\n"
            "  - {id: first, endpoints: [\"left:eth0\", \"gw:eth0\"]}\n");
  const ProgramResult up = run_program({"up", "-d", file});
  ASSERT_EQ(up.exit_code, 0) << up.out << up.err;
  const auto said = [](const std::string& id, const std::string& command) {
    const ProgramResult r = run_program({"exec", id, "--", "sh", "-c", command});
    return r.out + r.err;
  };
  EXPECT_EQ(said("gw", "cat /sys/class/net/eth0/address /sys/class/net/eth1/address"),
            "52:54:00:00:00:0a\n52:54:00:00:00:0b\n");
  const std::string ping = said("left", "ping -c 3 -i 0.2 right");
  EXPECT_NE(ping.find("3 packets received"), std::string::npos) << ping;
  EXPECT_NE(ping.find("ttl=63"), std::string::npos) << "through the router: " << ping;
  // A name is the address in the asker's network.
  EXPECT_NE(said("right", "ping -c 1 gw").find("10.8.0.254"), std::string::npos);
  EXPECT_NE(said("left", "ping -c 1 gw.local").find("10.7.0.254"), std::string::npos);
  const json gw = machines()[0];
  ASSERT_EQ(gw["cards"].size(), 2u);
  EXPECT_GE(gw["cards"][1]["leases"].get<int>(), 1);
  ASSERT_EQ(run_program({"link", "set", "second", "up=false"}).exit_code, 0);
  EXPECT_EQ(said("gw", "cat /sys/class/net/eth0/carrier /sys/class/net/eth1/carrier"), "1\n0\n");
}

TEST_F(UpWithMachines, CommandsReadOurStandardInput) {
  if (read_file(vm::ImageStore().get("base", vm::Arch::x86_64).initrd).find("reply took") ==
      std::string::npos)
    GTEST_SKIP() << "the agent of the image 'base' is an older one: xedgesim image build base makes it anew";
  ASSERT_EQ(run_program({"up", "-d", write(node("left", 1) + node("right", 2))}).exit_code, 0);
  expect_standard_input("left");
}

TEST_F(UpWithMachines, LeaveNothingWhenTheProgramIsKilled) {
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0", write(node("left", 1) + node("right", 2))}).exit_code, 0);
  const json all = machines();
  ASSERT_EQ(all.size(), 2u);
  // QEMU killed from outside is a crash of that machine alone.
  kill(all[0]["pid"].get<pid_t>(), SIGKILL);
  const json crashed = wait_for("left", "crashed");
  EXPECT_NE(crashed.value("reason", "").find("ended by signal 9"), std::string::npos) << crashed;
  EXPECT_EQ(machines()[1]["pid"], all[1]["pid"]);

  const json record = json::parse(read_file(folder_ / "state/lab/system.json"));
  kill(record["owner"]["pid"].get<pid_t>(), SIGKILL);
  const pid_t qemu = all[1]["pid"].get<pid_t>();
  for (int i = 0; i < 100 && live::find_process(record["owner"]["pid"].get<pid_t>()); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_NE(run_program({"ps"}).out.find("crashed: `xedgesim down lab`"), std::string::npos);
  EXPECT_NE(run_program({"exec", "right", "--", "true"}).err.find("has crashed"), std::string::npos);
  const ProgramResult down = run_program({"down"});
  EXPECT_NE(down.out.find("it had crashed"), std::string::npos) << down.out << down.err;
  EXPECT_FALSE(live::find_process(qemu));
  EXPECT_TRUE(nothing_left());
}

/// Seconds of processor time a process has used.
double cpu_time(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream words(text.substr(text.rfind(')') + 1));
  std::string word;
  for (int field = 3; field < 14; ++field) words >> word;
  double user = 0, system = 0;
  words >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

TEST_F(UpWithMachines, KeepToTheirLimits) {
  const vm::Limits limits{.memory_hard = int64_t{1} << 30, .cpu_quota = 0.5};
  if (const std::string why = vm::CgroupHost().refusal(limits); !why.empty())
    GTEST_SKIP() << "this host cannot set them: " << why;
  ASSERT_EQ(run_program({"up", "-d", "--wait", "0",
                         write(node("left", 1, ", image: base, cpu_quota: 50%, memory_limit: {hard: 1GiB}") +
                               node("right", 2))})
                .exit_code,
            0);
  const json left = machines()[0];
  std::vector<std::string> found;
  for (const std::string group : left["cgroups"]) {
    EXPECT_NE(read_file(fs::path(group) / "cgroup.procs").find(std::to_string(left["pid"].get<int>())),
              std::string::npos);
    for (const char* file : {"memory.limit_in_bytes", "memory.max", "cpu.cfs_quota_us", "cpu.max"})
      if (const std::string value = read_file(fs::path(group) / file); !value.empty()) found.push_back(value);
  }
  EXPECT_EQ(found.size(), 2u);
  // It boots, which is work for more than a whole processor's time.
  const auto begun = std::chrono::steady_clock::now();
  const double before = cpu_time(left["pid"]);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const double used = cpu_time(left["pid"]) - before;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(used, 0.5 * took.count() + 0.15);
  run_program({"down"});
  for (const std::string group : left["cgroups"]) EXPECT_FALSE(fs::exists(group)) << group;
}

TEST_F(UpWithMachines, TellWhyAGuestPanicked) {
  ASSERT_EQ(
      run_program({"up", "-d", "--wait", "0",
                   write(node("left", 1, ", image: base, kernel_args: \"rdinit=/nothing root=/dev/none\"") +
                         node("right", 2))})
          .exit_code,
      0);
  const json left = wait_for("left", "crashed");
  EXPECT_NE(left.value("reason", "").find("the guest's kernel panicked; the console's last lines:"),
            std::string::npos);
  EXPECT_NE(left.value("reason", "").find("Kernel panic"), std::string::npos) << left;
}

TEST_F(UpWithMachines, NeedNoPrivileges) {
  if (getuid() != 0) GTEST_SKIP() << "this test is without privileges already, as all others";
  if (std::system("setpriv --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "setpriv is not installed";
  const auto image = vm::ImageStore().get("base", vm::Arch::x86_64);
  fs::copy_file(image.kernel, folder_ / "kernel");
  fs::copy_file(image.initrd, folder_ / "initrd");
  const std::string own = ", kernel: kernel, initrd: initrd";
  const std::string file = write(node("left", 1, own) + node("right", 2, own));
  fs::create_directory(folder_ / "state");
  for (const fs::path& p : {folder_.path(), folder_ / "state"}) fs::permissions(p, fs::perms::all);
  const std::string as_nobody =
      "HOME=" + folder_.path().string() + " XEDGESIM_IMAGES=" + (folder_ / "images").string() +
      " setpriv --reuid 65534 --regid 65534 --clear-groups " XEDGESIM_BINARY_DIR "/xedgesim ";
  if (std::system((as_nobody + "platforms >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "nobody may not run " XEDGESIM_BINARY_DIR "/xedgesim";
  ASSERT_EQ(std::system((as_nobody + "up -d --wait 0 " + file).c_str()), 0);
  const json all = json::parse(read_file(folder_ / "state/lab/system.json"))["nodes"];
  ASSERT_EQ(all.size(), 2u);
  struct stat of_qemu {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(all[0]["process"]["pid"].get<int>())).c_str(), &of_qemu), 0);
  EXPECT_EQ(of_qemu.st_uid, 65534u);
  EXPECT_EQ(std::system((as_nobody + "down >/dev/null").c_str()), 0);
  EXPECT_TRUE(nothing_left());
}

TEST_F(UpTest, RefusesWhatCannotBe) {
  const auto refusal = [&](const std::string& nodes, const std::string& rest = kCable) {
    const ProgramResult r = run_program({"up", write(nodes, rest)});
    EXPECT_EQ(r.exit_code, 3) << r.out << r.err;
    EXPECT_TRUE(nothing_left());
    return r.err;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  std::ofstream(folder_ / "bad.qcow2") << std::string("QFI\xfb\0\0\0\x09nonsense", 16);
  std::ofstream(folder_ / "empty.img");
  std::ofstream(folder_ / "kernel") << "k";
  const std::string right = node("right", 2, ", kernel: kernel");
  has(refusal(node("left", 1, ", kernel: nowhere") + right), "nowhere");
  has(refusal(node("left", 1, ", image: nosuch") + right), "xedgesim image build nosuch");
  has(refusal(node("left", 1, ", image: ./bad.qcow2") + right), "is corrupt");
  has(refusal(node("left", 1, ", image: ./empty.img") + right), "is empty");
  has(refusal(node("left", 1, "") + right), "there is nothing to boot");
  has(refusal(node("left", 2) + right), "has this address already");
  has(refusal(node("left", 1, ", kernel: kernel, mac: \"52:54:00:00:00:01\"") +
              node("right", 2, ", kernel: kernel, mac: \"52:54:00:00:00:01\"")),
      "has this address already");
  has(refusal(node("left", 1) + node("left", 2)), "the id 'left' is taken");
  has(refusal(node("left", 1) + right,
              std::string(kCable) + "network: {lan: {host_ip: 10.9.0.1, prefix: 24}}\n"),
      "outside the network");
  has(refusal("  - {id: left, type: vm, image: base, ip: 10.8.0.5}\n" + right),
      "is no address for a machine of");
  has(refusal(node("left", 1, ", kernel: kernel, role: k3s-server") + right), "k3s");

  has(refusal("  - {id: left, type: host, console: pty}\n" + right), "for the consoles of machines");
  has(refusal("  - {id: left, type: model, ip: 10.7.0.1}\n  - {id: right, type: model, ip: 10.7.0.2}\n"),
      "has no machine to keep up");

  const std::string path = getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const std::string without = refusal(node("left", 1, ", kernel: kernel") + right);
  setenv("PATH", path.c_str(), 1);
  has(without, "qemu-system-x86_64 is not installed");
}

TEST_F(UpTest, KnowsWhatIsNotUp) {
  EXPECT_NE(run_program({"down"}).err.find("no system is up"), std::string::npos);
  EXPECT_NE(run_program({"exec", "a", "--", "true"}).err.find("no system is up"), std::string::npos);
  EXPECT_EQ(run_program({"down", "../x"}).exit_code, 3);
  EXPECT_EQ(run_program({"ps", "--format", "json"}).out, "[]\n");
}

}  // namespace
}  // namespace xedgesim::testing
