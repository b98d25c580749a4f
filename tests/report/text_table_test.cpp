#include "report/text_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "report/terminal.h"

namespace xedgesim::report {
namespace {

TEST(TextTableTest, HeaderAndNumbersToTheRight) {
  EXPECT_EQ(render_table(
                {.header = {"a", "value"}, .rows = {{"x", "1.5"}, {"longer", "22"}}, .right = {false, true}},
                false),
            "+--------+-------+\n"
            "| a      | value |\n"
            "+--------+-------+\n"
            "| x      |   1.5 |\n"
            "| longer |    22 |\n"
            "+--------+-------+\n");
}

TEST(TextTableTest, Wrapping) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap_text("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap_text("", 5), (Lines{""}));
  EXPECT_EQ(wrap_text("äöüßäöü x", 3), (Lines{"äöü", "ßäö", "ü x"}));
  EXPECT_EQ(wrap_text("a  b", 10), (Lines{"a  b"}));
}

/// A lock-up report is one sentence of hundreds of characters.
TEST(TextTableTest, ALongStatusDoesNotMakeTheSummaryWide) {
  std::string reason;
  for (int i = 0; i < 120; ++i) reason += "r" + std::to_string(i) + "=0x20000000 ";
  const std::string table = render_summary({{"status", "failed"}, {"reason", reason}}, "results/x");
  std::istringstream lines(table);
  size_t first = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(text_width(line), 105u) << line;
    if (first == 0) first = text_width(line);
    EXPECT_EQ(text_width(line), first) << line;
  }
  EXPECT_NE(table.find("r119=0x20000000"), std::string::npos);
}

}  // namespace
}  // namespace xedgesim::report
