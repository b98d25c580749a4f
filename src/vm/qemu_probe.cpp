#include "vm/qemu_probe.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "base/error.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace fs = std::filesystem;

QemuProbe probe_qemu(Arch arch) {
  const std::string program = fmt::format("qemu-system-{}", to_string(arch));
  const fs::path binary = find_program(program);
  if (binary.empty())
    return {
        .qemu = {},
        .reason = fmt::format("{} is not installed: run scripts/setup --with qemu (Debian: apt install {})",
                              program, arch == Arch::x86_64 ? "qemu-system-x86" : "qemu-system-arm")};
  try {
    const std::string said = run_to_end({binary.string(), "--version"}, Duration::s(20));
    const std::string before = "version ";
    const size_t at = said.find(before);
    if (at == std::string::npos)
      return {.qemu = {}, .reason = fmt::format("{} does not tell its version", program)};
    const size_t begin = at + before.size();
    return {.qemu = Qemu{binary, said.substr(begin, said.find_first_of(" \n(", begin) - begin)},
            .reason = {}};
  } catch (const Error& e) {
    return {.qemu = {}, .reason = e.what()};
  }
}

QemuProbe probe_virtual_time(Arch arch, const fs::path& plugin) {
  QemuProbe probe = probe_qemu(arch);
  if (!probe.qemu) return probe;
  const auto refuse = [&](const std::string& why) { return QemuProbe{.qemu = {}, .reason = why}; };
  const std::string& v = probe.qemu->version;
  if (!v.starts_with("7.2.") && !v.starts_with("10.0."))
    return refuse(fmt::format(
        "{} has version {}, which was not tried: virtual time needs the QEMU of Debian 12 (7.2) or 13 (10.0)",
        probe.qemu->binary.string(), v));
  std::error_code ec;
  if (!fs::exists(plugin, ec))
    return refuse(fmt::format("the plugin {} is missing: run scripts/build (scripts/demo leaves it out)",
                              plugin.string()));
  std::string said;
  try {
    said = run_to_end({probe.qemu->binary.string(), "-M", "none", "-display", "none", "-plugin",
                       plugin.string() + ",check=on"},
                      Duration::s(20));
  } catch (const Error& e) {
    said = e.what();  // it ends with an error by design
  }
  if (said.find("xedgesim-vt: ready") != std::string::npos) return probe;
  return refuse(fmt::format("{} cannot take part in virtual time: {}", probe.qemu->binary.string(), said));
}

}  // namespace xedgesim::vm
