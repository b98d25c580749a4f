#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vm/process.h"
#include "vm/qmp_client.h"

namespace xedgesim::vm {

/// A running QEMU: started from an argument vector, spoken to over QMP, always ended and reaped. Knows
/// nothing of clocks: a machine on the wall clock and one in virtual time differ in their arguments only.
class QemuProcess {
 public:
  struct Config {
    std::string name;  ///< of the machine, for messages
    std::filesystem::path binary;
    std::vector<std::string> arguments;  ///< the monitor's are added
    std::filesystem::path folder;        ///< <name>.log, what QEMU itself says, goes there
    std::filesystem::path console;       ///< file the guest's console goes to, for messages; may be empty
    std::vector<int> inherited;          ///< descriptors that the arguments name
  };
  /// Throws ConfigError when it cannot be started.
  explicit QemuProcess(Config config);
  ~QemuProcess();

  /// Lets the monitor tell events from the beginning: for a machine whose resets are to be told from its end.
  void watch_events() noexcept;
  /// The monitor; greets on first use, which waits until QEMU has set the machine up.
  QmpClient& qmp();
  /// QmpClient::tell(), at any time: QEMU hears it once it listens.
  void tell(const std::string& command, const nlohmann::json& arguments = nlohmann::json::object());
  Process& process() { return *process_; }
  const Config& config() const { return config_; }

  /// Asks the guest to switch itself off (ACPI power button); after `grace` of wall time QEMU is killed.
  void power_down(Duration grace);
  /// Ends QEMU at once; what the guest had not written is lost. Does not throw.
  void end() noexcept;
  /// Why it ended, with what QEMU said and the last lines of the console; empty while it runs.
  std::string obituary();

 private:
  Config config_;
  std::unique_ptr<Process> process_;
  QmpClient qmp_;
  bool greeted_ = false;
};

/// The two ends of a connected stream socket: ours, and one to be inherited.
std::pair<Descriptor, Descriptor> socket_pair();

}  // namespace xedgesim::vm
