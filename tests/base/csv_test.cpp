#include "base/csv.h"

#include <gtest/gtest.h>

#include <cmath>

namespace xedgesim {
namespace {

using Cells = std::vector<std::string_view>;

TEST(Csv, SplitsCellsAndStripsWhatStandsAroundThem) {
  EXPECT_EQ(csv_cells("1, 2 ,\"name\"\r"), (Cells{"1", "2", "name"}));
  EXPECT_EQ(csv_cells(""), Cells{""});
  EXPECT_EQ(csv_cells(",a,"), (Cells{"", "a", ""}));
}

TEST(Csv, ReadsWholeNumbersOnly) {
  EXPECT_EQ(csv_number("-1.5e2"), -150.0);
  for (const char* wrong : {"", "x", "1x", " 1", "1 2"}) EXPECT_FALSE(csv_number(wrong)) << wrong;
  EXPECT_TRUE(std::isnan(*csv_number("nan")));
  EXPECT_TRUE(std::isinf(*csv_number("1e999")));
}

}  // namespace
}  // namespace xedgesim
