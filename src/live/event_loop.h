#pragma once
#include <poll.h>

#include <functional>
#include <map>
#include <vector>

#include "base/time.h"

namespace xedgesim::live {

/// Waits for descriptors and calls who watches them. One thread; callbacks may watch and forget at will.
class EventLoop {
 public:
  /// What happened: POLLIN, POLLOUT, POLLHUP …
  using Callback = std::function<void(short)>;
  /// `fd` stays the caller's. Watched for input until forgotten.
  void watch(int fd, Callback callback);
  /// Also for room to write, or not any more.
  void want_output(int fd, bool wanted);
  void forget(int fd);
  /// Waits for at most `patience` of wall time and dispatches what is ready; `others` only wake it up.
  void wait(Duration patience, const std::vector<pollfd>& others = {});

 private:
  struct Watch {
    Callback callback;
    short events = POLLIN;
    uint64_t number = 0;  // a descriptor's number may come back for something else
  };
  std::map<int, Watch> watches_;
  std::vector<pollfd> fds_;
  uint64_t numbers_ = 0;
};

}  // namespace xedgesim::live
