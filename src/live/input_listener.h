#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "base/descriptor.h"
#include "live/event_loop.h"

namespace xedgesim::live {

/// A socket at which commands in a container fetch the pipe that is to be their standard input
/// (container-start --input). Podman's monitor drops a command's output when the command ends before it has
/// read the input that came through the engine (containers/podman#3302), so nothing of it goes that way.
///
/// Who connects sends one packet, the pass it was given in its environment, and gets one byte with the
/// reading end of a pipe (SCM_RIGHTS); with another pass the connection is closed.
class InputListener {
 public:
  /// Throws SimulationError when there can be no socket at `path`; what lies there is replaced.
  InputListener(EventLoop& loop, const std::filesystem::path& path);
  ~InputListener();
  InputListener(const InputListener&) = delete;
  InputListener& operator=(const InputListener&) = delete;

  /// A pass that is good for once; `fetched` is given the end to write to.
  std::string issue(std::function<void(Descriptor)> fetched);
  void withdraw(const std::string& pass) { passes_.erase(pass); }

 private:
  void admit();
  void answer(int connection);

  EventLoop& loop_;
  std::filesystem::path path_;
  Descriptor socket_;
  std::map<int, Descriptor> connections_;
  std::map<std::string, std::function<void(Descriptor)>> passes_;
};

}  // namespace xedgesim::live
