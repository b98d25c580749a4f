#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "live/guest.h"

namespace xedgesim::live {

/// Our end of the conversation with images/base/root/usr/lib/xedgesim/agent in a machine: lines over a
/// virtio-serial port. Commands run side by side.
class Agent {
 public:
  static constexpr size_t kLongestLine = 64 << 10;
  static constexpr size_t kMostSessions = 64;

  /// `send` hands bytes to the machine.
  explicit Agent(std::function<void(const std::string&)> send) : send_(std::move(send)) {}

  using Session = CommandSession;
  /// Runs a shell command. Returns its number; nothing when too many run already. To be called when ready().
  std::optional<uint64_t> run(const std::string& command, Session session);
  void kill(uint64_t session);
  /// Bytes for the standard input of a session that was run with one; none: its end. Each piece is answered
  /// by CommandSession::took when the command's pipe has it.
  void input(uint64_t session, std::string_view bytes);
  /// The agent in the machine knows of standard input: those of images before it do not.
  bool takes_input() const { return takes_input_; }
  /// Switches the machine off.
  void power_off() { send_("off\n"); }

  void feed(std::string_view bytes);
  /// The machine was switched off or on: nobody answers any more. Sessions end with status 255.
  void reset();
  bool ready() const { return ready_; }
  std::function<void()> on_ready;

 private:
  void line(std::string_view text);

  std::function<void(const std::string&)> send_;
  std::map<uint64_t, Session> sessions_;
  uint64_t numbers_ = 0;
  std::string rest_;
  bool ready_ = false, takes_input_ = false;
};

}  // namespace xedgesim::live
