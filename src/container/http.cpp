#include "container/http.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace xedgesim::container {

namespace http = boost::beast::http;
using boost::beast::error_code;

std::string http_request(std::string_view method, const std::string& target, const std::string& body,
                         std::string_view type) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, target);
  if (!body.empty()) text += fmt::format("Content-Type: {}\r\n", type);
  if (!body.empty() || method == "POST") text += fmt::format("Content-Length: {}\r\n", body.size());
  return text + "\r\n" + body;
}

class HttpResponse::Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(std::function<void(std::string_view)> piece) : piece_(std::move(piece)) {
    eager(true);
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }
  int status = 0;
  std::string kept, rest;

 private:
  using View = boost::beast::string_view;
  void on_request_impl(http::verb, View, View, int, error_code&) override {}
  void on_response_impl(int code, View, int, error_code&) override { status = code; }
  void on_field_impl(http::field, View, View, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code& ec) override { return take(body, ec); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code& ec) override { return take(body, ec); }
  void on_finish_impl(error_code&) override {}

  std::size_t take(View body, error_code& ec) {
    const std::string_view text(body.data(), body.size());
    if (piece_) {
      piece_(text);
    } else if (kept.size() + text.size() > kLongestKept) {
      ec = http::make_error_code(http::error::body_limit);
    } else {
      kept.append(text);
    }
    return body.size();
  }

  std::function<void(std::string_view)> piece_;
};

HttpResponse::HttpResponse(std::function<void(std::string_view)> piece)
    : parser_(std::make_unique<Parser>(std::move(piece))) {}
HttpResponse::~HttpResponse() = default;

bool HttpResponse::feed(std::string_view bytes) {
  std::string& rest = parser_->rest;
  rest.append(bytes);
  while (!rest.empty() && !parser_->is_done()) {
    error_code ec;
    const size_t used = parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
    rest.erase(0, used);
    if (ec == http::error::need_more) return true;
    if (ec) return false;
    if (used == 0) return true;
  }
  return true;
}

void HttpResponse::end() {
  error_code ignored;
  if (parser_->got_some() && !parser_->is_done()) parser_->put_eof(ignored);
}

bool HttpResponse::done() const { return parser_->is_done(); }
int HttpResponse::status() const { return parser_->status; }
const std::string& HttpResponse::body() const { return parser_->kept; }

bool StreamSplitter::feed(std::string_view bytes) {
  constexpr size_t kStreamHead = 8;
  rest_.append(bytes);
  size_t at = 0;
  while (rest_.size() - at >= kStreamHead) {
    const auto byte = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<unsigned char>(rest_[at + i]));
    };
    const size_t length = byte(4) << 24 | byte(5) << 16 | byte(6) << 8 | byte(7);
    if (byte(0) > 2 || byte(1) != 0 || length > kLongestPiece) return false;
    if (rest_.size() - at < kStreamHead + length) break;
    piece_(byte(0) == 2, std::string_view(rest_).substr(at + kStreamHead, length));
    at += kStreamHead + length;
  }
  rest_.erase(0, at);
  return true;
}

}  // namespace xedgesim::container
