#pragma once
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "live/event_loop.h"

namespace xedgesim::live {

/// Our end of the pipe a command reads as its standard input, in an event loop. What it does not read any
/// more counts as taken.
class InputPipe {
 public:
  /// `took` is called for every piece that is in the pipe; whoever hands pieces over waits for it.
  InputPipe(EventLoop& loop, std::function<void()> took) : loop_(loop), took_(std::move(took)) {}
  ~InputPipe() { close(); }
  InputPipe(const InputPipe&) = delete;
  InputPipe& operator=(const InputPipe&) = delete;

  /// The end to write to; pieces handed over before have waited for it.
  void open(Descriptor end);
  /// A piece; none: the end of them.
  void write(std::string_view bytes);

 private:
  enum class State : uint8_t { waiting, open, closed };
  void flush();
  void close();

  EventLoop& loop_;
  std::function<void()> took_;
  State state_ = State::waiting;
  Descriptor end_;
  std::deque<std::string> pieces_;
  size_t written_ = 0;  // bytes of the first piece
  bool ends_ = false;
};

}  // namespace xedgesim::live
