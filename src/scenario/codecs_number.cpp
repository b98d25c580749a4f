#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <stdexcept>

#include "base/units.h"
#include "scenario/codecs.h"

namespace xedgesim::scenario {
namespace {

using nlohmann::json;

constexpr const char* kNumberPattern = "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?";

json with_variable(json schema) {
  return {{"anyOf", json::array({std::move(schema), json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

template <class T>
struct NumberText {
  bool ok = false;
  bool too_large = false;
  T value{};
};

template <class T>
NumberText<T> parse_number(std::string_view text) {
  NumberText<T> r;
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::from_chars_result parsed{};
  if constexpr (std::is_integral_v<T>) {
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
      base = 16;
      text.remove_prefix(2);
      if (text.front() == '-') return r;
    }
    parsed = std::from_chars(text.data(), text.data() + text.size(), r.value, base);
  } else {
    parsed = std::from_chars(text.data(), text.data() + text.size(), r.value);
  }
  const bool whole = !text.empty() && parsed.ptr == text.data() + text.size();
  r.too_large = whole && parsed.ec == std::errc::result_out_of_range;
  r.ok = whole && parsed.ec == std::errc{};
  if constexpr (std::is_floating_point_v<T>) r.ok = r.ok && std::isfinite(r.value);
  return r;
}

template <class T>
class NumberCodec : public Codec<T> {
 public:
  NumberCodec(T min, T max, std::string what) : min_(min), max_(max), what_(std::move(what)) {}
  bool load(const Value& value, T& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, what_, context);
    if (s == nullptr) return false;
    const auto n = parse_number<T>(*s);
    if (n.ok && n.value >= min_ && n.value <= max_) {
      out = n.value;
      return true;
    }
    const std::string shown = s->substr(0, 60);
    context.report.error(value.mark, n.ok || n.too_large
                                         ? fmt::format("{}: {} is out of range: write {} from {} to {}",
                                                       path.text(), shown, what_, min_, max_)
                                         : fmt::format("{}: '{}' is not {}: write one from {} to {}",
                                                       path.text(), shown, what_, min_, max_));
    return false;
  }
  json schema(bool) const override {
    const json number = {
        {"type", std::is_integral_v<T> ? "integer" : "number"}, {"minimum", min_}, {"maximum", max_}};
    return with_variable(number);
  }
  ValuePtr dump(const T& value) const override { return make_plain(fmt::format("{}", value)); }
  std::string type() const override { return fmt::format("{}, {} to {}", what_, min_, max_); }

 private:
  T min_, max_;
  std::string what_;
};

class MeasuredCodec : public Codec<double> {
 public:
  bool load(const Value& value, double& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    const bool percent = !s->empty() && s->back() == '%';
    const auto n = parse_number<double>(std::string_view(*s).substr(0, s->size() - (percent ? 1 : 0)));
    if (!n.ok) {
      context.report.error(value.mark, fmt::format("{}: '{}' is not a number: write one such as 0.95 or 95%",
                                                   path.text(), *s));
      return false;
    }
    out = percent ? n.value / 100 : n.value;
    return true;
  }
  json schema(bool) const override {
    const json percent = {{"type", "string"},
                          {"pattern", fmt::format("^({}%|.*\\$\\{{.*)$", kNumberPattern)}};
    return {{"anyOf", json::array({json{{"type", "number"}}, percent})}};
  }
  ValuePtr dump(const double& value) const override { return make_plain(fmt::format("{}", value)); }
  std::string type() const override { return "a number"; }
};

/// One kind of quantity. Numbers are checked against [min, max] after conversion.
template <class T>
struct Quantity {
  std::string name;                // "time"
  std::vector<std::string> units;  // as base/units.h has them
  T (*parse)(std::string_view);
  std::string (*print)(T);
  T min, max;
  bool positive = false;
  double bare = 0;  // factor of a number without a unit; 0: refused
  std::string bare_unit = {};
};

template <class T>
class QuantityCodec : public Codec<T> {
 public:
  explicit QuantityCodec(Quantity<T> q) : q_(std::move(q)) {}

  bool load(const Value& value, T& out, const Path& path, LoadContext& context) const override {
    const std::string* s = scalar_text(value, path, type(), context);
    if (s == nullptr) return false;
    try {
      out = convert(*s);
    } catch (const std::invalid_argument& e) {
      context.report.error(value.mark, fmt::format("{}: {}", path.text(), e.what()));
      return false;
    }
    if (q_.positive && !(out > T{})) {
      context.report.error(value.mark,
                           fmt::format("{}: '{}' is not more than 0: write a longer one", path.text(), *s));
      return false;
    }
    if (out < q_.min || out > q_.max) {
      context.report.error(value.mark, fmt::format("{}: '{}' is out of range: write {} to {}", path.text(),
                                                   *s, q_.print(q_.min), q_.print(q_.max)));
      return false;
    }
    return true;
  }

  json schema(bool) const override {
    std::string alternatives;
    for (const std::string& u : q_.units) alternatives += (alternatives.empty() ? "" : "|") + u;
    const json with_unit = {
        {"type", "string"},
        {"pattern", fmt::format("^( *{} *({}) *|.*\\$\\{{.*)$", kNumberPattern, alternatives)}};
    const json number = q_.bare != 0 ? json{{"type", "number"}} : json{{"const", 0}};
    if (q_.bare == 0 && (q_.positive || q_.min > T{})) return with_unit;
    return {{"anyOf", json::array({with_unit, number})}};
  }
  ValuePtr dump(const T& value) const override { return make_plain(q_.print(value)); }
  std::string type() const override {
    return fmt::format("{} ({}{})", q_.name, name_list(q_.units),
                       q_.bare != 0 ? "; a bare number is " + q_.bare_unit : "");
  }

 private:
  T convert(const std::string& s) const {
    const auto n = parse_number<double>(s);
    if (q_.bare == 0 || !n.ok) return q_.parse(s);
    const double v = n.value * q_.bare;
    if constexpr (std::is_integral_v<T>) {
      if (std::fabs(v) >= 0x1p62)
        throw std::invalid_argument(fmt::format("'{}' is too large to be computed with: write less", s));
      return std::llround(v);
    } else if constexpr (std::is_floating_point_v<T>) {
      return v;
    }
    return q_.parse(s);
  }
  Quantity<T> q_;
};

template <class T>
CodecPtr<T> quantity(Quantity<T> q) {
  return std::make_shared<QuantityCodec<T>>(std::move(q));
}

struct PrintedUnit {
  int64_t factor;
  std::string_view name;
};

/// The largest unit that divides the value: exact, and short.
std::string in_units(int64_t value, std::span<const PrintedUnit> largest_first) {
  for (const PrintedUnit& u : largest_first)
    if (value % u.factor == 0 && (value != 0 || u.factor == 1))
      return fmt::format("{}{}", value / u.factor, u.name);
  return fmt::format("{}{}", value, largest_first.back().name);
}

std::string print_duration(Duration d) { return format_duration(d); }
std::string print_frequency(int64_t v) {
  static constexpr std::array kUnits{PrintedUnit{1'000'000'000, "GHz"}, PrintedUnit{1'000'000, "MHz"},
                                     PrintedUnit{1000, "kHz"}, PrintedUnit{1, "Hz"}};
  return in_units(v, kUnits);
}
std::string print_rate(int64_t v) {
  static constexpr std::array kUnits{PrintedUnit{1'000'000'000, "Gbit"}, PrintedUnit{1'000'000, "Mbit"},
                                     PrintedUnit{1000, "kbit"}, PrintedUnit{1, "bit"}};
  return in_units(v, kUnits);
}
std::string print_bytes(int64_t v) {
  static constexpr std::array kUnits{PrintedUnit{1 << 30, "GiB"}, PrintedUnit{1 << 20, "MiB"},
                                     PrintedUnit{1024, "KiB"}, PrintedUnit{1, "B"}};
  return in_units(v, kUnits);
}
std::string print_dbm(double v) { return fmt::format("{}dBm", v); }
std::string print_db(double v) { return fmt::format("{}dB", v); }
std::string print_length(double v) { return fmt::format("{}m", v); }
std::string print_fraction(double v) { return fmt::format("{}", v); }
std::string print_voltage(double v) { return fmt::format("{}V", v); }
std::string print_ppm(double v) { return fmt::format("{}ppm", v); }

/// A charge that reads back as exactly these coulombs.
std::string print_charge(double coulombs) {
  constexpr std::array<std::pair<const char*, double>, 3> kUnits{
      {{"mAh", 3.6}, {"uAh", 3.6e-3}, {"Ah", 3600}}};
  for (int precision = 1; precision <= 17; ++precision) {
    for (const auto& [unit, factor] : kUnits) {
      const std::string s = fmt::format("{:.{}g}{}", coulombs / factor, precision, unit);
      if (parse_charge_c(s) == coulombs) return s;
    }
  }
  double mah = coulombs / 3.6;
  for (int step = 0; step < 8; ++step) {
    mah = std::nextafter(mah, step % 2 ? -1e300 : 1e300);
    const std::string s = fmt::format("{}mAh", mah);
    if (parse_charge_c(s) == coulombs) return s;
  }
  return fmt::format("{}mAh", coulombs / 3.6);
}

double parse_suffixed(std::string_view text, std::string_view suffix, std::string_view what,
                      std::string_view example) {
  std::string_view digits = text;
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  const bool has = digits.size() > suffix.size() && digits.substr(digits.size() - suffix.size()) == suffix;
  if (has) digits.remove_suffix(suffix.size());
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  const auto n = parse_number<double>(digits);
  if (n.ok && (has || n.value == 0)) return n.value;
  throw std::invalid_argument(fmt::format("'{}' {}: write {} such as {} ({})", text,
                                          n.ok ? "has no unit" : fmt::format("is not {}", what), what,
                                          example, suffix));
}
double parse_ppm(std::string_view t) { return parse_suffixed(t, "ppm", "a deviation", "20ppm"); }
double parse_cores(std::string_view t) { return parse_suffixed(t, "%", "a share of one core", "150%") / 100; }
std::string print_cores(double v) {
  for (int precision = 1; precision <= 17; ++precision) {
    const std::string s = fmt::format("{:.{}f}%", v * 100, precision);
    if (parse_cores(s) == v) return s;
  }
  return fmt::format("{}%", v * 100);
}

const std::vector<std::string> kTimeUnits = {"ns", "us", "ms", "s", "min", "h"};
const std::vector<std::string> kByteUnits = {"B", "kB", "KiB", "MB", "MiB", "GB", "GiB"};
constexpr int64_t kHuge = int64_t{1} << 62;

/// [x, y], [x, y, z] or {x: …, y: …, z: …}.
class PositionCodec : public Codec<Position> {
 public:
  bool load(const Value& value, Position& out, const Path& path, LoadContext& context) const override {
    if (value.is_map()) return load_map(value, out, path, context);
    if (!value.is_list() || value.items.size() < 2 || value.items.size() > 3) {
      context.report.error(
          value.mark,
          fmt::format("{}: expected a position such as [10m, 0m] or {{x: 10m, y: 0m}}", path.text()));
      return false;
    }
    bool ok = true;
    for (size_t i = 0; i < value.items.size(); ++i)
      ok &= axis_->load(*value.items[i], out.*kAxes[i].member, Path(path, i), context);
    return ok;
  }
  json schema(bool) const override {
    const json axis = axis_->schema(false);
    const json list = {{"type", "array"}, {"minItems", 2}, {"maxItems", 3}, {"items", axis}};
    const json map = {{"type", "object"},
                      {"properties", {{"x", axis}, {"y", axis}, {"z", axis}}},
                      {"required", {"x", "y"}},
                      {"additionalProperties", false}};
    return {{"anyOf", json::array({list, map})}};
  }
  ValuePtr dump(const Position& p) const override {
    std::vector<ValuePtr> items = {axis_->dump(p.x_m), axis_->dump(p.y_m)};
    if (p.z_m != 0) items.push_back(axis_->dump(p.z_m));
    return make_list(std::move(items));
  }
  std::string type() const override { return "position [x, y], [x, y, z] or {x, y, z}"; }

 private:
  struct Axis {
    std::string_view key;
    double Position::*member;
  };
  static constexpr std::array kAxes{Axis{"x", &Position::x_m}, Axis{"y", &Position::y_m},
                                    Axis{"z", &Position::z_m}};

  bool load_map(const Value& value, Position& out, const Path& path, LoadContext& context) const {
    bool ok = true;
    for (const Entry& e : value.entries) {
      const auto axis =
          std::find_if(kAxes.begin(), kAxes.end(), [&](const Axis& a) { return a.key == e.key; });
      if (axis != kAxes.end()) {
        ok &= axis_->load(*e.value, out.*axis->member, Path(path, e.key), context);
      } else {
        context.report.error(e.mark, fmt::format("unknown key '{}' in {} — known keys: x, y, z",
                                                 e.key.substr(0, 80), path.text()));
        ok = false;
      }
    }
    if (value.find("x") && value.find("y")) return ok;
    context.report.error(value.mark,
                         fmt::format("{}: a position needs x and y: write {{x: 10m, y: 0m}}", path.text()));
    return false;
  }
  CodecPtr<double> axis_ = length(-1e7, 1e7);
};

}  // namespace

CodecPtr<int64_t> integer(int64_t min, int64_t max, std::string what) {
  return std::make_shared<NumberCodec<int64_t>>(min, max, std::move(what));
}
CodecPtr<uint64_t> unsigned_integer() {
  return std::make_shared<NumberCodec<uint64_t>>(0, std::numeric_limits<uint64_t>::max(), "a whole number");
}
CodecPtr<double> real(double min, double max) {
  return std::make_shared<NumberCodec<double>>(min, max, "a number");
}
CodecPtr<double> measured() { return std::make_shared<MeasuredCodec>(); }

std::string format_duration(Duration d) {
  static constexpr std::array kUnits{PrintedUnit{1'000'000'000, "s"}, PrintedUnit{1'000'000, "ms"},
                                     PrintedUnit{1000, "us"}, PrintedUnit{1, "ns"}};
  return d == Duration() ? "0s" : in_units(d.count_ns(), kUnits);
}

CodecPtr<Duration> duration() {
  return quantity<Duration>(
      {"time", kTimeUnits, parse_duration, print_duration, Duration(), Duration::ns(kHuge)});
}
CodecPtr<Duration> positive_duration() {
  return quantity<Duration>(
      {"time", kTimeUnits, parse_duration, print_duration, Duration(), Duration::ns(kHuge), true});
}
CodecPtr<int64_t> frequency() {
  return quantity<int64_t>(
      {"frequency", {"Hz", "kHz", "MHz", "GHz"}, parse_frequency_hz, print_frequency, 1, 100'000'000'000});
}
CodecPtr<int64_t> bit_rate() {
  return quantity<int64_t>({"bit rate",
                            {"bit", "kbit", "Mbit", "Gbit", "bps", "kbps", "Mbps", "Gbps"},
                            parse_bit_rate,
                            print_rate,
                            1,
                            kHuge});
}
CodecPtr<int64_t> bytes(int64_t min) {
  return quantity<int64_t>({"size", kByteUnits, parse_bytes, print_bytes, min, kHuge});
}
CodecPtr<int64_t> bytes_bare(int64_t bare_factor, int64_t min, int64_t max) {
  const std::string unit = bare_factor == 1 ? "B" : bare_factor == int64_t{1} << 20 ? "MiB" : "GiB";
  return quantity<int64_t>({"size", kByteUnits, parse_bytes, print_bytes, min, max, false,
                            static_cast<double>(bare_factor), unit});
}
CodecPtr<double> power(double min_dbm, double max_dbm) {
  return quantity<double>({"power", {"dBm"}, parse_power_dbm, print_dbm, min_dbm, max_dbm});
}
CodecPtr<double> power_bare() {
  return quantity<double>({"power", {"dBm"}, parse_power_dbm, print_dbm, -200, 60, false, 1, "dBm"});
}
CodecPtr<double> ratio_db(double min, double max) {
  return quantity<double>({"ratio", {"dB"}, parse_ratio_db, print_db, min, max});
}
CodecPtr<double> ratio_db_bare(double min, double max) {
  return quantity<double>({"ratio", {"dB"}, parse_ratio_db, print_db, min, max, false, 1, "dB"});
}
CodecPtr<double> length(double min_m, double max_m) {
  return quantity<double>({"length", {"mm", "cm", "m", "km"}, parse_length_m, print_length, min_m, max_m});
}
CodecPtr<double> length_bare(double min_m, double max_m) {
  return quantity<double>(
      {"length", {"mm", "cm", "m", "km"}, parse_length_m, print_length, min_m, max_m, false, 1, "m"});
}
CodecPtr<double> fraction() {
  return quantity<double>(
      {"fraction", {"%"}, parse_fraction, print_fraction, 0, 1, false, 1, "a share from 0 to 1"});
}
CodecPtr<double> cores() {
  return quantity<double>({"share of one core", {"%"}, parse_cores, print_cores, 0.001, 1024});
}
CodecPtr<double> voltage(double min_v, double max_v) {
  return quantity<double>({"voltage", {"mV", "V"}, parse_voltage, print_voltage, min_v, max_v});
}
CodecPtr<double> charge() {
  return quantity<double>({"charge", {"uAh", "mAh", "Ah"}, parse_charge_c, print_charge, 0, 1e9, true});
}
CodecPtr<double> ppm() { return quantity<double>({"deviation", {"ppm"}, parse_ppm, print_ppm, -1e5, 1e5}); }
CodecPtr<Position> position() { return std::make_shared<PositionCodec>(); }

}  // namespace xedgesim::scenario
