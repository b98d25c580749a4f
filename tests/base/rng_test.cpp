#include "base/rng.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

namespace xedgesim {
namespace {

TEST(RandomStream, IsTheSameForTheSameKey) {
  RandomStream a(42, "node", "backoff"), b(42, "node", "backoff");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a(), b());
}

TEST(RandomStream, DiffersByEveryPartOfTheKey) {
  const uint64_t base = RandomStream(42, "node", "backoff").next64();
  EXPECT_NE(base, RandomStream(43, "node", "backoff").next64());
  EXPECT_NE(base, RandomStream(42, "nodf", "backoff").next64());
  EXPECT_NE(base, RandomStream(42, "node", "noise").next64());
  EXPECT_NE(RandomStream(42, "ab", "c").next64(), RandomStream(42, "a", "bc").next64());
}

TEST(RandomStream, HasTheMomentsItPromises) {
  RandomStream r(7, "n", "moments");
  const int n = 200'000;
  double sum = 0, sum2 = 0, exponential = 0;
  std::vector<int> bins(10);
  for (int i = 0; i < n; ++i) {
    const double v = r.normal(3, 2);
    sum += v;
    sum2 += v * v;
    exponential += r.exponential(5);
    ++bins[r.below(10)];
  }
  const double mean = sum / n;
  EXPECT_NEAR(mean, 3, 0.03);
  EXPECT_NEAR(std::sqrt(sum2 / n - mean * mean), 2, 0.03);
  EXPECT_NEAR(exponential / n, 5, 0.1);
  for (int b : bins) EXPECT_NEAR(b, n / 10, 600);
}

TEST(RandomStream, ManyChancesAreTheSameAsOneByOne) {
  RandomStream one(9, "n", "bits"), many(9, "n", "bits");
  for (const double p : {0.0, 1e-300, 0.01, 0.3, 0.5, 1.0, 1.5}) {
    for (size_t n = 0; n < 700; n = 3 * n + 1) {
      const auto out = std::make_unique<bool[]>(n);
      many.chances(p, {out.get(), n});
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(one.chance(p), out[i]) << p << ' ' << i;
      ASSERT_EQ(one(), many());  // an odd number of words each round
    }
  }
}

}  // namespace
}  // namespace xedgesim
