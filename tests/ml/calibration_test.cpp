#include "ml/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

/// A host whose inference takes a given time, on a clock of its own.
struct FakeHost {
  int64_t now = 0;
  RandomStream random{1, "host", "time"};
  Timing run(double median_ns, double jitter, uint64_t macs, double outliers = 0) {
    return time_inferences(
        [&] {
          const double slow = random.uniform() < outliers ? 50 : 1;
          now += std::llround(median_ns * slow * std::exp(random.normal(0, jitter)));
        },
        macs, 4000, [&] { return now; });
  }
};

TEST(Calibration, FindsMedianAndJitterInSpiteOfOutliers) {
  FakeHost host;
  const Timing t = host.run(20'000, 0.1, 1000, 0.02);
  EXPECT_NEAR(static_cast<double>(t.median.count_ns()), 20'000, 300);
  EXPECT_NEAR(t.jitter, 0.1, 0.01);
  EXPECT_GT(t.p95, t.median);
}

TEST(Calibration, TheYardstickGivesRateAndOverhead) {
  FakeHost host;
  // 5 us a call and 8e9 MAC/s.
  const auto time = [](double macs) { return 5'000 + macs / 8.0; };
  const HostSpeed s =
      host_speed(host.run(time(262'144), 0.02, 262'144), host.run(time(8'388'608), 0.02, 8'388'608));
  EXPECT_NEAR(s.macs_per_s, 8e9, 0.05e9);
  EXPECT_NEAR(static_cast<double>(s.overhead.count_ns()), 5'000, 300);
  EXPECT_THROW(host_speed(host.run(900, 0, 10), host.run(800, 0, 20)), ConfigError);
}

TEST(Calibration, TheTargetsTimeIsTheHostsTimesTheFactor) {
  const ComputeTarget& target = compute_target("raspberry-pi-4");
  for (const auto& [macs, median_us] :
       {std::pair<uint64_t, int64_t>{1'088, 6}, {23'680, 9}, {5'000'000, 400}}) {
    for (const double factor : {0.5, 4.0, 9.0}) {
      const Timing t{.macs = macs, .median = Duration::us(median_us), .p95 = {}, .jitter = 0.05};
      const ComputeTarget scaled = scaled_to(target, t, factor);
      const ComputeModel model(scaled, 1, "edge");
      EXPECT_NEAR(model.typical_inference(macs).count_s(), t.median.count_s() * factor,
                  0.01 * t.median.count_s() * factor + 1e-9)
          << macs << " " << factor;
      EXPECT_EQ(scaled.jitter, 0.05);
      EXPECT_EQ(scaled.name, "raspberry-pi-4");
    }
  }
}

TEST(Calibration, TheYardstickIsAModelOfItsSize) {
  const Network net = network_from_onnx(parse_onnx(yardstick_model(64, 3)));
  EXPECT_EQ(net.layers.size(), 3u);
  EXPECT_EQ(net.macs(), yardstick_macs(64, 3));
}

}  // namespace
}  // namespace xedgesim::ml
