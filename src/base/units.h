#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace xedgesim {

/// Quantities with units as users write them. Every parser takes the whole text ("50ms", "2.4 GHz") and
/// throws std::invalid_argument with a half-sentence that names the accepted units, for example
/// "'10' has no unit: write a time such as 10ms (ns, us, ms, s, min, h)"; the caller adds the place.
/// A bare number is refused, except 0 where the unit cannot matter.

Duration parse_duration(std::string_view text);     ///< ns us ms s min h
int64_t parse_frequency_hz(std::string_view text);  ///< Hz kHz MHz GHz
int64_t parse_bit_rate(
    std::string_view text);  ///< bit kbit Mbit Gbit, also bps kbps Mbps Gbps; bits a second
double parse_power_dbm(std::string_view text);  ///< dBm
double parse_ratio_db(std::string_view text);   ///< dB
double parse_length_m(std::string_view text);   ///< mm cm m km
int64_t parse_bytes(std::string_view text);     ///< B kB KiB MB MiB GB GiB
double parse_fraction(std::string_view text);   ///< "50%" or a number in [0, 1]
double parse_voltage(std::string_view text);    ///< mV V; volts
double parse_current(std::string_view text);    ///< nA uA mA A; amperes
double parse_charge_c(std::string_view text);   ///< uAh mAh Ah; coulombs

}  // namespace xedgesim
