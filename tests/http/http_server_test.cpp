#include "http/http_server.h"

#include <gtest/gtest.h>

#include "base/error.h"

// How it serves: tests/web/http_test.cpp.
namespace xedgesim::http {
namespace {

TEST(HttpServer, RefusesAddressesThatAreNone) {
  const auto nothing = [](const Request&) { return Answer{}; };
  for (const char* listen : {"", "127.0.0.1", "8080", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8x",
                             "example.org:80", "[::1:80"})
    EXPECT_THROW(HttpServer(listen, nothing), ConfigError) << listen;
  const HttpServer first("127.0.0.1:0", nothing);
  EXPECT_TRUE(first.loopback_only());
  EXPECT_THROW(HttpServer("192.0.2.1:80", nothing), ConfigError) << "not an address of this host";
}

}  // namespace
}  // namespace xedgesim::http
