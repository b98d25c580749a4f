#include "net/radio/error_model.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace xedgesim::net {

namespace {
constexpr double kNoErrors = 75;
}

double oqpsk_bit_error_rate(double sinr) {
  // C(16, k) for k = 2..16 with the sign of (-1)^k.
  constexpr std::array<double, 15> kSigned = {120,  -560,  1820, -4368, 8008, -11440, 12870, -11440,
                                              8008, -4368, 1820, -560,  120,  -16,    1};
  // The largest term is exp(-10 sinr): below the smallest double, and so are the others, which take long to
  // find out.
  if (sinr > kNoErrors) return 0;
  double sum = 0;
  for (size_t i = 0; i < kSigned.size(); ++i) {
    const double k = static_cast<double>(i + 2);
    sum += kSigned[i] * std::exp(20.0 * sinr * (1.0 / k - 1.0));
  }
  return std::clamp(sum * (8.0 / 15.0) / 16.0, 0.0, 0.5);
}

double oqpsk_packet_error_rate(double sinr, int64_t bits) {
  if (bits <= 0) return 0;
  return -std::expm1(static_cast<double>(bits) * std::log1p(-oqpsk_bit_error_rate(sinr)));
}

double noise_floor_dbm(double bandwidth_hz, double noise_figure_db) {
  constexpr double kBoltzmann = 1.380649e-23;
  return 10.0 * std::log10(kBoltzmann * 290.0 * bandwidth_hz * 1000.0) + noise_figure_db;
}

uint8_t link_quality(double sinr_db) {
  return static_cast<uint8_t>(std::clamp(std::lround((sinr_db + 5.0) * (255.0 / 25.0)), 0L, 255L));
}

}  // namespace xedgesim::net
