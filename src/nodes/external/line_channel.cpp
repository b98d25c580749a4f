#include "nodes/external/line_channel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace xedgesim::nodes {
namespace {

/// Becomes readable when the time is over, whatever happens in between.
Descriptor deadline(Duration d) {
  Descriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const int64_t ns = std::max<int64_t>(1, d.count_ns());
  const itimerspec when{.it_interval = {},
                        .it_value = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000}};
  if (timer.get() < 0 || timerfd_settime(timer.get(), 0, &when, nullptr) != 0)
    throw SimulationError(fmt::format("cannot make a timer: {}", std::strerror(errno)));
  return timer;
}

/// Waits until `fd` is ready for `what`; false when the timer ends first. `watched`: see Listener::accept.
bool ready(int fd, short what, int timer, int watched = -1, bool* ended = nullptr) {
  pollfd fds[] = {{fd, what, 0}, {timer, POLLIN, 0}, {watched, POLLIN, 0}};
  for (;;) {
    if (poll(fds, watched < 0 ? 2 : 3, -1) < 0) {
      if (errno == EINTR) continue;
      throw SimulationError(fmt::format("cannot wait for a socket: {}", std::strerror(errno)));
    }
    if (fds[0].revents != 0) return true;
    if (watched >= 0 && fds[2].revents != 0) {
      *ended = true;
      return false;
    }
    if (fds[1].revents != 0) return false;
  }
}

std::string seconds(Duration d) { return fmt::format("{:g} s", d.count_s()); }

[[noreturn]] void refuse(const std::string& address, const std::string& why) {
  throw ConfigError(fmt::format("cannot listen at '{}': {}", address, why));
}

}  // namespace

std::string quote_line(std::string_view line) {
  constexpr size_t kShown = 120;  // characters
  std::string text(line.substr(0, kShown));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return line.size() > kShown ? text + "..." : text;
}

Descriptor connect_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path)
    throw ConfigError(fmt::format("the path must have 1 to {} characters", sizeof name.sun_path - 1));
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  Descriptor s(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(s.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    throw ConfigError(std::strerror(errno));
  return s;
}

std::string LineChannel::receive(Duration timeout) {
  Descriptor timer;  // made when there is something to wait for
  for (size_t searched = 0;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    if (searched > kLongestLine)
      throw PeerError(fmt::format("sent more than {} bytes without an end of line", kLongestLine));
    if (timer.get() < 0) timer = deadline(timeout);
    if (!ready(socket_.get(), POLLIN, timer.get()))
      throw PeerError(fmt::format("did not answer within {} of wall time", seconds(timeout)));
    char chunk[65536];
    const ssize_t n = recv(socket_.get(), chunk, sizeof chunk, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw PeerError(buffer_.empty() ? "closed the connection"
                                      : "closed the connection in the middle of a message");
    buffer_.append(chunk, static_cast<size_t>(n));
  }
}

void LineChannel::send(std::string_view line, Duration timeout) {
  std::string text(line);
  text += '\n';
  Descriptor timer;
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n =
        ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      sent += static_cast<size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) throw PeerError("closed the connection");
    if (timer.get() < 0) timer = deadline(timeout);
    if (!ready(socket_.get(), POLLOUT, timer.get()))
      throw PeerError(fmt::format("did not take a message within {} of wall time", seconds(timeout)));
  }
}

Listener::Listener(const std::string& address, bool polled) : address_(address) {
  if (address.starts_with("unix:")) {
    path_ = address.substr(5);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path_.empty() || path_.size() >= sizeof name.sun_path)
      refuse(address, fmt::format("the path must have 1 to {} characters", sizeof name.sun_path - 1));
    std::memcpy(name.sun_path, path_.c_str(), path_.size() + 1);
    struct stat existing {};
    if (stat(path_.c_str(), &existing) == 0 && !S_ISSOCK(existing.st_mode)) {
      const std::string path = std::exchange(path_, "");
      refuse(address, fmt::format("'{}' exists and is no socket", path));
    }
    unlink(path_.c_str());
    socket_ = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (polled) fchmod(socket_.get(), S_IRUSR | S_IWUSR);  // what bind() gives the file
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
      refuse(address, std::strerror(errno));
  } else if (const size_t colon = address.rfind(':'); address.starts_with("tcp:") && colon > 4) {
    const std::string host = address.substr(4, colon - 4), port = address.substr(colon + 1);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    uint16_t number = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (ec != std::errc{} || end != port.data() + port.size()) refuse(address, "the port must be 0 to 65535");
    if (inet_pton(AF_INET, host.c_str(), &name.sin_addr) != 1 || (ntohl(name.sin_addr.s_addr) >> 24) != 127)
      refuse(address, "only loopback addresses such as 127.0.0.1 are allowed");
    name.sin_port = htons(number);
    socket_ = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t length = sizeof name;
    if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0 ||
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&name), &length) != 0)
      refuse(address, std::strerror(errno));
    address_ = fmt::format("tcp:{}:{}", host, ntohs(name.sin_port));
  } else {
    refuse(address, "write unix:PATH or tcp:127.0.0.1:PORT");
  }
  constexpr int kWaiting = 16;
  if (listen(socket_.get(), polled ? kWaiting : 1) != 0) refuse(address, std::strerror(errno));
  if (polled) fcntl(socket_.get(), F_SETFL, fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

Listener::~Listener() {
  if (!path_.empty()) unlink(path_.c_str());
}

LineChannel Listener::accept(Duration timeout, int watched) {
  const Descriptor timer = deadline(timeout);
  bool ended = false;
  if (!ready(socket_.get(), POLLIN, timer.get(), watched, &ended))
    throw PeerError(
        ended ? "ended before it had connected"
              : fmt::format("did not connect to {} within {} of wall time", address_, seconds(timeout)));
  Descriptor peer(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (peer.get() < 0) throw PeerError(fmt::format("could not connect: {}", std::strerror(errno)));
  const int on = 1;
  setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &on,
             sizeof on);  // fails on a unix socket, which needs it not
  return LineChannel(std::move(peer));
}

}  // namespace xedgesim::nodes
