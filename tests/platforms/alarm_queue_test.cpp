#include "platforms/alarm_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"

namespace xedgesim::platforms {
namespace {

struct NullDevice final : bus::Device {
  NullDevice() : Device("null", 0, 4) {}
  uint32_t read(uint32_t, unsigned) override { return 0; }
  void write(uint32_t, unsigned, uint32_t) override {}
  void reset() override {}
};

TEST(AlarmQueue, KeepsOrderAndForgetsCancelledAlarms) {
  AlarmQueue q;
  NullDevice d;
  std::map<std::pair<int64_t, uint32_t>, bus::AlarmId> model;  // (time, code); codes count up
  RandomStream random(3, "alarms", "test");
  uint32_t code = 0;
  int64_t now = 0;
  for (int i = 0; i < 50'000; ++i) {
    const uint32_t action = random.below(4);
    if (action < 2) {
      const int64_t t = now + random.below(50);
      model[{t, code}] = q.schedule(d, SimTime::from_ns(t), code);
      ++code;
    } else if (action == 2 && !model.empty()) {
      auto it = std::next(model.begin(), random.below(static_cast<uint32_t>(model.size())));
      q.cancel(it->second);
      q.cancel(it->second);
      model.erase(it);
    } else if (!model.empty()) {
      ASSERT_EQ(q.next_time(), SimTime::from_ns(model.begin()->first.first));
      now = model.begin()->first.first;
      ASSERT_EQ(q.pop().code, model.begin()->first.second);
      model.erase(model.begin());
    }
    ASSERT_EQ(q.next_time(), model.empty() ? SimTime::never() : SimTime::from_ns(model.begin()->first.first));
  }
}

}  // namespace
}  // namespace xedgesim::platforms
