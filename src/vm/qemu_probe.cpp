#include "vm/qemu_probe.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/digest.h"
#include "base/error.h"
#include "vm/file_identity.h"
#include "vm/process.h"

namespace xedgesim::vm {
namespace fs = std::filesystem;

namespace {

std::string program_of(Arch arch) { return fmt::format("qemu-system-{}", to_string(arch)); }

}  // namespace

QemuProbe probe_qemu(Arch arch) {
  const std::string program = program_of(arch);
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

namespace {

bool was_tried(const std::string& version) {
  return version.starts_with("7.2.") || version.starts_with("10.0.");
}

QemuProbe try_virtual_time(Arch arch, const fs::path& plugin) {
  QemuProbe probe = probe_qemu(arch);
  if (!probe.qemu) return probe;
  const auto refuse = [&](const std::string& why) { return QemuProbe{.qemu = {}, .reason = why}; };
  const std::string& v = probe.qemu->version;
  if (!was_tried(v))
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

}  // namespace

QemuProbe probe_virtual_time(Arch arch, const fs::path& plugin, const fs::path& known) {
  const fs::path binary = find_program(program_of(arch));
  std::error_code ec;
  if (known.empty() || binary.empty() || !fs::exists(plugin, ec)) return try_virtual_time(arch, plugin);
  // One file for each place of a plugin, so that builds do not pile up.
  Digest place;
  place.add(fs::absolute(plugin, ec).string());
  const fs::path file = known / fmt::format("qemu-{}-{}", to_string(arch), place.hex().substr(0, 16));
  const std::string pair = identity_of(binary) + "\n" + identity_of(plugin) + "\n";
  if (std::ifstream in(file); in) {
    const std::string kept(std::istreambuf_iterator<char>(in), {});
    if (kept.starts_with(pair) && was_tried(kept.substr(pair.size())))
      return {.qemu = Qemu{binary, kept.substr(pair.size())}, .reason = {}};
  }
  QemuProbe probe = try_virtual_time(arch, plugin);
  if (!probe.qemu) return probe;
  fs::create_directories(known, ec);
  const fs::path making = fmt::format("{}.{}", file.string(), getpid());
  std::ofstream(making) << pair << probe.qemu->version;
  fs::rename(making, file, ec);
  return probe;
}

}  // namespace xedgesim::vm
