#include "metrics/accuracy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

TEST(Accuracy, CountsLostSamplesApart) {
  Accuracy a({"healthy", "fault"});
  for (int i = 0; i < 6; ++i) a.classified(0, 0);
  for (int i = 0; i < 2; ++i) a.classified(0, 1);
  for (int i = 0; i < 3; ++i) a.classified(1, 1);
  a.classified(1, 0);
  for (int i = 0; i < 4; ++i) a.lost(1);
  EXPECT_DOUBLE_EQ(*a.over_classified(), 9.0 / 12);
  EXPECT_DOUBLE_EQ(*a.over_all(), 9.0 / 16);
  EXPECT_DOUBLE_EQ(*a.precision(0), 6.0 / 7);
  EXPECT_DOUBLE_EQ(*a.recall(0), 6.0 / 8);
  EXPECT_DOUBLE_EQ(*a.precision(1), 3.0 / 5);
  EXPECT_DOUBLE_EQ(*a.recall(1), 3.0 / 4);
  EXPECT_EQ(a.count(0, 1), 2);
  EXPECT_EQ(a.lost_count(1), 4);
}

TEST(Accuracy, HasNoFiguresWithoutSamples) {
  Accuracy a({"x", "y"});
  EXPECT_FALSE(a.over_classified());
  EXPECT_FALSE(a.over_all());
  EXPECT_FALSE(a.precision(0));
  EXPECT_FALSE(a.recall(1));
  a.lost(0);
  EXPECT_FALSE(a.over_classified());
  EXPECT_DOUBLE_EQ(*a.over_all(), 0);
}

TEST(Accuracy, NamesClassesBeyondTheList) {
  Accuracy a({"x"});
  a.classified(0, 3);
  EXPECT_EQ(a.classes(), 4u);
  EXPECT_EQ(a.name(3), "class_3");
  EXPECT_EQ(a.count(0, 3), 1);
  EXPECT_THROW(a.classified(0, 1'000'000), SimulationError);
  EXPECT_THROW(a.lost(-1), SimulationError);
}

}  // namespace
}  // namespace xedgesim::metrics
