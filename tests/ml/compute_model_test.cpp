#include "ml/compute_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace xedgesim::ml {
namespace {

TEST(ComputeModel, AddsOverheadAndMultiplications) {
  const ComputeModel m({"t", 1e6, Duration::us(50), 0}, 1, "edge");
  EXPECT_EQ(m.typical_inference(0), Duration::us(50));
  EXPECT_EQ(m.typical_inference(1000), Duration::us(1050));
}

TEST(ComputeModel, WithoutJitterIsTypical) {
  ComputeModel m({"t", 1e6, Duration::us(50), 0}, 1, "edge");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(m.next_inference(1000), Duration::us(1050));
}

TEST(ComputeModel, JitterHasTheStatedSpreadAndIsKeyed) {
  const ComputeTarget target{"t", 1e6, Duration::us(50), 0.1};
  ComputeModel m(target, 1, "edge"), same(target, 1, "edge"), other(target, 1, "edge_2");
  double sum = 0, squares = 0;
  int equal = 0;
  const int count = 20'000;
  for (int i = 0; i < count; ++i) {
    const Duration d = m.next_inference(1000);
    ASSERT_EQ(d, same.next_inference(1000));
    equal += d == other.next_inference(1000);
    const double logarithm = std::log(d.count_us() / 1050);
    sum += logarithm;
    squares += logarithm * logarithm;
  }
  EXPECT_NEAR(sum / count, 0, 0.003);
  EXPECT_NEAR(std::sqrt(squares / count), 0.1, 0.003);
  EXPECT_LT(equal, 10);
}

TEST(ComputeModel, KnowsTargetsByName) {
  EXPECT_EQ(compute_target("raspberry-pi-4").name, "raspberry-pi-4");
  try {
    compute_target("raspberry-pi-44");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("raspberry-pi-4"), std::string::npos);
  }
  for (const ComputeTarget& t : known_compute_targets())
    EXPECT_NO_THROW(ComputeModel(t, 1, "edge")) << t.name;
}

TEST(ComputeModel, RefusesFiguresThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const ComputeTarget& t : std::vector<ComputeTarget>{{"t", 0, Duration(), 0},
                                                           {"t", -1, Duration(), 0},
                                                           {"t", nan, Duration(), 0},
                                                           {"t", inf, Duration(), 0},
                                                           {"t", 1e6, Duration::ns(-1), 0},
                                                           {"t", 1e6, Duration::max(), 0},
                                                           {"t", 1e6, Duration(), -0.1},
                                                           {"t", 1e6, Duration(), nan},
                                                           {"t", 1e6, Duration(), 2}})
    EXPECT_THROW(ComputeModel(t, 1, "edge"), ConfigError);
  ComputeModel slow({"t", 1e-300, Duration(), 1}, 1, "edge");
  EXPECT_GT(slow.next_inference(std::numeric_limits<uint64_t>::max()), Duration::s(86400));
}

}  // namespace
}  // namespace xedgesim::ml
