#include "experiment/assertions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "metrics/decimal.h"
#include "metrics/suggest.h"

namespace xedgesim::experiment {
namespace {

constexpr std::array<std::string_view, 7> kNames{"eq", "ne", "gt", "gte", "lt", "lte", "between"};

bool holds(double actual, Operator op, double value, double upper) {
  switch (op) {
    case Operator::eq:
      return actual == value;
    case Operator::ne:
      return actual != value;
    case Operator::gt:
      return actual > value;
    case Operator::gte:
      return actual >= value;
    case Operator::lt:
      return actual < value;
    case Operator::lte:
      return actual <= value;
    case Operator::between:
      return actual >= value && actual <= upper;
  }
  return false;
}

/// Two decimals as the guide prints them; more where two would hide on which side of the limit a value is
/// ("0.95 gte 0.95" for a failure).
int decimals_that_tell(double actual, std::initializer_list<double> limits) {
  for (int decimals = 2; decimals < 12; ++decimals) {
    const auto text = [&](double v) { return fmt::format("{:.{}f}", v, decimals); };
    const bool tells = std::all_of(limits.begin(), limits.end(), [&](double limit) {
      return actual == limit || text(actual) != text(limit);
    });
    if (tells) return decimals;
  }
  return 12;
}

std::string expectation(const Assertion& a, int decimals) {
  return a.op == Operator::between
             ? fmt::format("between {:.{}f} and {:.{}f}", a.value, decimals, a.upper, decimals)
             : fmt::format("{} {:.{}f}", name(a.op), a.value, decimals);
}

/// What the scope adds to the metric's name.
std::string label(const Assertion& a) {
  std::string text = a.metric;
  if (!a.scope.node.empty()) text += fmt::format("[{}]", a.scope.node);
  if (a.scope.percentile) text += fmt::format(" p{}", *a.scope.percentile);
  if (!a.scope.time.whole_run()) {
    text += fmt::format(" {}s..{}", metrics::seconds(a.scope.time.from.since_start()),
                        a.scope.time.to.is_never()
                            ? "end"
                            : fmt::format("{}s", metrics::seconds(a.scope.time.to.since_start())));
  }
  return text;
}

AssertionResult evaluate_one(const Assertion& a, const metrics::MetricMap& metrics) {
  metrics::MetricValue m = metrics.get(a.metric, a.scope);
  if (m.value && std::isnan(*m.value)) {
    m.value.reset();
    m.reason = "it is not a number";
  }
  AssertionResult r{.passed = m.value && holds(*m.value, a.op, a.value, a.upper),
                    .line = "",
                    .metric = label(a),
                    .expectation = "",
                    .actual = m.value,
                    .reason = m.value ? "" : m.reason,
                    .description = a.description};
  const int decimals = !m.value                    ? 2
                       : a.op == Operator::between ? decimals_that_tell(*m.value, {a.value, a.upper})
                                                   : decimals_that_tell(*m.value, {a.value});
  r.expectation = expectation(a, decimals);
  r.line = fmt::format("{}: {} ({} {})", r.passed ? "✅ PASS" : "❌ FAIL", r.metric,
                       m.value ? fmt::format("{:.{}f}", *m.value, decimals) : "no data", r.expectation);
  if (!r.reason.empty()) r.line += ": " + r.reason;
  if (!a.description.empty()) r.line += " - " + a.description;
  return r;
}

}  // namespace

std::optional<Operator> parse_operator(std::string_view text) {
  const auto place = std::find(kNames.begin(), kNames.end(), text);
  if (place == kNames.end()) return std::nullopt;
  return static_cast<Operator>(place - kNames.begin());
}

std::string_view name(Operator op) { return kNames[static_cast<size_t>(op)]; }

Assertion Assertion::bounds(std::string metric, std::optional<double> min, std::optional<double> max) {
  XEDGESIM_ASSERT(min || max);
  Assertion a;
  a.metric = std::move(metric);
  a.op = min && max ? Operator::between : min ? Operator::gte : Operator::lte;
  a.value = min ? *min : *max;
  a.upper = max ? *max : 0;
  return a;
}

void check_metrics_exist(std::span<const Assertion> assertions, const metrics::MetricMap& metrics) {
  for (const Assertion& a : assertions) {
    if (!metrics.get(a.metric, a.scope).known) {
      const std::string bare = a.metric.substr(0, a.metric.find('['));
      throw ConfigError(
          fmt::format("validation.assertions: unknown metric '{}'{}; docs/results.md lists the metrics", bare,
                      metrics::suggestion(bare, metrics.names())));
    }
    const std::string node = metrics::MetricMap::split(a.metric, a.scope).second.node;
    if (!node.empty() && !metrics.has_device(node)) {
      throw ConfigError(
          fmt::format("validation.assertions: metric '{}' is about '{}', but no device has that name{}",
                      a.metric, node, metrics::suggestion(node, metrics.device_names())));
    }
    if (a.op == Operator::between && !(a.value <= a.upper)) {
      throw ConfigError(
          fmt::format("validation.assertions: the range of '{}' is empty: {} is above {}; swap them",
                      a.metric, a.value, a.upper));
    }
    if (a.scope.percentile && !(*a.scope.percentile > 0 && *a.scope.percentile <= 100)) {
      throw ConfigError(fmt::format("validation.assertions: percentile {} of '{}' is outside 0 to 100",
                                    *a.scope.percentile, a.metric));
    }
  }
}

std::vector<AssertionResult> evaluate(std::span<const Assertion> assertions,
                                      const metrics::MetricMap& metrics) {
  check_metrics_exist(assertions, metrics);
  std::vector<AssertionResult> results;
  results.reserve(assertions.size());
  for (const Assertion& a : assertions) results.push_back(evaluate_one(a, metrics));
  return results;
}

bool all_passed(std::span<const AssertionResult> results) {
  return std::all_of(results.begin(), results.end(), [](const AssertionResult& r) { return r.passed; });
}

nlohmann::ordered_json to_json(std::span<const AssertionResult> results) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const AssertionResult& r : results) {
    nlohmann::ordered_json j;
    j["metric"] = r.metric;
    j["passed"] = r.passed;
    j["actual"] = r.actual && std::isfinite(*r.actual) ? nlohmann::ordered_json(*r.actual) : nullptr;
    j["expected"] = r.expectation;
    if (!r.reason.empty()) j["reason"] = r.reason;
    if (!r.description.empty()) j["description"] = r.description;
    j["line"] = r.line;
    array.push_back(std::move(j));
  }
  return array;
}

}  // namespace xedgesim::experiment
