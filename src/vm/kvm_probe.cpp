#include "vm/kvm_probe.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr Duration kBoots = Duration::s(10), kLook = Duration::ms(100);

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The host since it was switched on, QEMU, and the kernel's file.
std::string key_of(const Qemu& qemu, Arch arch, const fs::path& kernel) {
  struct stat s {};
  stat(kernel.c_str(), &s);
  Digest d;
  for (const std::string& text : {first_line("/proc/sys/kernel/random/boot_id"), qemu.binary.string(),
                                  qemu.version, kernel.string(), std::string(to_string(arch))})
    d.add(text);
  d.add(int64_t{s.st_mtim.tv_sec});
  d.add(int64_t{s.st_size});
  return d.hex().substr(0, 16);
}

KvmProbe boot(const Qemu& qemu, Arch arch, const fs::path& kernel, const fs::path& initrd) {
  char name[] = "/tmp/xedgesim-kvm-XXXXXX";
  const char* folder = mkdtemp(name);
  if (!folder) return {.reason = "the probe cannot write to /tmp"};
  const struct Remove {
    fs::path path;
    ~Remove() {
      std::error_code ec;
      fs::remove_all(path, ec);
    }
  } remove{folder};
  const fs::path console = remove.path / "console";
  std::vector<std::string> command{qemu.binary.string(),
                                   "-nodefaults",
                                   "-no-user-config",
                                   "-display",
                                   "none",
                                   "-no-reboot",
                                   "-M",
                                   arch == Arch::x86_64 ? "q35" : "virt,gic-version=host",
                                   "-cpu",
                                   "host",
                                   "-m",
                                   "256M",
                                   "-accel",
                                   "kvm",
                                   "-serial",
                                   "file:" + console.string(),
                                   "-kernel",
                                   kernel.string(),
                                   "-append",
                                   fmt::format("console={} panic=-1", console_device(arch))};
  if (!initrd.empty()) command.insert(command.end(), {"-initrd", initrd.string()});
  Process p({.command = std::move(command),
             .environment = {},
             .output = remove.path / "qemu.log",
             .inherited = {},
             .folder = {}});
  for (Duration waited; waited < kBoots; waited += kLook) {
    if (p.wait(kLook)) return {.reason = "a trial boot failed: QEMU " + p.obituary()};
    // The kernel says so when it has finished with itself (init/main.c).
    if (tail_of(console, 1 << 16).find("as init process") != std::string::npos)
      return {.works = true, .reason = {}};
  }
  return {.reason = fmt::format("a trial boot did not reach its init within {:g} s", kBoots.count_s())};
}

}  // namespace

KvmProbe probe_kvm(const Qemu& qemu, Arch arch, const fs::path& kernel, const fs::path& initrd,
                   const fs::path& cache) {
  if (host_arch() != arch) return {.reason = fmt::format("the host is no {}", to_string(arch))};
  if (access("/dev/kvm", R_OK | W_OK) != 0)
    return {.reason = fs::exists("/dev/kvm") ? "/dev/kvm may not be opened: join the group kvm"
                                             : "the host has no /dev/kvm"};
  const fs::path known = cache / ("kvm-" + key_of(qemu, arch, kernel));
  if (std::ifstream in(known); in) {
    KvmProbe probe;
    std::getline(in, probe.reason);
    probe.works = probe.reason.empty();
    return probe;
  }
  KvmProbe probe;
  try {
    probe = boot(qemu, arch, kernel, initrd);
  } catch (const Error& e) {
    probe = {.reason = e.what()};
  }
  std::error_code ec;
  fs::create_directories(cache, ec);
  std::ofstream(known) << probe.reason << "\n";
  return probe;
}

}  // namespace xedgesim::vm
