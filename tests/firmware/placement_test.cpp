#include "common/placement.h"

#include <gtest/gtest.h>

#include "common/verdict.h"

namespace {

settings adaptive() {
  settings s{};
  s.placement = PLACEMENT_EDGE;
  s.adaptive = true;
  s.low_battery_pct = 20;
  s.poor_link_pct = 50;
  s.deadline_ms = 100;
  s.battery_mc = 1000;
  return s;
}

class Placement : public ::testing::Test {
 protected:
  void SetUp() override { placement_init(&state, &rules); }
  settings rules = adaptive();
  placement_state state{};
};

TEST_F(Placement, StaysWithTheServiceInNormalConditions) {
  placement_sent(&state, 1, true, 20);
  EXPECT_FALSE(placement_choose(&state, &rules));
  EXPECT_EQ(state.now, PLACEMENT_EDGE);
}

TEST_F(Placement, APoorLinkMovesItToTheDeviceAndAGoodOneBack) {
  int reports = 0;
  while (!placement_choose(&state, &rules) && reports < 20) {
    placement_sent(&state, 4, false, 20);
    ++reports;
  }
  EXPECT_LE(reports, 3);
  EXPECT_EQ(state.now, PLACEMENT_DEVICE);
  EXPECT_EQ(state.reason, PLACEMENT_POOR_LINK);
  int back = 0;
  while (!placement_choose(&state, &rules) && back < 50) {
    placement_sent(&state, 1, true, 20);
    ++back;
  }
  EXPECT_EQ(state.now, PLACEMENT_EDGE);
  EXPECT_GT(back, 3);
  EXPECT_GE(state.link_q8, 256 * 6 / 10 - 1);  // better than the threshold by the hysteresis
}

TEST_F(Placement, AMissedDeadlineMovesItToTheDevice) {
  placement_sent(&state, 1, true, 400);
  EXPECT_TRUE(placement_choose(&state, &rules));
  EXPECT_EQ(state.now, PLACEMENT_DEVICE);
  EXPECT_EQ(state.reason, PLACEMENT_DEADLINE);
}

TEST_F(Placement, ALowBatteryKeepsItAtTheServiceWhateverTheLink) {
  for (int i = 0; i < 10; ++i) placement_sent(&state, 4, false, 400);
  // 1000 mC at about 0.5 mA: 1,800 windows of a second use 900.
  for (int i = 0; i < 1800; ++i) placement_spent(&state, 1000000, 3000, 8000);
  EXPECT_LT(placement_battery_pct(&state, &rules), 20u);
  placement_choose(&state, &rules);
  EXPECT_EQ(state.now, PLACEMENT_EDGE);
  EXPECT_EQ(state.reason, PLACEMENT_LOW_BATTERY);
}

TEST_F(Placement, TheChargeIsCountedWithoutLosingTheSmallParts) {
  for (int i = 0; i < 1000; ++i) placement_spent(&state, 1, 0, 0);  // 433 pC each
  EXPECT_EQ(state.used_uc * 1000000ull + state.used_pc, 433000ull);
}

TEST_F(Placement, IsFixedWhenNotAdaptive) {
  rules.adaptive = false;
  for (int i = 0; i < 10; ++i) placement_sent(&state, 4, false, 400);
  EXPECT_FALSE(placement_choose(&state, &rules));
  EXPECT_EQ(state.now, PLACEMENT_EDGE);
}

TEST(PlacementSettings, WordsSevenToNine) {
  uint32_t words[SETTINGS_WORDS] = {SETTINGS_MAGIC, 0xABCD0001, 26, 1000, 1000, 0, 0, 0x00140101, 0x00643214, 810000};
  settings s{};
  settings_decode(words, 1, &s);
  EXPECT_EQ(s.placement, PLACEMENT_DEVICE);
  EXPECT_TRUE(s.adaptive);
  EXPECT_EQ(s.verdict_wait_ms, 20);
  EXPECT_EQ(s.low_battery_pct, 20);
  EXPECT_EQ(s.poor_link_pct, 50);
  EXPECT_EQ(s.deadline_ms, 100);
  EXPECT_EQ(s.battery_mc, 810000u);
  words[7] = 0x9;
  settings_decode(words, 1, &s);
  EXPECT_EQ(s.placement, PLACEMENT_EDGE);
  EXPECT_TRUE(s.rejected & SETTINGS_PLACEMENT);
  words[7] = words[8] = words[9] = 0xFFFFFFFF;
  settings_decode(words, 1, &s);
  EXPECT_EQ(s.placement, PLACEMENT_EDGE);
  EXPECT_FALSE(s.adaptive);
  EXPECT_EQ(s.verdict_wait_ms, 0);
  EXPECT_EQ(s.rejected, 0);
}

TEST(Fragments, CoverTheTensorOnce) {
  int8_t tensor[FRAGMENT_DATA_SIZE * 2 + 5];
  for (size_t i = 0; i < sizeof tensor; ++i) tensor[i] = static_cast<int8_t>(i * 7);
  report r{};
  r.sequence = 0x1234;
  ASSERT_EQ(fragment_count(sizeof tensor), 3u);
  size_t at = 0;
  for (size_t f = 0; f < 3; ++f) {
    uint8_t out[FRAGMENT_MAX_SIZE];
    const size_t n = fragment_encode(&r, tensor, sizeof tensor, f, out);
    EXPECT_EQ(out[2] | out[3] << 8, 0x1234);
    EXPECT_EQ(out[4], f);
    EXPECT_EQ(out[5], 3);
    EXPECT_EQ(out[6] | out[7] << 8, static_cast<int>(sizeof tensor));
    for (size_t i = FRAGMENT_HEAD_SIZE; i < n; ++i) EXPECT_EQ(static_cast<int8_t>(out[i]), tensor[at++]);
  }
  EXPECT_EQ(at, sizeof tensor);
}

}  // namespace
