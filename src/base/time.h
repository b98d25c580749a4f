#pragma once
#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace xedgesim {

/// A span of simulated time in whole nanoseconds. Range: about ±292 years.
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration ns(int64_t v) { return Duration(v); }
  static constexpr Duration us(int64_t v) { return Duration(v * 1'000); }
  static constexpr Duration ms(int64_t v) { return Duration(v * 1'000'000); }
  static constexpr Duration s(int64_t v) { return Duration(v * 1'000'000'000); }
  /// Nearest nanosecond to `v` seconds.
  static constexpr Duration seconds(double v) {
    return Duration(static_cast<int64_t>(v * 1e9 + (v < 0 ? -0.5 : 0.5)));
  }
  static constexpr Duration max() { return Duration(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t count_ns() const { return ns_; }
  constexpr double count_us() const { return static_cast<double>(ns_) * 1e-3; }
  constexpr double count_ms() const { return static_cast<double>(ns_) * 1e-6; }
  constexpr double count_s() const { return static_cast<double>(ns_) * 1e-9; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return Duration(-ns_); }
  constexpr Duration& operator+=(Duration d) {
    ns_ += d.ns_;
    return *this;
  }
  constexpr Duration& operator-=(Duration d) {
    ns_ -= d.ns_;
    return *this;
  }
  friend constexpr Duration operator+(Duration a, Duration b) { return a += b; }
  friend constexpr Duration operator-(Duration a, Duration b) { return a -= b; }
  friend constexpr Duration operator*(Duration a, int64_t k) { return Duration(a.ns_ * k); }
  friend constexpr Duration operator*(int64_t k, Duration a) { return a * k; }
  friend constexpr Duration operator/(Duration a, int64_t k) { return Duration(a.ns_ / k); }
  friend constexpr int64_t operator/(Duration a, Duration b) { return a.ns_ / b.ns_; }
  friend constexpr Duration operator%(Duration a, Duration b) { return Duration(a.ns_ % b.ns_); }

 private:
  explicit constexpr Duration(int64_t v) : ns_(v) {}
  int64_t ns_ = 0;
};

/// A point in simulated time: nanoseconds since the start of the run. There is no now(): the only
/// clock is the scheduler's (src/sim), and below src/nodes the host's clocks are out of reach.
class SimTime {
 public:
  constexpr SimTime() = default;
  static constexpr SimTime at(Duration since_start) { return SimTime(since_start.count_ns()); }
  static constexpr SimTime from_ns(int64_t v) { return SimTime(v); }
  static constexpr SimTime zero() { return SimTime(0); }
  /// Later than every reachable time; adding a duration to it keeps it there.
  static constexpr SimTime never() { return SimTime(std::numeric_limits<int64_t>::max()); }
  static SimTime now() = delete;

  constexpr int64_t count_ns() const { return ns_; }
  constexpr double count_s() const { return static_cast<double>(ns_) * 1e-9; }
  constexpr Duration since_start() const { return Duration::ns(ns_); }
  constexpr bool is_never() const { return *this == never(); }

  constexpr auto operator<=>(const SimTime&) const = default;
  friend constexpr SimTime operator+(SimTime t, Duration d) {
    int64_t r = 0;
    if (t.is_never() || __builtin_add_overflow(t.ns_, d.count_ns(), &r)) return never();
    return SimTime(r);
  }
  friend constexpr SimTime operator-(SimTime t, Duration d) {
    return t.is_never() ? t : SimTime(t.ns_ - d.count_ns());
  }
  friend constexpr Duration operator-(SimTime a, SimTime b) { return Duration::ns(a.ns_ - b.ns_); }

 private:
  explicit constexpr SimTime(int64_t v) : ns_(v) {}
  int64_t ns_ = 0;
};

/// "12.345678901 s": seconds with all nine decimals, for logs and error messages.
std::string to_string(SimTime t);

namespace literals {
constexpr Duration operator""_ns(unsigned long long v) { return Duration::ns(static_cast<int64_t>(v)); }
constexpr Duration operator""_us(unsigned long long v) { return Duration::us(static_cast<int64_t>(v)); }
constexpr Duration operator""_ms(unsigned long long v) { return Duration::ms(static_cast<int64_t>(v)); }
constexpr Duration operator""_s(unsigned long long v) { return Duration::s(static_cast<int64_t>(v)); }
}  // namespace literals
}  // namespace xedgesim
