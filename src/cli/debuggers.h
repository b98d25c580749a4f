#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "debugger/gdb_server.h"

namespace xedgesim::system {
class System;
}

namespace xedgesim::cli {

/// The GDB servers of one run.
class Debuggers {
 public:
  /// Lets GDB attend `board`, at a socket in `directory`; returns what to tell the user. To be destroyed
  /// after the system. Throws ConfigError when there is no such emulated board or the run is on the wall
  /// clock.
  std::string attend(system::System& system, const std::string& board,
                     const std::filesystem::path& directory);

 private:
  std::vector<std::unique_ptr<debugger::GdbServer>> servers_;
};

}  // namespace xedgesim::cli
