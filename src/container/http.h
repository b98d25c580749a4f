#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace xedgesim::container {

/// A request of HTTP/1.1 for a server at a unix socket.
std::string http_request(std::string_view method, const std::string& target, const std::string& body = {},
                         std::string_view type = "application/json");

/// An answer, taken in as it comes. The grammar is Boost.Beast's.
class HttpResponse {
 public:
  static constexpr size_t kLongestKept = 64 << 20;  ///< bytes of a body that is kept

  /// `piece` is called with what the body consists of; without it, it is kept in body().
  explicit HttpResponse(std::function<void(std::string_view)> piece = {});
  ~HttpResponse();
  HttpResponse(const HttpResponse&) = delete;
  HttpResponse& operator=(const HttpResponse&) = delete;

  /// False when this is no HTTP, or too much of it.
  bool feed(std::string_view bytes);
  /// Nothing will come any more; what has no length ends with that.
  void end();
  /// The whole answer is there.
  bool done() const;
  /// 0 before the head is there.
  int status() const;
  const std::string& body() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

/// Takes the streams of a container apart: each piece behind eight bytes with its stream (1 or 2) and length
/// (Docker Engine API, "attach", stream format).
class StreamSplitter {
 public:
  static constexpr size_t kLongestPiece = 16 << 20;
  explicit StreamSplitter(std::function<void(bool error, std::string_view)> piece)
      : piece_(std::move(piece)) {}
  /// False when it makes no sense.
  bool feed(std::string_view bytes);

 private:
  std::function<void(bool, std::string_view)> piece_;
  std::string rest_;
};

}  // namespace xedgesim::container
