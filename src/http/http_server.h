#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "http/message.h"

namespace xedgesim::http {

/// HTTP/1.1 for a browser: connections are taken and kept in one thread, requests answered by two others, so
/// that a large table does not hold up the rest.
///
/// A peer has `patience` to send a request and to take each piece of the answer; a request may have 16 KiB of
/// head and 64 KiB of body; at most 64 peers are served, others are told to come again (503).
class HttpServer {
 public:
  static constexpr size_t kMostPeers = 64, kLongestHead = 16 << 10, kLongestBody = 64 << 10;

  /// `listen`: ADDRESS:PORT, [ADDRESS]:PORT, or localhost:PORT; port 0: any. Throws ConfigError when it is
  /// none, or cannot be had.
  /// `answer` is called from two threads, and must not throw.
  using Handler = std::function<Answer(const Request&)>;
  HttpServer(const std::string& listen, Handler answer, Duration patience = Duration::s(20));
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "127.0.0.1:40123".
  std::string address() const;
  bool loopback_only() const;
  /// Serves until `stop` says so; it is asked every 100 ms of wall time.
  void run(const std::function<bool()>& stop);

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace xedgesim::http
