#pragma once
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../report/result_folder.h"
#include "http/http_server.h"
#include "temporary_folder.h"
#include "web/api.h"

namespace xedgesim::web {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpReply {
  unsigned status = 0;
  std::string body = {};
  boost::beast::http::fields headers = {};
  Json json() const { return Json::parse(body, nullptr, false); }
  std::string header(const char* name) const {
    const auto value = headers[name];
    return {value.data(), value.size()};
  }
};

inline boost::asio::ip::tcp::socket connected(boost::asio::io_context& io, const std::string& address) {
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                  static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)))});
  return socket;
}

/// One request by Boost.Beast as a client, on a connection of its own.
inline HttpReply http_request(const std::string& address, const std::string& method,
                              const std::string& target, const Headers& headers = {},
                              const std::string& body = {}) {
  namespace http = boost::beast::http;  // not ours
  boost::asio::io_context io;
  auto socket = connected(io, address);
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.version(11);
  request.set(http::field::host, address);
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(uint64_t{64} << 20);
  parser.skip(method == "HEAD");
  http::read(socket, buffer, parser);
  return {parser.get().result_int(), parser.get().body(), parser.get().base()};
}

/// Bytes as they are, and all that comes back until the server closes.
inline std::string raw_exchange(const std::string& address, const std::string& bytes) {
  boost::asio::io_context io;
  auto socket = connected(io, address);
  boost::system::error_code ec;
  boost::asio::write(socket, boost::asio::buffer(bytes), ec);
  socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ec);
  std::string answer;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), ec);
  return answer;
}

/// A folder of results and a server of it.
class ServedResults : public ::testing::Test {
 protected:
  static constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

  void serve(Duration patience = Duration::s(20)) {
    api_ = std::make_unique<Api>(Api::Config{.results = results_.path(),
                                             .state_root = state_.path(),
                                             .token = kToken,
                                             .version = "test",
                                             .host_names = {"lab.example"}});
    server_ = std::make_unique<http::HttpServer>(
        "127.0.0.1:0", [this](const http::Request& r) { return api_->answer(r); }, patience);
    thread_ = std::thread([this] { server_->run([this] { return stop_.load(); }); });
  }
  void TearDown() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::string address() const { return server_->address(); }
  static Headers token() { return {{"Authorization", std::string("Bearer ") + kToken}}; }
  HttpReply get(const std::string& target, const Headers& headers = token()) const {
    return http_request(address(), "GET", target, headers);
  }
  HttpReply post(const Json& body, Headers more = {}) const {
    Headers headers = token();
    headers.emplace_back("Content-Type", "application/json");
    headers.insert(headers.end(), more.begin(), more.end());
    return http_request(address(), "POST", "/api/control", headers, body.dump());
  }
  /// The link to a file of a run, as its page has it.
  std::string link(const std::string& id, const std::string& name) const {
    const Json run = get("/api/run?id=" + id).json();
    for (const Json& f : run["files"])
      if (f["name"] == name) return f["link"];
    return {};
  }

  report::ResultFolder results_;
  TemporaryFolder state_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::HttpServer> server_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace xedgesim::web
