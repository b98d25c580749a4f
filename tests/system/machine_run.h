// Scenarios of two Linux machines in virtual time, and runs of them.
#pragma once
#include "base_image.h"
#include "program.h"
#include "vm/qemu_probe.h"

namespace xedgesim::testing {

/// Why machines of this kind cannot run here; empty when they can.
inline std::string missing(vm::Arch arch, const std::string& image = "base") {
  const auto probe = vm::probe_virtual_time(arch, std::string(XEDGESIM_BINARY_DIR) + "/xedgesim-vt.so");
  if (!probe.qemu) return probe.reason;
  return missing_image(arch, image);
}

inline std::string machine(const std::string& id, vm::Arch arch, int host, const std::string& more = {}) {
  return "  - {id: " + id + ", type: vm, arch: " + std::string(to_string(arch)) +
         ", memory: 256MiB, image: base, ip: 10.0.0." + std::to_string(host) + more + "}\n";
}

inline std::string two_machines(vm::Arch arch, const std::string& duration, const std::string& left,
                                const std::string& right, const std::string& rest = {}) {
  return "scenario: {name: machines, duration: " + duration + "}\nnodes:\n" + machine("left", arch, 1, left) +
         machine("right", arch, 2, right) +
         "links:\n  - {id: cable, endpoints: [\"left:eth0\", \"right:eth0\"], latency: 1ms, bandwidth: "
         "20Mbit}\n" +
         rest;
}

struct MachineRun {
  explicit MachineRun(const std::string& scenario, const std::vector<std::string>& more = {}) {
    std::ofstream(folder / "s.yaml") << scenario;
    std::vector<std::string> arguments{"run", (folder / "s.yaml").string(), "-q", "--output",
                                       (folder / "run").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    result = run_program(arguments);
    const std::string text = read_file(folder / "run/summary.json");
    if (!text.empty()) summary = nlohmann::json::parse(text);
  }
  std::string console(const std::string& node) const {
    return read_file(folder / ("run/consoles/" + node + ".log"));
  }
  TemporaryFolder folder;
  ProgramResult result;
  nlohmann::json summary;
};

}  // namespace xedgesim::testing
