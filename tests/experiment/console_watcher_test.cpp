#include "experiment/console_watcher.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace xedgesim::experiment {
namespace {

SimTime ms(int64_t v) { return SimTime::zero() + Duration::ms(v); }

void print(ConsoleWatcher& w, size_t node, SimTime t, std::string_view text) {
  for (const char c : text) w.byte(node, t, static_cast<uint8_t>(c));
}

const std::vector<std::string> kNodes{"vib_1", "vib_2", "hub"};

TEST(ConsoleWatcher, FindsALineOfAnyNode) {
  ConsoleWatcher w({{.line = "boot(ed)? v\\d+", .node = "", .before = {}, .description = "it boots"}},
                   kNodes);
  EXPECT_FALSE(w.all_met());
  print(w, 1, ms(1), "hello\nboo");
  print(w, 0, ms(2), "ted v2\n");  // another node's line
  EXPECT_FALSE(w.all_met());
  print(w, 1, ms(3), "t v1\r\n");
  EXPECT_TRUE(w.all_met());
  EXPECT_EQ(w.results()[0].line, "✅ PASS: expect_line ('boot(ed)? v\\d+' at 0.003000000 s) - it boots");
}

TEST(ConsoleWatcher, AGlobMeansEveryNodeItMatches) {
  ConsoleWatcher w({{.line = "^ready$", .node = "vib_*", .before = {}, .description = ""}}, kNodes);
  print(w, 2, ms(1), "ready\n");
  print(w, 0, ms(2), "ready\n");
  EXPECT_FALSE(w.all_met());
  EXPECT_EQ(w.results()[0].line,
            "❌ FAIL: expect_line[vib_*] ('^ready$' not seen): vib_2 did not print it, nor anything else");
  print(w, 1, ms(3), "ready");
  EXPECT_FALSE(w.all_met()) << "the line is not complete";
  print(w, 1, ms(4), "\n");
  EXPECT_TRUE(w.all_met());
  EXPECT_EQ(*w.results()[0].actual, 0.004);
}

TEST(ConsoleWatcher, KeepsTheTimeLimit) {
  ConsoleWatcher w({{.line = "ready", .node = "hub", .before = ms(100), .description = ""}}, kNodes);
  print(w, 2, ms(100), "ready\n");
  EXPECT_EQ(w.results()[0].line,
            "❌ FAIL: expect_line[hub] ('ready' before 0.100000000 s not seen): it came at 0.100000000 s");
  print(w, 2, ms(99), "ready\n");
  EXPECT_TRUE(w.all_met());
}

TEST(ConsoleWatcher, RefusesBadExpressionsAndUnknownNodes) {
  const auto error = [](ConsoleExpectation e) -> std::string {
    try {
      ConsoleWatcher w({std::move(e)}, kNodes);
    } catch (const ConfigError& caught) {
      return caught.what();
    }
    return "";
  };
  EXPECT_TRUE(error({.line = "boot(", .node = "", .before = {}, .description = ""})
                  .starts_with("validation.assertions: expect_line 'boot(' is not a regular expression"));
  EXPECT_EQ(error({.line = "x", .node = "vib_7", .before = {}, .description = ""}),
            "validation.assertions: expect_line is about 'vib_7', but no node has that name — did you mean "
            "'vib_1'?");
}

TEST(ConsoleWatcher, StandsEndlessLines) {
  ConsoleWatcher w({{.line = "(a|b)*c", .node = "", .before = {}, .description = ""},
                    {.line = "^aaaa", .node = "", .before = {}, .description = ""}},
                   kNodes);
  for (int i = 0; i < 1'000'000; ++i) w.byte(0, ms(1), 'a');
  w.byte(0, ms(1), '\n');
  EXPECT_FALSE(w.results()[0].passed);
  EXPECT_TRUE(w.results()[1].passed);
}

}  // namespace
}  // namespace xedgesim::experiment
