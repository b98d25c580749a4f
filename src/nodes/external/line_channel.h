#pragma once
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/time.h"

namespace xedgesim::nodes {

/// A peer that is gone, silent or talks nonsense; what() says what it did: "closed the connection".
class PeerError : public std::exception {
 public:
  explicit PeerError(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

/// Lines of text over a stream socket. Time-outs are the host's and only ever end a run: nothing here reads a
/// clock.
class LineChannel {
 public:
  static constexpr size_t kLongestLine = 1 << 20;

  explicit LineChannel(Descriptor socket) : socket_(std::move(socket)) {}
  /// The line without its end. Throws PeerError when none came in time, the peer closed the connection, or it
  /// sent more than kLongestLine bytes without an end of line.
  std::string receive(Duration timeout);
  /// Throws PeerError when the peer does not take it in time.
  void send(std::string_view line, Duration timeout);

 private:
  Descriptor socket_;
  std::string buffer_;
};

/// The first characters of what a peer sent, printable: for messages about it.
std::string quote_line(std::string_view line);

/// Connects to a unix socket. Throws ConfigError with the reason.
Descriptor connect_unix(const std::string& path);

/// A socket that waits for one peer. Addresses: unix:PATH, tcp:ADDRESS:PORT (numeric, loopback only; port 0:
/// any).
class Listener {
 public:
  /// `polled`: for a loop that accepts peers itself from descriptor(), which then never blocks; a unix socket
  /// is for its owner only. Throws ConfigError on an address that is none or cannot be used.
  explicit Listener(const std::string& address, bool polled = false);
  ~Listener();
  /// With the port that was given.
  const std::string& address() const { return address_; }
  /// Throws PeerError when nobody connects in time, or when `watched` (a pidfd, or -1) shows that the program
  /// ended.
  LineChannel accept(Duration timeout, int watched = -1);
  int descriptor() const { return socket_.get(); }

 private:
  Descriptor socket_;
  std::string address_, path_;
};

}  // namespace xedgesim::nodes
