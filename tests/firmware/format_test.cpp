#include "common/format.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string ours(size_t size, const char* format, ...) {
  std::string text(size, '?');
  va_list args;
  va_start(args, format);
  size_t length = format_text(text.data(), size, format, args);
  va_end(args);
  EXPECT_EQ(text[length], '\0');
  return text.substr(0, length);
}

template <typename... Args>
void expect_as_printf(const char* format, Args... args) {
  char expected[200];
  std::snprintf(expected, sizeof expected, format, args...);
  EXPECT_EQ(ours(200, format, args...), expected) << format;
}

}  // namespace

TEST(Format, AgreesWithPrintf) {
  expect_as_printf("plain 100%%");
  expect_as_printf("%d %d %d", 0, -1, 2147483647);
  expect_as_printf("%d", -2147483647 - 1);
  expect_as_printf("[%5d] [%05d]", -42, -42);
  expect_as_printf("%ld", -9223372036854775807L - 1);
  expect_as_printf("%u %lu", 4294967295u, 18446744073709551615ul);
  expect_as_printf("%x %08x %08lx", 0xBEEFu, 0xBEEFu, 0xDEADBEEFul);
  expect_as_printf("[%s] [%8s] [%c]", "text", "right", 'x');
}

TEST(Format, CutsAtTheSize) {
  EXPECT_EQ(ours(5, "%s", "too long"), "too ");
  EXPECT_EQ(ours(1, "%d", 5), "");
}

TEST(Format, CopiesWhatItDoesNotKnow) {
  EXPECT_EQ(ours(50, "%q %5z"), "%q %5z");
  EXPECT_EQ(ours(50, "end %"), "end %");
  EXPECT_EQ(ours(50, "end %08l"), "end %08l");
}
