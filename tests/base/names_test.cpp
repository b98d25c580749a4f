#include "base/names.h"

#include <gtest/gtest.h>

namespace xedgesim {
namespace {

TEST(Names, SortNaturally) {
  EXPECT_TRUE(natural_less("vib_2", "vib_10"));
  EXPECT_FALSE(natural_less("vib_10", "vib_2"));
  EXPECT_TRUE(natural_less("a", "a1"));
  EXPECT_TRUE(natural_less("a01", "a1") != natural_less("a1", "a01"));
  EXPECT_FALSE(natural_less("x", "x"));
}

TEST(Names, MatchGlobs) {
  EXPECT_TRUE(glob_match("vib_*", "vib_12"));
  EXPECT_TRUE(glob_match("*_1?", "vib_12"));
  EXPECT_FALSE(glob_match("vib_?", "vib_12"));
  EXPECT_TRUE(glob_match("a*b*c", "axxbxbc"));
}

TEST(Names, SuggestTheNearest) {
  EXPECT_EQ(nearest_name("sample_rat", {"sample_rate", "report_interval"}), "sample_rate");
  EXPECT_EQ(nearest_name("xyz", {"sample_rate"}), "");
}

}  // namespace
}  // namespace xedgesim
