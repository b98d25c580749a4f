#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "live/console.h"
#include "live/event_loop.h"

namespace xedgesim::live {

/// A machine's console as a pseudo-terminal of the host, for screen, picocom, minicom and scripts that want
/// a serial port: raw, without echo, for its owner only. What nobody reads is discarded from time to time, so
/// who opens it late sees the newest 64 KiB at most and the machine never waits. The terminal outlives its
/// readers and goes with this object.
class ConsolePty {
 public:
  static constexpr size_t kMostWaiting = 64 << 10;  ///< bytes beside what the kernel keeps (4 KiB)

  /// `typed` is called with what is written to the terminal. Throws ConfigError when the host has none left.
  ConsolePty(EventLoop& loop, Console& console, std::function<void(std::string_view)> typed);
  ~ConsolePty();
  ConsolePty(const ConsolePty&) = delete;
  ConsolePty& operator=(const ConsolePty&) = delete;

  /// What to open, such as /dev/pts/4.
  const std::string& path() const { return path_; }

 private:
  void print(std::string_view bytes);
  void ready(short what);
  void flush();

  EventLoop& loop_;
  Console& console_;
  std::function<void(std::string_view)> typed_;
  Descriptor terminal_;  // our side
  Descriptor other_;     // held open: else the terminal hangs up with each of its readers
  std::string path_;
  std::string waiting_;
  uint64_t viewer_ = 0;
  bool wants_output_ = false;
};

}  // namespace xedgesim::live
