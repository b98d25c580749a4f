#include "cli/host_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/descriptor.h"
#include "container/engine.h"
#include "isa/arm/cortex_m.h"
#include "libvirt/connection.h"
#include "live/dnsmasq.h"
#include "live/open_vswitch.h"
#include "live/uplink.h"
#include "ml/onnx_model.h"
#include "vm/boot_files.h"
#include "vm/cgroup.h"
#include "vm/image/image_store.h"
#include "vm/process.h"
#include "vm/qemu_probe.h"
#include "web/assets.h"

namespace xedgesim::cli {
namespace {

using State = HostCheck::State;
constexpr State kYes = State::yes, kLimited = State::limited, kNo = State::no;

HostCheck program(std::string area, const std::string& name, std::string purpose, std::string remedy) {
  const std::string place = vm::find_program(name);
  const bool there = !place.empty();
  return {.area = std::move(area),
          .name = name,
          .state = there ? kYes : kNo,
          .found = there ? place : "not in the PATH",
          .purpose = std::move(purpose),
          .remedy = there ? "" : std::move(remedy)};
}

HostCheck built_part(const Installation& installation, std::string area, std::string name,
                     const std::string& file, std::string purpose, std::string remedy) {
  const auto place = installation.executable_dir / file;
  const bool there = std::filesystem::exists(place);
  return {.area = std::move(area),
          .name = std::move(name),
          .state = there ? kYes : kNo,
          .found = there ? place.string() : "was not built",
          .purpose = std::move(purpose),
          .remedy = there ? "" : std::move(remedy)};
}

std::string first_line(const char* file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return {};
}

HostCheck host() {
  utsname kernel{};
  uname(&kernel);
  std::string system = first_line("/etc/os-release", "PRETTY_NAME=");
  std::erase(system, '"');
  const std::string id = first_line("/etc/os-release", "ID="),
                    version = first_line("/etc/os-release", "VERSION_ID=");
  const bool tried = id == "debian" && (version == "\"12\"" || version == "\"13\"");
  const double memory = std::strtod(first_line("/proc/meminfo", "MemTotal:").c_str(), nullptr) / (1 << 20);
  return {.area = "host",
          .name = "system",
          .state = tried ? kYes : kLimited,
          .found = fmt::format("{}, Linux {} on {}, {} processors, {:.1f} GiB", system, kernel.release,
                               kernel.machine, std::thread::hardware_concurrency(), memory),
          .purpose = "everything",
          .remedy = tried ? "" : "xedgesim is tried on Debian 12 and 13; others may do"};
}

HostCheck translator() {
  const bool there = isa::translator_available();
  return {.area = "firmware",
          .name = "translator",
          .state = there ? kYes : kLimited,
          .found = there ? "x86-64" : "interpreter only: same results, slower",
          .purpose = "fast emulated boards",
          .remedy = there ? "" : "an x86-64 host; libasmjit-dev, then scripts/build"};
}

HostCheck onnx_runtime() {
  HostCheck out{.area = "models", .name = "ONNX Runtime", .purpose = "ml_model: *.onnx at edge and cloud"};
  try {
    out.found = ml::onnx_runtime_version();
    out.state = kYes;
  } catch (const Error& e) {
    out.found = e.what();
    out.remedy = "scripts/setup";
  }
  return out;
}

void add_qemu(std::vector<HostCheck>& out, const Installation& installation, vm::Arch arch) {
  const std::string name(vm::to_string(arch));
  const auto qemu = vm::probe_qemu(arch);
  out.push_back({.area = "machines",
                 .name = "QEMU for " + name,
                 .state = qemu.qemu ? kYes : kNo,
                 .found = qemu.qemu ? qemu.qemu->version : qemu.reason,
                 .purpose = "nodes of type vm",
                 .remedy = qemu.qemu ? "" : "scripts/setup --with qemu"});
  if (!qemu.qemu) return;
  const auto uefi = vm::find_uefi(arch);
  out.push_back(
      {.area = "machines",
       .name = "UEFI for " + name,
       .state = uefi ? kYes : kLimited,
       .found = uefi ? uefi->code.string() : "not installed",
       .purpose = "booting disk images in clock: wall",
       .remedy = uefi ? "" : fmt::format("scripts/setup --with qemu (Debian: {})", vm::uefi_package(arch))});
  const auto exact = vm::probe_virtual_time(arch, installation.executable_dir / "xedgesim-vt.so");
  out.push_back({.area = "machines",
                 .name = "virtual time, " + name,
                 .state = exact.qemu ? kYes : kNo,
                 .found = exact.qemu ? "the plugin fits this QEMU" : exact.reason,
                 .purpose = "machines in clock: virtual",
                 .remedy = exact.qemu ? "" : "QEMU 7.2 or 10.0 of Debian, then scripts/build"});
}

HostCheck kvm() {
  const Descriptor device(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  HostCheck out{
      .area = "machines", .name = "KVM", .purpose = "fast machines of the host's kind in clock: wall"};
  if (device.get() >= 0) {
    out.state = kYes;
    out.found = "/dev/kvm opens; the first machine tries whether a guest boots (inspect says)";
  } else {
    out.state = kLimited;
    out.found = errno == EACCES ? "/dev/kvm is not ours to open; machines are emulated"
                                : "no /dev/kvm; machines are emulated";
    out.remedy = errno == EACCES ? "become a member of the group kvm" : "a host with virtualisation";
  }
  return out;
}

HostCheck limits() {
  const std::string refusal = vm::CgroupHost().refusal(
      {.memory_hard = int64_t{64} << 20, .memory_soft = {}, .cpu_quota = 0.5, .cpu_shares = {}});
  return {.area = "machines",
          .name = "limits",
          .state = refusal.empty() ? kYes : kLimited,
          .found = refusal.empty() ? "control groups for memory and processor" : refusal,
          .purpose = "memory_limit, cpu_quota in clock: wall",
          .remedy = refusal.empty() ? "" : "run as root, or write limits: best-effort"};
}

HostCheck images() {
  const vm::ImageStore store;
  std::string built;
  std::error_code ec;
  for (const auto& e : std::filesystem::directory_iterator(store.folder(), ec))
    if (e.is_symlink()) built += (built.empty() ? "" : ", ") + e.path().filename().string();
  const bool any = !built.empty();
  return {.area = "machines",
          .name = "images",
          .state = any ? kYes : kNo,
          .found = any ? built : "none built in " + store.folder().string(),
          .purpose = "image: base, gateway, ...",
          .remedy = any ? "" : "xedgesim image build base"};
}

HostCheck tap() {
  const Descriptor device(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  const bool there = device.get() >= 0;
  const bool root = geteuid() == 0;
  return {
      .area = "network",
      .name = "TAP devices",
      .state = there ? (root ? kYes : kLimited) : kNo,
      .found = there ? (root ? "/dev/net/tun" : "/dev/net/tun, in a user namespace only") : "no /dev/net/tun",
      .purpose = "programs and containers on the simulated network",
      .remedy = there && root ? ""
                : there       ? "run as root to have one in the host's network"
                              : "modprobe tun"};
}

HostCheck engine() {
  std::string why;
  const auto found = container::Engine::find(why);
  return {.area = "containers",
          .name = "container engine",
          .state = found ? kYes : kLimited,
          .found = found ? found->version() : why + "; our own images run as processes",
          .purpose = "nodes of type container, edge of type docker",
          .remedy = found ? "" : "scripts/setup --with containers, then start Docker or Podman"};
}

HostCheck libvirt_daemon() {
  HostCheck out{.area = "machines", .name = "libvirt", .purpose = "machines with backend: libvirt"};
  try {
    setenv("LIBVIRT_AUTOSTART", "0", 1);  // looking must not start a user's daemon
    const libvirt::Connection c;
    out.state = kYes;
    out.found = fmt::format("{} at {}", c.version(), c.uri());
  } catch (const Error& e) {
    out.state = kLimited;
    out.found = e.what();
    out.remedy = libvirt::Connection::missing().empty() ? "start libvirtd, or use backend: qemu"
                                                        : "scripts/setup --with libvirt, then scripts/build";
  }
  return out;
}

HostCheck uplink() {
  const std::string why = live::Uplink::missing();
  return {.area = "network",
          .name = "uplink and ports",
          .state = why.empty() ? kYes : kNo,
          .found = why.empty() ? "libslirp" : why,
          .purpose = "ports, network.lan.uplink",
          .remedy = why.empty() ? "" : "scripts/setup (libslirp-dev), then scripts/build"};
}

HostCheck dnsmasq() {
  std::filesystem::path program;
  const std::string why = live::Dnsmasq::missing(program);
  return {.area = "network",
          .name = "dnsmasq",
          .state = why.empty() ? kYes : kLimited,
          .found = why.empty() ? program.string() : why + "; addresses and names are builtin",
          .purpose = "network.lan.server: dnsmasq",
          .remedy = why.empty()       ? ""
                    : program.empty() ? "scripts/setup --with qemu"
                                      : "run as root, or where users may make namespaces"};
}

HostCheck open_vswitch() {
  const std::string why = live::open_vswitch_refusal({});
  return {.area = "network",
          .name = "Open vSwitch",
          .state = why.empty() ? kYes : kLimited,
          .found = why.empty() ? "its daemon answers" : why + "; switches are native",
          .purpose = "switches with backend: ovs",
          .remedy = why.empty() ? "" : "scripts/setup --with export, then start ovs-vswitchd"};
}

HostCheck page_libraries() {
  HostCheck c{.area = "results",
              .name = "uPlot, Cytoscape.js",
              .purpose = "charts and graphs with zoom in xedgesim serve"};
  const bool both = web::find_asset("uPlot.esm.js") && web::find_asset("cytoscape.esm.min.mjs");
  c.state = both ? HostCheck::State::yes : HostCheck::State::limited;
  c.found = both ? "built in" : "not in this build: charts are plain";
  if (!both) c.remedy = "scripts/setup --with web, then scripts/build";
  return c;
}

}  // namespace

std::string_view to_string(HostCheck::State state) {
  return state == kYes ? "yes" : state == kLimited ? "limited" : "no";
}

std::vector<HostCheck> check_host(const Installation& installation) {
  std::vector<HostCheck> out{host(), translator()};
  out.push_back(program("firmware", "arm-none-eabi-gcc", "building firmware (firmware/)", "scripts/setup"));
  out.push_back(program("firmware", "gdb-multiarch", "xedgesim gdb", "scripts/setup --with tests"));
  out.push_back(built_part(installation, "network", "ns-3", "xedgesim-ns3", "network.type: ns3",
                           "scripts/setup --with ns3, then scripts/build"));
  out.push_back(tap());
  out.push_back(uplink());
  out.push_back(dnsmasq());
  out.push_back(open_vswitch());
  out.push_back(onnx_runtime());
  out.push_back(built_part(installation, "models", "TorchScript", "xedgesim-torchscript",
                           "ml_model: *.pt in the cloud", "scripts/setup --with torch, then scripts/build"));
  for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64}) add_qemu(out, installation, arch);
  out.push_back(kvm());
  out.push_back(limits());
  out.push_back(libvirt_daemon());
  out.push_back(images());
  const std::string other(
      to_string(vm::host_arch() == vm::Arch::aarch64 ? vm::Arch::x86_64 : vm::Arch::aarch64));
  out.push_back(built_part(installation, "machines", "services for " + other, other + "/edge-service",
                           "image build gateway --arch " + other,
                           "scripts/setup --with qemu, then scripts/build"));
  out.push_back(engine());
  out.push_back(page_libraries());
  out.push_back(program("results", "gnuplot", "xedgesim plot", "scripts/setup"));
  out.push_back(
      program("results", "tshark", "reading capture.pcapng; the tests", "scripts/setup --with tests"));
  return out;
}

}  // namespace xedgesim::cli
