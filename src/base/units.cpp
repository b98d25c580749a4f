#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <stdexcept>

namespace xedgesim {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

struct Quantity {
  std::string_view what;     // "a time"
  std::string_view example;  // "10ms"
  std::span<const Unit> units;
};

std::string unit_list(const Quantity& q) {
  std::string s;
  for (const Unit& u : q.units) s += (s.empty() ? "" : ", ") + std::string(u.name);
  return s;
}

/// Number and unit factor apart, so that integral results stay exact for decimal input.
double parse(std::string_view text, const Quantity& q) {
  const std::string_view original = text;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  double number = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (ec != std::errc{} || !std::isfinite(number)) {
    throw std::invalid_argument(fmt::format("'{}' is not {}: write a number with a unit such as {} ({})",
                                            original, q.what, q.example, unit_list(q)));
  }
  std::string_view unit(end, static_cast<size_t>(digits.data() + digits.size() - end));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  if (unit.empty()) {
    if (number == 0) return 0;
    throw std::invalid_argument(
        fmt::format("'{}' has no unit: write {} such as {} ({})", original, q.what, q.example, unit_list(q)));
  }
  for (const Unit& u : q.units) {
    if (u.name == unit) return number * u.factor;
  }
  throw std::invalid_argument(fmt::format("'{}' has the unknown unit '{}': {} is written with {}", original,
                                          unit, q.what, unit_list(q)));
}

int64_t whole(double v, std::string_view text) {
  // 2^62 leaves room for sums of a few quantities.
  if (std::fabs(v) >= 0x1p62)
    throw std::invalid_argument(fmt::format("'{}' is too large to be computed with: write less", text));
  return std::llround(v);
}

constexpr std::array kTime{Unit{"ns", 1},  Unit{"us", 1e3},   Unit{"ms", 1e6},
                           Unit{"s", 1e9}, Unit{"min", 60e9}, Unit{"h", 3600e9}};
constexpr std::array kFrequency{Unit{"Hz", 1}, Unit{"kHz", 1e3}, Unit{"MHz", 1e6}, Unit{"GHz", 1e9}};
constexpr std::array kRate{Unit{"bit", 1}, Unit{"kbit", 1e3}, Unit{"Mbit", 1e6}, Unit{"Gbit", 1e9},
                           Unit{"bps", 1}, Unit{"kbps", 1e3}, Unit{"Mbps", 1e6}, Unit{"Gbps", 1e9}};
constexpr std::array kDbm{Unit{"dBm", 1}};
constexpr std::array kDb{Unit{"dB", 1}};
constexpr std::array kLength{Unit{"mm", 1e-3}, Unit{"cm", 1e-2}, Unit{"m", 1}, Unit{"km", 1e3}};
constexpr std::array kBytes{Unit{"B", 1},        Unit{"kB", 1e3}, Unit{"KiB", 1024.0}, Unit{"MB", 1e6},
                            Unit{"MiB", 0x1p20}, Unit{"GB", 1e9}, Unit{"GiB", 0x1p30}};
constexpr std::array kVoltage{Unit{"mV", 1e-3}, Unit{"V", 1}};
constexpr std::array kCurrent{Unit{"nA", 1e-9}, Unit{"uA", 1e-6}, Unit{"mA", 1e-3}, Unit{"A", 1}};
constexpr std::array kCharge{Unit{"uAh", 3.6e-3}, Unit{"mAh", 3.6}, Unit{"Ah", 3600}};
constexpr std::array kPercent{Unit{"%", 0.01}};

}  // namespace

Duration parse_duration(std::string_view t) {
  return Duration::ns(whole(parse(t, {"a time", "10ms", kTime}), t));
}
int64_t parse_frequency_hz(std::string_view t) {
  return whole(parse(t, {"a frequency", "1000Hz", kFrequency}), t);
}
int64_t parse_bit_rate(std::string_view t) { return whole(parse(t, {"a bit rate", "100Mbit", kRate}), t); }
double parse_power_dbm(std::string_view t) { return parse(t, {"a power", "0dBm", kDbm}); }
double parse_ratio_db(std::string_view t) { return parse(t, {"a ratio", "3dB", kDb}); }
double parse_length_m(std::string_view t) { return parse(t, {"a length", "10m", kLength}); }
int64_t parse_bytes(std::string_view t) { return whole(parse(t, {"a size", "512MiB", kBytes}), t); }
double parse_voltage(std::string_view t) { return parse(t, {"a voltage", "3.0V", kVoltage}); }
double parse_current(std::string_view t) { return parse(t, {"a current", "5mA", kCurrent}); }
double parse_charge_c(std::string_view t) { return parse(t, {"a charge", "225mAh", kCharge}); }

double parse_fraction(std::string_view t) {
  double v = 0;
  if (!t.empty() && t.back() == '%') {
    v = parse(t, {"a fraction", "50%", kPercent});
  } else {
    const auto [end, ec] = std::from_chars(t.data(), t.data() + t.size(), v);
    if (ec != std::errc{} || end != t.data() + t.size())
      throw std::invalid_argument(
          fmt::format("'{}' is not a fraction: write 50% or a number from 0 to 1", t));
  }
  if (!(v >= 0 && v <= 1)) throw std::invalid_argument(fmt::format("'{}' is outside 0% to 100%", t));
  return v;
}

}  // namespace xedgesim
