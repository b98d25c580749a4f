#include "sim/event_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"

namespace xedgesim::sim {
namespace {

/// A time from now on: the same instant, soon, within the second, minutes away or never.
SimTime some_time(SimTime now, RandomStream& rng) {
  switch (rng.below(8)) {
    case 0:
      return now;
    case 1:
      return now + Duration::ns(rng.below(100));
    case 2:
    case 3:
      return now + Duration::us(rng.below(5000));
    case 4:
    case 5:
      return now + Duration::ms(rng.below(1200));
    case 6:
      return now + Duration::s(rng.below(400));
    default:
      return rng.below(40) == 0 ? SimTime::never() : now + Duration::ms(1000);
  }
}

TEST(EventQueue, GivesEventsInTheirOrderHoweverFarAwayTheyAre) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    RandomStream rng(seed, "queue", "test");
    EventQueue queue;
    std::set<std::tuple<SimTime, EventKind, ParticipantId, uint64_t>> expected;
    SimTime now;
    uint64_t serial = 0;
    // Grows, then empties, several times: to the last event in every third round.
    for (int round = 0; round < 9; ++round) {
      for (int step = 0; step < 600; ++step) {
        const bool push = step < 300 ? rng.below(3) > 0 : rng.below(3) == 0;
        if (push || expected.empty()) {
          const Event e{.time = some_time(now, rng),
                        .kind = static_cast<EventKind>(rng.below(5)),
                        .source = ParticipantId{rng.below(4)},
                        .serial = serial++,
                        .code = static_cast<uint32_t>(serial)};
          expected.insert(e.order());
          queue.push(e);
        } else {
          const Event e = queue.pop();
          ASSERT_EQ(e.order(), *expected.begin());
          ASSERT_EQ(e.code, static_cast<uint32_t>(e.serial + 1));
          expected.erase(expected.begin());
          if (e.time != SimTime::never()) now = e.time;
        }
        ASSERT_EQ(queue.size(), expected.size());
        ASSERT_EQ(queue.empty(), expected.empty());
        ASSERT_EQ(queue.next_time(),
                  expected.empty() ? SimTime::never() : std::get<SimTime>(*expected.begin()));
      }
      while (round % 3 == 2 && !expected.empty()) {
        ASSERT_EQ(queue.pop().order(), *expected.begin());
        expected.erase(expected.begin());
      }
    }
  }
}

TEST(EventQueue, TellsWhichOfTwoComesFirst) {
  EventQueue a, b;
  EXPECT_FALSE(a.before(b));
  a.push({.time = SimTime::at(Duration::s(500)), .source = ParticipantId{2}});
  EXPECT_TRUE(a.before(b));
  EXPECT_FALSE(b.before(a));
  b.push({.time = SimTime::at(Duration::s(500)), .source = ParticipantId{1}});
  EXPECT_FALSE(a.before(b));
  EXPECT_TRUE(b.before(a));
}

}  // namespace
}  // namespace xedgesim::sim
