#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "report/comparison.h"
#include "report/sample_statistics.h"

namespace xedgesim::report {
namespace {

// Two-sided 95 % quantiles as printed in tables of Student's distribution (e.g. NIST/SEMATECH
// e-Handbook, 1.3.6.7.2).
TEST(SampleStatistics, StudentsQuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_t_95(1), 12.706, 5e-4);
  EXPECT_NEAR(student_t_95(2), 4.303, 5e-4);
  EXPECT_NEAR(student_t_95(3), 3.182, 5e-4);
  EXPECT_NEAR(student_t_95(4), 2.776, 5e-4);
  EXPECT_NEAR(student_t_95(9), 2.262, 5e-4);
  EXPECT_NEAR(student_t_95(10), 2.228, 5e-4);
  EXPECT_NEAR(student_t_95(29), 2.045, 5e-4);
  EXPECT_NEAR(student_t_95(100), 1.984, 5e-4);
  EXPECT_NEAR(student_t_95(100'000), 1.960, 5e-4);
}

TEST(SampleStatistics, MeanDeviationAndInterval) {
  const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
  const auto s = sample_statistics(values);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->n, 8u);
  EXPECT_DOUBLE_EQ(s->mean, 5);
  EXPECT_DOUBLE_EQ(*s->deviation, std::sqrt(32.0 / 7));
  EXPECT_NEAR(*s->ci95, 2.3646 * std::sqrt(32.0 / 7) / std::sqrt(8.0), 1e-4);
  EXPECT_EQ(s->minimum, 2);
  EXPECT_EQ(s->maximum, 9);
}

TEST(SampleStatistics, FewValues) {
  EXPECT_FALSE(sample_statistics({}));
  const double one[] = {3};
  EXPECT_FALSE(sample_statistics(one)->deviation);
  EXPECT_FALSE(sample_statistics(one)->ci95);
  const double two[] = {3, 3};
  EXPECT_EQ(*sample_statistics(two)->ci95, 0);
}

/// 95 of 100 intervals hold the true mean, which no formula of ours decides.
TEST(SampleStatistics, IntervalsHoldTheTrueMeanAsOftenAsTheySay) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal(10, 3);
  int held = 0;
  constexpr int kTrials = 4000;
  for (int i = 0; i < kTrials; ++i) {
    double values[4];
    for (double& v : values) v = normal(engine);
    const auto s = sample_statistics(values);
    held += std::fabs(s->mean - 10) <= *s->ci95;
  }
  EXPECT_NEAR(held / double(kTrials), 0.95, 0.012);
}

TEST(Pareto, FrontOfFivePoints) {
  const ParetoPoint points[] = {{1, 5}, {2, 2}, {3, 3}, {5, 1}, {2, 2}};
  EXPECT_EQ(pareto_front(points), (std::vector<bool>{true, true, false, true, true}));
}

TEST(Pareto, WalkingByCostFindsTheSameFront) {
  std::mt19937 engine(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<ParetoPoint> points(12);
    for (ParetoPoint& p : points) p = {double(engine() % 8), double(engine() % 8)};
    // Another way to it: sorted by x, a point is in front when its y is below all of smaller x.
    std::vector<bool> expected(points.size());
    for (size_t i = 0; i < points.size(); ++i) {
      double best_left = 1e9, best_here = 1e9;
      for (const ParetoPoint& p : points) {
        if (p.x < points[i].x) best_left = std::min(best_left, p.y);
        if (p.x == points[i].x) best_here = std::min(best_here, p.y);
      }
      expected[i] = points[i].y < best_left && points[i].y == best_here;
    }
    EXPECT_EQ(pareto_front(points), expected);
  }
}

TEST(ShortNumber, FourDigits) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(5976), "5976");
  EXPECT_EQ(short_number(12.7958), "12.80");
  EXPECT_EQ(short_number(0.95070), "0.9507");
  EXPECT_EQ(short_number(-0.0012), "-0.001200");
  EXPECT_EQ(short_number(123456.7), "123457");
  EXPECT_EQ(short_number(1e-7), "1.000e-07");
  EXPECT_EQ(short_number(std::nan("")), "-");
}

}  // namespace
}  // namespace xedgesim::report
