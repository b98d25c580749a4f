#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "live/event_loop.h"

namespace xedgesim::live {

/// One end of a stream socket in an event loop: bytes that come, and a bounded buffer of those that go.
class ByteChannel {
 public:
  static constexpr size_t kMostWaiting = 1 << 20;  ///< bytes, unless told otherwise

  /// `arrived` is called with what came; `closed` once, when the other end is gone. The channel may be
  /// destroyed in `closed`, not in `arrived`.
  ByteChannel(EventLoop& loop, Descriptor socket, std::function<void(std::string_view)> arrived,
              std::function<void()> closed, size_t most_waiting = kMostWaiting);
  ~ByteChannel();
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;

  /// False when that is more than the other end has taken in time: nothing of it is sent.
  bool send(std::string_view head, std::string_view body = {});
  /// Writes what waits, as far as the other end takes it.
  void flush();
  /// Takes what is there now. False when the other end is gone.
  bool receive();
  /// Breaks the connection off; `closed` follows.
  void abort();
  bool idle() const { return out_.size() == sent_; }

 private:
  void ready(short what);

  EventLoop& loop_;
  Descriptor socket_;
  std::function<void(std::string_view)> arrived_;
  std::function<void()> closed_;
  size_t most_waiting_;
  std::string out_;
  size_t sent_ = 0;
  bool wants_output_ = false;
};

}  // namespace xedgesim::live
