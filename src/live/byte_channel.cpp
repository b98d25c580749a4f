#include "live/byte_channel.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace xedgesim::live {
namespace {

constexpr size_t kChunk = 256 << 10;  // bytes
constexpr int kMostChunks = 4;        // at a time, so that one flooding peer does not starve the others

}  // namespace

ByteChannel::ByteChannel(EventLoop& loop, Descriptor socket, std::function<void(std::string_view)> arrived,
                         std::function<void()> closed, size_t most_waiting)
    : loop_(loop),
      socket_(std::move(socket)),
      arrived_(std::move(arrived)),
      closed_(std::move(closed)),
      most_waiting_(most_waiting) {
  fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  loop_.watch(socket_.get(), [this](short what) { ready(what); });
}

ByteChannel::~ByteChannel() { loop_.forget(socket_.get()); }

void ByteChannel::ready(short what) {
  if (what & POLLOUT) flush();
  if ((what & ~POLLOUT) == 0 || receive()) return;
  loop_.forget(socket_.get());
  if (const auto closed = std::move(closed_)) closed();
}

void ByteChannel::abort() { shutdown(socket_.get(), SHUT_RDWR); }

bool ByteChannel::receive() {
  static thread_local std::string buffer(kChunk, '\0');
  for (int i = 0; i < kMostChunks; ++i) {
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n <= 0) return false;
    arrived_({buffer.data(), static_cast<size_t>(n)});
  }
  return true;
}

bool ByteChannel::send(std::string_view head, std::string_view body) {
  if (out_.size() - sent_ + head.size() + body.size() > most_waiting_) return false;
  out_.append(head).append(body);
  return true;
}

void ByteChannel::flush() {
  while (sent_ < out_.size()) {
    const ssize_t n =
        ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // full, or gone: then receive() tells
    sent_ += static_cast<size_t>(n);
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > most_waiting_ / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  if (const bool wanted = !idle(); wanted != wants_output_)
    loop_.want_output(socket_.get(), wants_output_ = wanted);
}

}  // namespace xedgesim::live
