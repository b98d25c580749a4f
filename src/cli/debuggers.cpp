#include "cli/debuggers.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "cli/interrupt.h"
#include "system/pacer.h"
#include "system/system.h"

namespace xedgesim::cli {

std::string Debuggers::attend(system::System& system, const std::string& board,
                              const std::filesystem::path& directory) {
  const auto& devices = system.devices();
  const auto device =
      std::find_if(devices.begin(), devices.end(), [&](const auto& d) { return d.id == board; });
  if (device == devices.end() || !device->mcu) {
    std::string boards;
    for (const auto& d : devices)
      if (d.mcu && boards.size() < 200) boards += (boards.empty() ? "" : ", ") + d.id;
    throw ConfigError(fmt::format("--gdb {}: there is no emulated board of that name{}", board,
                                  boards.empty() ? "" : "; there are " + boards));
  }
  if (system::on_wall_clock(system.scenario()))
    throw ConfigError(
        fmt::format("--gdb {}: this run is on the wall clock, which a halted board cannot stop", board));
  platforms::Machine& machine = device->mcu->machine();
  const std::string path = (directory / (board + ".gdb")).string();
  servers_.push_back(std::make_unique<debugger::GdbServer>(
      debugger::GdbServer::Config{.path = path,
                                  .floating_point = machine.platform().core.model == isa::CortexModel::m4f,
                                  .stop = &watch_interrupts(),
                                  .killed = [] { std::raise(SIGINT); }}));
  machine.attend(servers_.back().get());
  return fmt::format("{} waits for GDB:  gdb-multiarch {} -ex 'target remote {}'", board,
                     device->group->firmware ? device->group->firmware->file.resolved.string() : "", path);
}

}  // namespace xedgesim::cli
