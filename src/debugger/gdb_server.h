#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/descriptor.h"
#include "debugger/packet_reader.h"
#include "debugger/register_file.h"
#include "nodes/external/line_channel.h"
#include "platforms/debugger.h"

namespace xedgesim::debugger {

/// Lets GDB look at one board (`target remote PATH`), by the Remote Serial Protocol over a unix socket that
/// only its owner may use. While the board is halted, simulated time stands still for the whole system, and a
/// run that was only watched has the digest of one that was not.
///
/// Commands: registers, memory, breakpoints (as many as wanted, flash or RAM), watchpoints on writes, step,
/// continue, interrupt, detach, kill; `monitor time`.
///
/// Limits: a watchpoint reports a write that changed the value, before the next instruction; none on reads.
/// Memory is read as the core would read it, so a device's register may change by being looked at. Flash
/// cannot be written.
class GdbServer final : public platforms::Debugger {
 public:
  struct Config {
    std::string path;                         ///< of the socket
    bool floating_point = true;               ///< the core has FPv4-SP
    bool wait = true;                         ///< halt before the first instruction until GDB is there
    const std::atomic<bool>* stop = nullptr;  ///< set: wait for nobody any more
    std::function<void()> killed;             ///< GDB wants the run to end
  };
  explicit GdbServer(Config config);
  /// Tells GDB that the program has ended.
  ~GdbServer() override;

  bool steps() const override { return link_ && (stepping_ || !breakpoints_.empty() || !watches_.empty()); }
  void before_instruction(platforms::Machine& machine) override;
  void between_stretches(platforms::Machine& machine) override;
  bool stopped(platforms::Machine& machine, isa::Stop stop) override;

 private:
  struct Watch {
    uint32_t address = 0, length = 0;
    std::string value;
  };
  enum class Resume { no, run, detached };

  bool connected();
  void drop();
  /// Answers GDB until it lets the board go on.
  void halt(platforms::Machine& machine, const std::string& reason);
  std::optional<std::string> receive();
  bool interrupted();
  void send(std::string_view text);
  bool read_some(int patience_ms);

  std::string answer(platforms::Machine& machine, std::string_view packet, Resume& resume);
  std::string query(platforms::Machine& machine, std::string_view what);
  std::string monitor(platforms::Machine& machine, std::string_view digits) const;
  std::string resume_by(std::string_view action, Resume& resume);
  std::string read_memory(platforms::Machine& machine, std::string_view where) const;
  std::string write_memory(platforms::Machine& machine, std::string_view where) const;
  std::string change_stop(platforms::Machine& machine, std::string_view packet);
  std::string registers(platforms::Machine& machine, std::string_view packet) const;

  Config config_;
  RegisterFile file_;
  nodes::Listener listener_;
  std::optional<Descriptor> link_;
  PacketReader reader_;
  bool acknowledges_ = true;
  std::string last_sent_, last_reason_ = "T05";
  std::set<uint32_t> breakpoints_;
  std::map<uint32_t, Watch> watches_;
  bool stepping_ = false;
  std::optional<std::pair<uint32_t, uint32_t>> stay_in_;  // a step goes on while pc is in [first, second)
  bool resumed_elsewhere_ = false;  // the instruction at pc is the first to be executed after a halt
  unsigned unpolled_ = 0;
};

}  // namespace xedgesim::debugger
