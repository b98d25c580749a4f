#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "live/console.h"
#include "sim/event.h"
#include "system/hosted_machine.h"

namespace xedgesim::live {

/// What becomes of a command that was started in a guest.
struct CommandSession {
  /// A piece of its standard output, or of its standard error.
  std::function<void(bool error, std::string_view)> output{};
  std::function<void(int status)> ended{};
  /// Set: it has a standard input, and this is called for every piece that has got there.
  std::function<void()> took{};
};

/// A Linux system on the wall clock, as the lab that runs it sees it: a machine under QEMU, a container, or
/// processes in namespaces of their own. It has network cards, one console, and can be given commands.
class Guest {
 public:
  enum class State : uint8_t { off, starting, up, paused, crashed };
  /// What the rest of the system is told.
  struct Outside {
    std::function<void(size_t card, sim::Bytes)> frame;  ///< it sent one
    std::function<void(std::string_view)> line;          ///< it printed one
    std::function<void()> changed;                       ///< another state or process
    std::function<void(const std::string&)> crashed;     ///< a sentence with the console's tail
  };
  virtual ~Guest() = default;
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  /// Throws ConfigError, SimulationError.
  virtual void start() = 0;
  /// At once; what it had not written is lost.
  virtual void stop() noexcept = 0;
  /// Asks it to end in good order.
  virtual void ask_off() noexcept = 0;
  virtual void pause(bool paused) = 0;
  virtual void set_carrier(size_t card, bool up) = 0;

  /// A frame for one of its network cards. False when it is not there or does not keep up.
  virtual bool to_network(size_t card, const sim::Bytes& frame) = 0;
  virtual void to_console(std::string_view bytes) = 0;
  /// Writes what was handed over.
  virtual void flush() {}

  /// Commands can be run in it.
  virtual bool ready() const = 0;
  /// Runs a shell command. Returns its number; nothing when too many run already. To be called when ready().
  virtual std::optional<uint64_t> run(const std::string& command, CommandSession session) = 0;
  virtual void kill(uint64_t command) = 0;
  /// Why its commands have no standard input; empty when they do.
  virtual std::string no_input() const { return {}; }
  /// Bytes for the standard input of a command; none: its end.
  virtual void input(uint64_t, std::string_view) {}

  /// Of its first process on the host; -1 when it is off.
  virtual pid_t pid() const = 0;
  virtual bool running() const = 0;
  virtual std::vector<std::filesystem::path> cgroups() const { return {}; }
  /// Of a container: its id, and the socket of the engine that runs it.
  virtual std::string container() const { return {}; }
  virtual std::filesystem::path engine_socket() const { return {}; }
  /// Of a machine that libvirt runs: its name there, and where libvirt is.
  virtual std::string domain() const { return {}; }
  virtual std::string libvirt_uri() const { return {}; }
  /// Adds what a person may want to know of it: what it is, and what it was granted.
  virtual void describe(nlohmann::json& out) const = 0;
  /// What it has used of the host since the lab began; nothing when that is not known.
  using Usage = system::HostedMachine::Usage;
  virtual std::optional<Usage> usage() const { return std::nullopt; }

  const std::string& id() const { return id_; }
  State state() const { return state_; }
  /// Of a crash: why.
  const std::string& reason() const { return reason_; }
  uint64_t boots() const { return boots_; }
  /// What its health check says: starting, healthy, unhealthy; empty without one.
  const std::string& health() const { return health_; }
  void set_health(const std::string& health) { health_ = health; }
  Console& console() { return console_; }
  const Console& console() const { return console_; }

 protected:
  Guest(std::string id, const std::filesystem::path& console, Outside outside);
  void set_state(State state);
  /// Tells the crash: `why`, as a sentence with the console's last lines. To be called when all is closed.
  void tell_crash(const std::string& why);

  const std::string id_;
  Outside outside_;
  Console console_;
  State state_ = State::off;
  std::string reason_, health_;
  uint64_t boots_ = 0;
};

std::string_view to_string(Guest::State state);

}  // namespace xedgesim::live
