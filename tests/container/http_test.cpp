// What a container engine says, whole, in pieces, cut off and spoilt.
#include "container/http.h"

#include <gtest/gtest.h>

#include <vector>

namespace xedgesim::container {
namespace {

const std::string kPlain =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n";
const std::string kUntilEnd =
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nbytes";

TEST(Http, TakesAnswersByteByByte) {
  HttpResponse plain, chunked;
  for (const char c : kPlain) ASSERT_TRUE(plain.feed({&c, 1}));
  EXPECT_TRUE(plain.done());
  EXPECT_EQ(plain.status(), 201);
  EXPECT_EQ(plain.body(), "hello");
  for (const char c : kChunked) ASSERT_TRUE(chunked.feed({&c, 1}));
  EXPECT_TRUE(chunked.done());
  EXPECT_EQ(chunked.body(), "hello, world");
}

TEST(Http, EndsWithTheConnectionWhatHasNoLength) {
  std::string got;
  HttpResponse r([&](std::string_view piece) { got += piece; });
  ASSERT_TRUE(r.feed(kUntilEnd));
  EXPECT_FALSE(r.done());
  EXPECT_EQ(got, "bytes");
  r.end();
  EXPECT_TRUE(r.done());
}

TEST(Http, KnowsWhatIsCutOffOrNoHttp) {
  for (const std::string& whole : {kPlain, kChunked})
    for (size_t n = 0; n < whole.size(); ++n) {
      HttpResponse r;
      r.feed(whole.substr(0, n));
      r.end();
      EXPECT_FALSE(r.done()) << n;
    }
  EXPECT_FALSE(HttpResponse().feed("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  EXPECT_FALSE(HttpResponse().feed("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"));
  EXPECT_FALSE(HttpResponse().feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
}

TEST(Http, WritesRequestsWithTheirLength) {
  EXPECT_EQ(
      http_request("POST", "/v1.41/x", "{}"),
      "POST /v1.41/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\n\r\n{}");
}

std::string piece(char stream, const std::string& text) {
  return std::string{stream, 0, 0, 0, 0, 0, 0, static_cast<char>(text.size())} + text;
}

TEST(StreamSplitter, TellsTheStreamsApart) {
  std::string out, err;
  StreamSplitter s([&](bool error, std::string_view b) { (error ? err : out) += b; });
  for (const char c : piece(1, "one\n") + piece(2, "two\n") + piece(1, "") + piece(1, "three"))
    ASSERT_TRUE(s.feed({&c, 1}));
  EXPECT_EQ(out, "one\nthree");
  EXPECT_EQ(err, "two\n");
  EXPECT_FALSE(StreamSplitter([](bool, std::string_view) {}).feed("plain text it is not"));
  EXPECT_FALSE(
      StreamSplitter([](bool, std::string_view) {}).feed(std::string("\1\0\0\0\xff\xff\xff\xff", 8)));
}

}  // namespace
}  // namespace xedgesim::container
