#include "live/input_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace xedgesim::live {

void InputPipe::open(Descriptor end) {
  end_ = std::move(end);
  state_ = State::open;
  fcntl(end_.get(), F_SETFL, fcntl(end_.get(), F_GETFL) | O_NONBLOCK);
  loop_.watch(end_.get(), [this](short what) {
    if (what & POLLERR) close();  // nobody reads it any more
    flush();
  });
  flush();
}

void InputPipe::write(std::string_view bytes) {
  if (bytes.empty())
    ends_ = true;
  else
    pieces_.emplace_back(bytes);
  flush();
}

void InputPipe::flush() {
  while (state_ != State::waiting && !pieces_.empty()) {
    if (state_ == State::open) {
      const std::string& piece = pieces_.front();
      const ssize_t n = ::write(end_.get(), piece.data() + written_, piece.size() - written_);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return loop_.want_output(end_.get(), true);
      if (n < 0) close();
      written_ += n > 0 ? static_cast<size_t>(n) : 0;
      if (n >= 0 && written_ < piece.size()) continue;
    }
    written_ = 0;
    pieces_.pop_front();
    took_();
  }
  if (state_ != State::open) return;
  loop_.want_output(end_.get(), false);
  if (ends_) close();
}

void InputPipe::close() {
  if (state_ == State::open) loop_.forget(end_.get());
  state_ = State::closed;
  end_ = Descriptor();
}

}  // namespace xedgesim::live
