#include "http/target.h"

#include <gtest/gtest.h>

#include <vector>

#include "../../fuzz/http_requests.h"
#include "base/rng.h"

namespace xedgesim::http {
namespace {

TEST(Target, IsTakenApart) {
  const auto t = parse_target("/api/run?id=a%2Fb+c&x&x=2&=3");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->path, "/api/run");
  EXPECT_EQ(*t->find("id"), "a/b c");
  EXPECT_EQ(t->all("x"), (std::vector<std::string>{"", "2"}));
  EXPECT_EQ(t->find("y"), nullptr);
  EXPECT_EQ(parse_target("/a+b%20c")->path, "/a+b c");
}

TEST(Target, RefusesWhatIsMalformed) {
  for (const char* text :
       {"", "a", "http://x/", "/%", "/%4", "/%zz", "/%00", "/a%0ab", "/?a=%00", "/?%=1", "*"})
    EXPECT_FALSE(parse_target(text)) << text;
  EXPECT_FALSE(parse_target("/" + std::string(Target::kLongest, 'a')));
  EXPECT_FALSE(parse_target(std::string("/a\0b", 4)));
}

TEST(Target, IdsStayBelowTheFolder) {
  for (const char* id : {".", "a", "a/b", "a b/..c", "a/b.c/...", "-"}) EXPECT_TRUE(valid_id(id)) << id;
  for (const char* id : {"", "..", "a/..", "../a", "a/../b", "/a", "a/", "a//b", "./a", "a/.", "a\nb", "/"})
    EXPECT_FALSE(valid_id(id)) << id;
}

TEST(Target, PathsAreEscaped) {
  EXPECT_EQ(escape_path("a/b c?d#e%\xc3\xa9"), "a/b%20c%3Fd%23e%25%C3%A9");
  EXPECT_EQ(parse_target("/" + escape_path("ä #?%"))->path, "/ä #?%");
}

TEST(HttpRequestFuzz, RandomTargets) {
  RandomStream r(20, "fuzz", "http");
  const std::string_view seeds[] = {"/api/run?id=a/2025-01-13_10-00-00&x=%2e%2e/%2f",
                                    "/files/..%2f..%2fetc/passwd?key=0", "127.0.0.1:8080", "[::1]:8080",
                                    "localhost"};
  for (int i = 0; i < 50'000; ++i) {
    const auto seed = seeds[r.below(std::size(seeds))];
    std::vector<uint8_t> text(seed.begin(), seed.end());
    for (uint32_t n = r.below(5); n > 0; --n)
      text[r.below(static_cast<uint32_t>(text.size()))] = static_cast<uint8_t>(r());
    fuzz::http_request(text);
  }
}

}  // namespace
}  // namespace xedgesim::http
