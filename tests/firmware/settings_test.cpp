#include "common/settings.h"

#include <gtest/gtest.h>

#include "common/features.h"
#include "common/window_plan.h"

namespace {

struct Words {
  uint32_t w[SETTINGS_WORDS] = {SETTINGS_MAGIC, 0xBEEF0007, 0x00010C0F, 2000, 500, 120, 9};
  settings decode(uint32_t device_id = 0xCAFE1234) const {
    settings s;
    settings_decode(w, device_id, &s);
    return s;
  }
};

void expect_default_radio(const settings& s) {
  EXPECT_EQ(s.pan_id, 0xABCD);
  EXPECT_EQ(s.channel, 26);
  EXPECT_EQ(s.tx_power_dbm, 0);
}

}  // namespace

TEST(Settings, ReadsEveryField) {
  Words words;
  words.w[2] = 0x0001F40Fu;  // gateway 1, -12 dBm, channel 15
  settings s = words.decode();
  EXPECT_TRUE(s.from_uicr);
  EXPECT_EQ(s.rejected, 0);
  EXPECT_EQ(s.address, 0x0007);
  EXPECT_EQ(s.pan_id, 0xBEEF);
  EXPECT_EQ(s.channel, 15);
  EXPECT_EQ(s.tx_power_dbm, -12);
  EXPECT_EQ(s.gateway, 1);
  EXPECT_EQ(s.sample_rate_hz, 2000u);
  EXPECT_EQ(s.report_interval_ms, 500u);
  EXPECT_EQ(s.start_phase_ms, 120u);
  EXPECT_EQ(s.peer, 9);
}

TEST(Settings, ErasedUicrGivesDefaultsAndTheChipsAddress) {
  Words words;
  for (uint32_t& w : words.w) w = 0xFFFFFFFF;
  settings s = words.decode();
  EXPECT_FALSE(s.from_uicr);
  EXPECT_EQ(s.rejected, 0);
  expect_default_radio(s);
  EXPECT_EQ(s.address, 0x1234);
  EXPECT_EQ(s.gateway, 0);
  EXPECT_EQ(s.sample_rate_hz, 1000u);
  EXPECT_EQ(s.report_interval_ms, 1000u);
  EXPECT_EQ(s.start_phase_ms, SETTINGS_RANDOM_PHASE);
  EXPECT_EQ(s.peer, 0);
}

TEST(Settings, ChipAddressIsNeverReservedOrTheGateways) {
  Words words;
  words.w[0] = 0;
  for (uint32_t id : {0xFFFFFFFFu, 0x1000FFFEu, 0x55550000u}) {
    settings s = words.decode(id);
    EXPECT_LT(s.address, 0xFFFE);
    EXPECT_NE(s.address, s.gateway);
  }
}

TEST(Settings, RejectsFieldsOutOfRangeOneByOne) {
  Words words;
  words.w[1] = 0xFFFFFFFE;
  words.w[2] = 0x0000090A;  // 9 dBm, channel 10
  words.w[3] = 9;
  words.w[4] = 0xFFFFFFFF;
  words.w[6] = 0xFFFFFFFF;
  settings s = words.decode();
  EXPECT_EQ(s.rejected, SETTINGS_ADDRESS | SETTINGS_PAN | SETTINGS_CHANNEL | SETTINGS_TX_POWER |
                            SETTINGS_SAMPLE_RATE | SETTINGS_REPORT_INTERVAL);
  expect_default_radio(s);
  EXPECT_EQ(s.address, 0x1234);
  EXPECT_EQ(s.sample_rate_hz, 1000u);
  EXPECT_EQ(s.report_interval_ms, 1000u);
  EXPECT_EQ(s.peer, 0);
}

TEST(WindowPlan, OneWindowAReportWhenTheFeaturesCanTakeIt) {
  EXPECT_EQ(plan_windows(1000, 1000).samples, 1000u);
  EXPECT_EQ(plan_windows(1000, 1000).windows_per_report, 1u);
  EXPECT_EQ(plan_windows(1024, 1000).windows_per_report, 1u);
}

TEST(WindowPlan, LongIntervalsAreCutEvenly) {
  for (uint32_t rate : {10u, 999u, 1000u, 1025u, 4000u, 20000u}) {
    for (uint32_t interval : {10u, 250u, 1000u, 2500u, 60000u, 3600000u}) {
      auto plan = plan_windows(rate, interval);
      uint64_t total = uint64_t{rate} * interval / 1000;
      ASSERT_GE(plan.samples, 1u);
      ASSERT_LE(plan.samples, FEATURES_MAX_SAMPLES);
      uint64_t covered = uint64_t{plan.samples} * plan.windows_per_report;
      if (total > 0) {
        EXPECT_LE(covered, total);
        EXPECT_GT(covered + plan.windows_per_report, total);
      }
    }
  }
}
