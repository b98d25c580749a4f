#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace xedgesim::metrics {

/// 128-bit sums: charge in attocoulombs over years does not fit in 64 bits.
__extension__ using Wide = __int128;

/// A number with a fixed count of decimals, kept as an integer, so that it prints the same on every host.
struct Decimal {
  int64_t scaled = 0;  ///< value × 10^decimals
  int decimals = 0;    ///< 0 to 9

  void append(std::string& out) const;
  std::string text() const;
  double value() const;
};

/// numerator / denominator to `decimals` places, halves away from zero; none when the denominator is zero.
std::optional<Decimal> ratio(int64_t numerator, int64_t denominator, int decimals);
/// Microseconds with three decimals, which is exact.
Decimal microseconds(Duration d);
/// The doubles nearest to a duration in milliseconds and seconds (a division; a product such as
/// Duration::count_ms() may be off by a bit, which shows in a file as 1.6000000000000001).
double milliseconds(Duration d);
double millijoules(int64_t nanojoules);
double seconds(Duration d);
/// Microjoules with three decimals from whole nanojoules, which is exact.
Decimal microjoules(int64_t nanojoules);
/// Nearest `decimals` places of a double; the double itself must be the same on every host.
Decimal rounded(double value, int decimals);

}  // namespace xedgesim::metrics
