#include "base/units.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace xedgesim {
namespace {

TEST(Units, ReadsQuantities) {
  EXPECT_EQ(parse_duration("10ms"), Duration::ms(10));
  EXPECT_EQ(parse_duration("0.1us"), Duration::ns(100));
  EXPECT_EQ(parse_duration("300 s"), Duration::s(300));
  EXPECT_EQ(parse_duration("0"), Duration());
  EXPECT_EQ(parse_frequency_hz("2.4GHz"), 2'400'000'000);
  EXPECT_EQ(parse_bit_rate("100Mbps"), 100'000'000);
  EXPECT_EQ(parse_bit_rate("250kbit"), 250'000);
  EXPECT_DOUBLE_EQ(parse_power_dbm("-20dBm"), -20);
  EXPECT_DOUBLE_EQ(parse_length_m("10m"), 10);
  EXPECT_EQ(parse_bytes("512MiB"), 536'870'912);
  EXPECT_DOUBLE_EQ(parse_fraction("0.01%"), 0.0001);
  EXPECT_DOUBLE_EQ(parse_charge_c("225mAh"), 810);
}

TEST(Units, RefusesBareNumbersWithTheAcceptedUnits) {
  try {
    parse_duration("10");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "'10' has no unit: write a time such as 10ms (ns, us, ms, s, min, h)");
  }
  EXPECT_THROW(parse_duration("10m"), std::invalid_argument);
  EXPECT_THROW(parse_duration("ms"), std::invalid_argument);
  EXPECT_THROW(parse_duration("1e400s"), std::invalid_argument);
  EXPECT_THROW(parse_duration("1e30s"), std::invalid_argument);
  EXPECT_THROW(parse_fraction("120%"), std::invalid_argument);
  EXPECT_THROW(parse_fraction("-1%"), std::invalid_argument);
}

}  // namespace
}  // namespace xedgesim
