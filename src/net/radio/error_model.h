#pragma once
#include <cstdint>

namespace xedgesim::net {

/// Bit error rate of the 2.4 GHz O-QPSK PHY at a linear signal to interference and noise ratio:
/// (8/15)(1/16) sum over k = 2..16 of (-1)^k C(16,k) exp(20 sinr (1/k - 1)), IEEE 802.15.4-2006 annex
/// E.4.1.8. Interference counts as noise. In [0, 0.5].
double oqpsk_bit_error_rate(double sinr);

/// Probability that at least one of `bits` is wrong at that ratio.
double oqpsk_packet_error_rate(double sinr, int64_t bits);

/// Thermal noise k T0 B F at 290 K: -106.99 dBm for 5 MHz and a noise figure of 0 dB.
double noise_floor_dbm(double bandwidth_hz, double noise_figure_db);

/// Link quality 0..255 for a ratio in dB: linear from the lock threshold -5 dB (0) to +20 dB (255). The
/// standard asks for no more than monotony and at least eight values.
uint8_t link_quality(double sinr_db);

}  // namespace xedgesim::net
