#include "metrics/network_recorder.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace xedgesim::metrics {
namespace {

SimTime at(int64_t ns) { return SimTime::from_ns(ns); }

TEST(NetworkRecorder, CountsPacketsAndCauses) {
  NetworkRecorder n;
  int outcomes = 0;
  n.on_outcome.connect([&](const PacketOutcome& p) { outcomes += p.delivered ? 1 : 100; });
  const DeviceIndex d{0};
  for (int i = 0; i < 3; ++i) n.sent(d, at(0));
  n.delivered(d, at(0), at(2'000));
  n.delivered(d, at(500), at(1'500));
  n.dropped(d, at(0), "no_ack");
  EXPECT_EQ(n.totals().sent, 3);
  EXPECT_EQ(n.totals().delivered, 2);
  EXPECT_EQ(n.totals().dropped, 1);
  EXPECT_EQ(n.totals().latency_sum, Duration::ns(3'000));
  EXPECT_EQ(n.take_max_latency(), Duration::ns(2'000));
  EXPECT_EQ(n.take_max_latency(), Duration());
  EXPECT_EQ(n.drop_causes().at("no_ack"), 1);
  EXPECT_EQ(outcomes, 102);
}

TEST(NetworkRecorder, AirTimeIsTheUnionOfTheTransmissionsOfAChannel) {
  NetworkRecorder n;
  n.transmission(2405, at(100), at(200));
  n.transmission(2405, at(150), at(250));  // overlaps
  n.transmission(2405, at(400), at(500));
  n.transmission(2410, at(100), at(110));
  EXPECT_EQ(n.busy(at(1000)).at(2405), Duration::ns(250));
  EXPECT_EQ(n.busy(at(1000)).at(2410), Duration::ns(10));
  EXPECT_EQ(n.busy(at(450)).at(2405), Duration::ns(200));
}

TEST(NetworkRecorder, AirTimeAgreesWithAMapOfNanosecondsWhereverItIsSettled) {
  RandomStream random(5, "air", "test");
  NetworkRecorder n;
  constexpr int64_t kEnd = 20'000;
  std::vector<bool> covered(kEnd * 2);
  Duration sum_of_intervals, before;
  int64_t begin = 0, next_collection = 500;
  while (begin < kEnd) {
    const int64_t end = begin + 1 + random.below(120);
    n.transmission(2405, at(begin), at(end));
    for (int64_t i = begin; i < end; ++i) covered[static_cast<size_t>(i)] = true;
    begin += random.below(150);
    while (next_collection <= begin && next_collection <= kEnd) {
      const Duration now = n.busy(at(next_collection)).at(2405);
      sum_of_intervals += now - before;
      before = now;
      n.settle(at(next_collection));
      int64_t counted = 0;
      for (int64_t i = 0; i < next_collection; ++i) counted += covered[static_cast<size_t>(i)];
      ASSERT_EQ(now.count_ns(), counted) << next_collection;
      next_collection += 500;
    }
  }
  EXPECT_EQ(sum_of_intervals, before);
}

}  // namespace
}  // namespace xedgesim::metrics
