#include "vm/machine.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

namespace xedgesim::vm {

std::string_view to_string(Arch arch) { return arch == Arch::x86_64 ? "x86_64" : "aarch64"; }
std::string_view debian_name(Arch arch) { return arch == Arch::x86_64 ? "amd64" : "arm64"; }
std::string_view console_device(Arch arch) { return arch == Arch::x86_64 ? "ttyS0" : "ttyAMA0"; }

std::optional<Arch> host_arch() {
  utsname name{};
  uname(&name);
  for (const Arch arch : {Arch::x86_64, Arch::aarch64})
    if (name.machine == to_string(arch)) return arch;
  return std::nullopt;
}

std::vector<std::string> kernel_arguments(const Machine& m, std::string_view more) {
  // The self-tests of the kernel's ciphers take 4 to 6 s of a boot.
  std::string line =
      fmt::format("console={} panic=-1 quiet cryptomgr.notests{}", console_device(m.arch), more);
  if (!m.kernel_args.empty()) line += " " + m.kernel_args;
  std::vector<std::string> a{"-kernel", m.kernel.string(), "-append", line};
  if (!m.initrd.empty()) a.insert(a.end(), {"-initrd", m.initrd.string()});
  return a;
}

namespace {

// Linux otherwise times its APIC timer by a loop of PAUSE, which takes QEMU a tenth of the whole boot, and
// the HPET for /dev/hpet by 100,000 accesses to it: with -icount each of them leaves the translated code and
// looks for a block that ends there.
constexpr std::string_view kFewerLoops =
    " noapictimer no_timer_check initcall_blacklist=hpet_late_init,hpet_init";

/// What stands behind the memory's size: room for that many modules, each from a whole GiB on.
std::string nvdimm_slots(const Machine& m) {
  constexpr int64_t kGiB = int64_t{1} << 30;
  int64_t most = (m.memory + kGiB - 1) / kGiB;
  for (const auto& disk : m.nvdimms) most += disk->bytes() / kGiB + 2;
  return fmt::format(",slots={},maxmem={}G", m.nvdimms.size(), most);
}

}  // namespace

std::vector<std::string> virtual_time_arguments(const Machine& m, const VirtualTime& time) {
  const bool x86 = m.arch == Arch::x86_64;
  const std::string cpu = !m.cpu_model.empty() ? m.cpu_model : x86 ? "qemu64" : "cortex-a57";
  std::vector<std::string> a{"-nodefaults", "-no-user-config", "-display", "none",
                             "-no-reboot",  "-name",           m.name};
  const auto add = [&](std::initializer_list<std::string> more) { a.insert(a.end(), more); };
  // The device tree of `virt` would carry a random seed of the host.
  // A PC's firmware would wait for the disks of a controller that never has any.
  const std::string board = x86 ? "q35,sata=off" : "virt,dtb-randomness=off";
  const std::string memory = fmt::format("{}M", m.memory >> 20);
  if (m.nvdimms.empty())
    add({"-M", board, "-cpu", cpu, "-m", memory});
  else
    add({"-M", board + ",nvdimm=on", "-cpu", cpu, "-m", memory + nvdimm_slots(m)});
  for (size_t i = 0; i < m.nvdimms.size(); ++i)
    add({"-object",
         fmt::format("memory-backend-file,id=pmem{},share=on,mem-path=/proc/self/fd/{},size={}", i,
                     m.nvdimms[i]->file(), m.nvdimms[i]->bytes()),
         "-device", fmt::format("nvdimm,memdev=pmem{}", i)});
  add({"-smp", "1", "-accel", "tcg", "-icount", fmt::format("shift={},sleep=off", time.shift), "-seed", "1"});
  add({"-rtc", fmt::format("base={:%Y-%m-%dT%H:%M:%S},clock=vm", fmt::gmtime(kEpoch + time.boot_second))});
  add({"-chardev", "null,id=con", "-serial", "chardev:con"});
  std::string cards;
  for (size_t i = 0; i < m.macs.size(); ++i) cards += fmt::format("{}net{}", i == 0 ? "" : ":", i);
  add({"-plugin", fmt::format("{},fd={},net={},console=con", time.plugin.string(), time.fd, cards)});
  // Notifications handled in the processor's thread, transmissions by a virtual timer: with the defaults the
  // host's threads decide when a frame leaves. The guest finds the cards in their order here.
  for (size_t i = 0; i < m.macs.size(); ++i)
    add({"-device",
         fmt::format("virtio-net-pci,ioeventfd=off,tx=timer,x-txtimer=2000,netdev=net{},mac={},romfile=", i,
                     m.macs[i])});
  const auto boot = kernel_arguments(m, x86 ? kFewerLoops : "");
  a.insert(a.end(), boot.begin(), boot.end());
  return a;
}

}  // namespace xedgesim::vm
