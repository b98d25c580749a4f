#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "live/agent.h"
#include "live/byte_channel.h"
#include "live/console.h"
#include "live/frame_stream.h"
#include "live/machine_setup.h"
#include "vm/qemu_process.h"

namespace xedgesim::live {

/// A machine on the wall clock: QEMU, and the other ends of its network card, console and agent. Started,
/// watched and ended here; a guest that resets itself boots again.
class Machine {
 public:
  enum class State : uint8_t { off, starting, up, paused, crashed };
  struct Config {
    MachineSetup setup{};
    std::filesystem::path folder{};   ///< QEMU's own files
    std::filesystem::path console{};  ///< what it prints
    std::string group{};              ///< of its control groups
  };
  /// What the rest of the system is told.
  struct Outside {
    std::function<void(sim::Bytes)> frame;            ///< it sent one
    std::function<void(std::string_view)> line;       ///< it printed one
    std::function<void()> changed;                    ///< another state or process
    std::function<void(const std::string&)> crashed;  ///< a sentence with the console's tail
  };
  Machine(EventLoop& loop, Config config, Outside outside);
  ~Machine();

  /// Throws ConfigError, SimulationError.
  void start();
  /// At once; what the guest had not written is lost.
  void stop() noexcept;
  /// Asks the guest to switch itself off: by the agent, else by its power button.
  void ask_off() noexcept;
  void pause(bool paused);
  void set_carrier(bool up);

  /// A frame for its network card. False when it is not there or does not keep up.
  bool to_network(const sim::Bytes& frame);
  void to_console(std::string_view bytes);
  /// Writes what was handed over.
  void flush();

  const std::string& id() const { return config_.setup.id; }
  const MachineSetup& setup() const { return config_.setup; }
  State state() const { return state_; }
  /// Of a crash: why.
  const std::string& reason() const { return reason_; }
  Agent& agent() { return agent_; }
  Console& console() { return console_; }
  pid_t pid() const { return qemu_ ? qemu_->process().pid() : -1; }
  uint64_t boots() const { return boots_; }
  const std::vector<std::filesystem::path>& cgroups() const { return cgroups_; }
  bool running() const { return qemu_ != nullptr; }

 private:
  std::filesystem::path write_initrd() const;
  std::vector<vm::WallDisk> disks() const;
  void ended();
  void crash(const std::string& why);
  void close() noexcept;
  vm::QmpClient* monitor();
  void set_state(State state);

  EventLoop& loop_;
  Config config_;
  Outside outside_;
  Console console_;
  Agent agent_;
  FrameSplitter frames_;
  std::unique_ptr<vm::QemuProcess> qemu_;
  std::unique_ptr<ByteChannel> network_, serial_, port_;
  std::vector<std::filesystem::path> cgroups_;
  State state_ = State::off;
  std::string reason_;
  uint64_t boots_ = 0, short_boots_ = 0;
  bool broken_ = false;   // its frame stream makes no sense
  bool printed_ = false;  // since it was switched on
  bool carrier_ = true;
};

std::string_view to_string(Machine::State state);

}  // namespace xedgesim::live
