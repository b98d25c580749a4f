#include "http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/descriptor.h"
#include "base/error.h"

// What it serves and refuses: tests/web/http_test.cpp.
namespace xedgesim::http {
namespace {

Descriptor connected(const HttpServer& server, const std::string& text) {
  const std::string at = server.address();
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<uint16_t>(std::stoi(at.substr(at.rfind(':') + 1))));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Descriptor s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(connect(s.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(write(s.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return s;
}

/// All that comes until the peer closes.
std::string rest_of(const Descriptor& socket) {
  std::string text(1 << 16, '\0');
  size_t got = 0;
  for (ssize_t n; got < text.size() && (n = read(socket.get(), text.data() + got, text.size() - got)) > 0;)
    got += static_cast<size_t>(n);
  text.resize(got);
  return text;
}

constexpr const char* kGet = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* kLast = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST(HttpServer, AnswersSeveralRequestsOfOnePeerInOrder) {
  HttpServer server("127.0.0.1:0", [](const Request& r) {
    return Answer{.type = "text/plain", .body = "<" + r.target + ">"};
  });
  std::atomic<bool> stop{false};
  std::thread thread([&] { server.run([&] { return stop.load(); }); });
  const std::string text = rest_of(connected(server, std::string(kGet) + kGet + kLast));
  const size_t first = text.find("</x>"), second = text.find("</x>", first + 1), last = text.find("</last>");
  EXPECT_TRUE(first < second && second < last && last != std::string::npos) << text;
  stop = true;
  thread.join();
}

TEST(HttpServer, ASlowAnswerHoldsUpNoOther) {
  std::atomic<bool> free{false};
  HttpServer server("127.0.0.1:0", [&](const Request& r) {
    while (r.target == "/x" && !free) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Answer{};
  });
  std::atomic<bool> stop{false};
  std::thread thread([&] { server.run([&] { return stop.load(); }); });
  const Descriptor slow = connected(server, kGet);
  EXPECT_TRUE(rest_of(connected(server, kLast)).starts_with("HTTP/1.1 200"));
  free = true;
  stop = true;
  thread.join();
}

TEST(HttpServer, EndsWithPeersInEveryState) {
  for (int i = 0; i < 5; ++i) {
    std::vector<Descriptor> peers;
    std::atomic<bool> stop{false}, asked{false};
    {
      HttpServer server("127.0.0.1:0", [&](const Request&) {
        asked = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return Answer{.body = std::string(8 << 20, 'x')};  // more than a socket takes
      });
      std::thread thread([&] { server.run([&] { return stop.load(); }); });
      peers.push_back(connected(server, ""));
      peers.push_back(connected(server, "GET /x HT"));
      peers.push_back(connected(server, kGet));
      peers.push_back(connected(server, kGet));
      while (!asked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (i % 2) std::this_thread::sleep_for(std::chrono::milliseconds(60));
      peers.push_back(connected(server, kGet));
      stop = true;
      thread.join();
    }
    for (const Descriptor& p : peers) rest_of(p);
  }
}

TEST(HttpServer, RefusesAddressesThatAreNone) {
  const auto nothing = [](const Request&) { return Answer{}; };
  for (const char* listen : {"", "127.0.0.1", "8080", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8x",
                             "example.org:80", "[::1:80"})
    EXPECT_THROW(HttpServer(listen, nothing), ConfigError) << listen;
  const HttpServer first("127.0.0.1:0", nothing);
  EXPECT_TRUE(first.loopback_only());
  EXPECT_THROW(HttpServer(first.address(), nothing), ConfigError) << "taken";
  EXPECT_THROW(HttpServer("192.0.2.1:80", nothing), ConfigError) << "not an address of this host";
}

}  // namespace
}  // namespace xedgesim::http
