#include "net/radio/error_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace xedgesim::net {
namespace {

TEST(ErrorModel, MeetsTheTableOfPacketErrorRates) {
  std::ifstream in(std::string(XEDGESIM_SOURCE_DIR) + "/tests/net/data/ber_per_table.csv");
  std::string line;
  std::getline(in, line);
  int rows = 0;
  while (std::getline(in, line)) {
    std::stringstream s(line);
    double snr = 0, ber = 0, per20 = 0, per127 = 0, per20_all = 0, per127_all = 0;
    char comma = 0;
    s >> snr >> comma >> ber >> comma >> per20 >> comma >> per127 >> comma >> per20_all >> comma >>
        per127_all;
    ASSERT_TRUE(s) << line;
    const double ratio = std::pow(10.0, snr / 10.0);
    EXPECT_NEAR(oqpsk_bit_error_rate(ratio), ber, 1e-6) << snr;
    EXPECT_NEAR(oqpsk_packet_error_rate(ratio, 20 * 8), per20, 1e-6) << snr;
    EXPECT_NEAR(oqpsk_packet_error_rate(ratio, 127 * 8), per127, 1e-6) << snr;
    EXPECT_NEAR(oqpsk_packet_error_rate(ratio, 26 * 8), per20_all, 1e-6) << snr;
    EXPECT_NEAR(oqpsk_packet_error_rate(ratio, 133 * 8), per127_all, 1e-6) << snr;
    ++rows;
  }
  EXPECT_EQ(rows, 81);
}

TEST(ErrorModel, FallsWithTheRatioAndStaysAProbability) {
  double last = 1;
  for (double db = -60; db < 60; db += 0.1) {
    const double ber = oqpsk_bit_error_rate(std::pow(10.0, db / 10.0));
    EXPECT_LE(ber, last + 1e-12);
    EXPECT_GE(ber, 0);
    EXPECT_LE(ber, 0.5);
    last = ber;
  }
  EXPECT_EQ(oqpsk_packet_error_rate(0, 0), 0);
}

TEST(ErrorModel, NoiseFloorOfFiveMegahertzIsNs3s) {
  EXPECT_NEAR(noise_floor_dbm(5e6, 0), -106.99, 0.005);
  EXPECT_NEAR(noise_floor_dbm(2e6, 6), -104.965, 0.005);
}

TEST(ErrorModel, LinkQualityIsMonotonous) {
  EXPECT_EQ(link_quality(-5), 0);
  EXPECT_EQ(link_quality(-30), 0);
  EXPECT_EQ(link_quality(20), 255);
  EXPECT_EQ(link_quality(90), 255);
  for (double db = -10; db < 30; db += 0.5) EXPECT_LE(link_quality(db), link_quality(db + 0.5));
}

}  // namespace
}  // namespace xedgesim::net
