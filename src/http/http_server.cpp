#include "http/http_server.h"

// Boost 1.74's awaitable.hpp needs it and does not say so.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <vector>

#include "base/error.h"

namespace xedgesim::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

tcp::endpoint endpoint_of(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  uint16_t port = 0;
  const char *first = listen.data() + colon + 1, *last = listen.data() + listen.size();
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (colon == std::string::npos || ec || first == last || std::from_chars(first, last, port).ptr != last ||
      std::from_chars(first, last, port).ec != std::errc{})
    throw ConfigError(fmt::format(
        "'{}' is no address to listen at: write 127.0.0.1:8080, [::1]:8080, or port 0 for any", listen));
  return {address, port};
}

std::chrono::milliseconds wall(Duration d) { return std::chrono::milliseconds(d.count_ns() / 1'000'000); }

std::string text_of(beast::string_view s) { return {s.data(), s.size()}; }

Request request_of(const beast_http::request<beast_http::string_body>& r) {
  return {.method = text_of(r.method_string()),
          .target = text_of(r.target()),
          .host = text_of(r[beast_http::field::host]),
          .origin = text_of(r[beast_http::field::origin]),
          .site = text_of(r["Sec-Fetch-Site"]),
          .authorization = text_of(r[beast_http::field::authorization]),
          .content_type = text_of(r[beast_http::field::content_type]),
          .body = r.body()};
}

/// What every answer says.
template <typename Message>
void set_head(Message& m, const Answer& a, bool keep_alive) {
  m.version(11);
  m.result(a.status);
  m.keep_alive(keep_alive);
  m.set(beast_http::field::content_type, a.type);
  m.set(beast_http::field::cache_control, "no-store");
  m.set("X-Content-Type-Options", "nosniff");
  m.set("Referrer-Policy", "no-referrer");
  m.set("Cross-Origin-Resource-Policy", "same-origin");
  for (const auto& [name, value] : a.headers) m.set(name, value);
}

}  // namespace

class HttpServer::Body {
 public:
  Body(const std::string& listen, Handler answer, Duration patience)
      : answer_(std::move(answer)), patience_(wall(patience)), acceptor_(io_) {
    const tcp::endpoint wanted = endpoint_of(listen);
    error_code ec;
    acceptor_.open(wanted.protocol(), ec);
    if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor_.bind(wanted, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
      throw ConfigError(fmt::format("cannot listen at '{}': {}; choose another address with --listen", listen,
                                    ec.message()));
  }
  ~Body() {
    pool_.join();
    io_.stop();
  }

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void run(const std::function<bool()>& stop) {
    asio::co_spawn(io_, accept(), asio::detached);
    while (!stop()) {
      io_.restart();
      io_.run_for(std::chrono::milliseconds(100));
    }
    error_code ec;
    acceptor_.close(ec);
  }

 private:
  using Stream = beast::tcp_stream;

  asio::awaitable<void> accept() {
    for (;;) {
      error_code ec;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, ec));
      if (!acceptor_.is_open()) co_return;
      if (ec) {  // no descriptor left: what is served now will give some back
        asio::steady_timer timer(io_, std::chrono::milliseconds(200));
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        continue;
      }
      asio::co_spawn(io_, serve(Stream(std::move(socket))), asio::detached);
    }
  }

  /// One peer, until it leaves or breaks the rules.
  asio::awaitable<void> serve(Stream stream) {
    struct Place {
      size_t& taken;
      explicit Place(size_t& t) : taken(t) { ++taken; }
      ~Place() { --taken; }
    } place(peers_);
    if (peers_ > kMostPeers) {
      // Named, since GCC 12 destroys a temporary in a co_await expression twice.
      const Answer full{.status = 503, .body = "{\"error\":\"too many peers: come again\"}\n"};
      co_await write(stream, full, false, false);
      co_return;
    }
    beast::flat_buffer buffer;
    for (bool alive = true; alive;) {
      beast_http::request_parser<beast_http::string_body> parser;
      parser.header_limit(kLongestHead);
      parser.body_limit(kLongestBody);
      error_code ec;
      stream.expires_after(patience_);
      co_await beast_http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
      if (ec) {
        if (const auto complaint = complaint_for(ec)) co_await write(stream, *complaint, false, false);
        break;
      }
      const Request request = request_of(parser.get());
      alive = parser.get().keep_alive();
      stream.expires_never();
      Answer answer = co_await asio::co_spawn(pool_, answer_in_pool(request), asio::use_awaitable);
      alive = co_await write(stream, answer, alive, request.method == "HEAD") && alive;
    }
    error_code ec;
    stream.socket().shutdown(tcp::socket::shutdown_both, ec);
  }

  asio::awaitable<Answer> answer_in_pool(const Request& request) { co_return answer_(request); }

  /// For a peer that can be told what is wrong with its request.
  static std::optional<Answer> complaint_for(error_code ec) {
    unsigned status = 400;
    if (ec == beast_http::error::end_of_stream || ec == beast::error::timeout ||
        ec.category() != make_error_code(beast_http::error::bad_target).category())
      return std::nullopt;
    if (ec == beast_http::error::header_limit) status = 431;
    if (ec == beast_http::error::body_limit) status = 413;
    return Answer{.status = status, .body = "{\"error\":\"the request is malformed or too large\"}\n"};
  }

  /// False when the peer is gone, or must go.
  asio::awaitable<bool> write(Stream& stream, const Answer& answer, bool keep_alive, bool head_only) {
    error_code ec;
    stream.expires_after(patience_);
    if (answer.file || head_only) {
      beast_http::response<beast_http::empty_body> head;
      set_head(head, answer, keep_alive);
      head.content_length(answer.file ? answer.file->size : answer.body.size());
      beast_http::response_serializer<beast_http::empty_body> serializer(head);
      co_await beast_http::async_write_header(stream, serializer,
                                              asio::redirect_error(asio::use_awaitable, ec));
      if (ec) co_return false;
      if (!head_only) co_return co_await write_file(stream, *answer.file);
      co_return true;
    }
    beast_http::response<beast_http::string_body> response;
    set_head(response, answer, keep_alive);
    response.body() = answer.body;
    response.prepare_payload();
    co_await beast_http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
  }

  asio::awaitable<bool> write_file(Stream& stream, const OpenFile& file) {
    std::vector<char> piece(256 << 10);
    for (uint64_t at = 0; at < file.size;) {
      const size_t most = static_cast<size_t>(std::min<uint64_t>(piece.size(), file.size - at));
      const ssize_t n = pread(file.descriptor.get(), piece.data(), most, static_cast<off_t>(at));
      if (n <= 0) co_return false;  // it became shorter: the length that was announced cannot be kept
      error_code ec;
      stream.expires_after(patience_);
      co_await asio::async_write(stream, asio::buffer(piece.data(), static_cast<size_t>(n)),
                                 asio::redirect_error(asio::use_awaitable, ec));
      if (ec) co_return false;
      at += static_cast<uint64_t>(n);
    }
    co_return true;
  }

  Handler answer_;
  std::chrono::milliseconds patience_;
  asio::io_context io_{1};
  size_t peers_ = 0;
  tcp::acceptor acceptor_;
  asio::thread_pool pool_{2};
};

HttpServer::HttpServer(const std::string& listen, Handler answer, Duration patience)
    : body_(std::make_unique<Body>(listen, std::move(answer), patience)) {}
HttpServer::~HttpServer() = default;

std::string HttpServer::address() const {
  const tcp::endpoint e = body_->endpoint();
  const std::string host = e.address().to_string();
  return e.address().is_v6() ? fmt::format("[{}]:{}", host, e.port()) : fmt::format("{}:{}", host, e.port());
}

bool HttpServer::loopback_only() const { return body_->endpoint().address().is_loopback(); }

void HttpServer::run(const std::function<bool()>& stop) { body_->run(stop); }

}  // namespace xedgesim::http
