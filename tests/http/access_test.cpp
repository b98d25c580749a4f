#include "http/access.h"

#include <gtest/gtest.h>

namespace xedgesim::http {
namespace {

const Access kAccess("secret-secret-secret", {"Lab.example"});

TEST(Access, KnowsItsHosts) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:80", "[::1]:8080", "localhost:1", "LOCALHOST",
                           "lab.example:8080", "10.1.2.3:80"})
    EXPECT_TRUE(kAccess.host_allowed(host)) << host;
  for (const char* host :
       {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1:80:80",
        "127.0.0.1:", "127.0.0.1:8o", "[::1", "[::1]x", "0x7f.1", "lab.example.", "127.0.0.1:123456"})
    EXPECT_FALSE(kAccess.host_allowed(host)) << host;
}

TEST(Access, WantsTheWholeToken) {
  EXPECT_TRUE(kAccess.token_given("Bearer secret-secret-secret"));
  for (const char* given :
       {"", "Bearer ", "Bearer secret", "Bearer secret-secret-secretx", "secret-secret-secret",
        "bearer secret-secret-secret", "Bearer  secret-secret-secret"})
    EXPECT_FALSE(kAccess.token_given(given)) << given;
}

TEST(Access, TakesChangesFromItsOwnPagesOnly) {
  EXPECT_TRUE(Access::same_origin("", "", "127.0.0.1:80"));
  EXPECT_TRUE(Access::same_origin("http://127.0.0.1:80", "same-origin", "127.0.0.1:80"));
  EXPECT_FALSE(Access::same_origin("http://127.0.0.1:81", "", "127.0.0.1:80"));
  EXPECT_FALSE(Access::same_origin("null", "", "127.0.0.1:80"));
  EXPECT_FALSE(Access::same_origin("https://127.0.0.1:80", "", "127.0.0.1:80"));
  EXPECT_FALSE(Access::same_origin("", "cross-site", "127.0.0.1:80"));
  EXPECT_FALSE(Access::same_origin("", "same-site", "127.0.0.1:80"));
}

TEST(Access, AFileKeyIsForOneFileAndOneServer) {
  const std::string key = kAccess.file_key("a/b");
  EXPECT_EQ(key.size(), 64u);
  EXPECT_TRUE(kAccess.file_key_fits("a/b", key));
  EXPECT_FALSE(kAccess.file_key_fits("a/c", key));
  EXPECT_FALSE(kAccess.file_key_fits("a/b", ""));
  EXPECT_FALSE(Access("another-secret-token", {}).file_key_fits("a/b", key));
}

}  // namespace
}  // namespace xedgesim::http
