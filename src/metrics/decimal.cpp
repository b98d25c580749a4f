#include "metrics/decimal.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {
constexpr std::array<int64_t, 10> kPower{1,       10,        100,        1'000,       10'000,
                                         100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
}

void Decimal::append(std::string& out) const {
  const uint64_t magnitude = scaled < 0 ? 0 - static_cast<uint64_t>(scaled) : static_cast<uint64_t>(scaled);
  const auto unit = static_cast<uint64_t>(kPower[static_cast<size_t>(decimals)]);
  if (scaled < 0) out += '-';
  const fmt::format_int whole(magnitude / unit);
  out.append(whole.data(), whole.size());
  if (decimals == 0) return;
  const fmt::format_int part(magnitude % unit);
  out += '.';
  out.append(static_cast<size_t>(decimals) - part.size(), '0');
  out.append(part.data(), part.size());
}

std::string Decimal::text() const {
  std::string out;
  append(out);
  return out;
}

double Decimal::value() const {
  return static_cast<double>(scaled) / static_cast<double>(kPower[static_cast<size_t>(decimals)]);
}

std::optional<Decimal> ratio(int64_t numerator, int64_t denominator, int decimals) {
  if (denominator == 0) return std::nullopt;
  const bool negative = (numerator < 0) != (denominator < 0);
  const Wide n = numerator < 0 ? -Wide{numerator} : Wide{numerator};
  const Wide d = denominator < 0 ? -Wide{denominator} : Wide{denominator};
  const Wide q = (n * kPower[static_cast<size_t>(decimals)] * 2 + d) / (2 * d);
  XEDGESIM_ASSERT(q <= std::numeric_limits<int64_t>::max());
  return Decimal{negative ? -static_cast<int64_t>(q) : static_cast<int64_t>(q), decimals};
}

Decimal microseconds(Duration d) { return {d.count_ns(), 3}; }
double milliseconds(Duration d) { return static_cast<double>(d.count_ns()) / 1e6; }
double millijoules(int64_t nanojoules) { return static_cast<double>(nanojoules) / 1e6; }
double seconds(Duration d) { return static_cast<double>(d.count_ns()) / 1e9; }
Decimal microjoules(int64_t nanojoules) { return {nanojoules, 3}; }

Decimal rounded(double value, int decimals) {
  const double scaled = value * static_cast<double>(kPower[static_cast<size_t>(decimals)]);
  XEDGESIM_ASSERT(std::fabs(scaled) < 0x1p62);
  return {std::llround(scaled), decimals};
}

}  // namespace xedgesim::metrics
