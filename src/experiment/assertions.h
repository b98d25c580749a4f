#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric_map.h"
#include "metrics/scope.h"

namespace xedgesim::experiment {

enum class Operator : uint8_t { eq, ne, gt, gte, lt, lte, between };

/// "gte" and so on (implementation guide 7.3); none for anything else.
std::optional<Operator> parse_operator(std::string_view text);
std::string_view name(Operator op);

/// One line of validation.assertions.
struct Assertion {
  std::string metric;  ///< may carry a node: "energy_mJ[vib_3]"
  Operator op = Operator::gte;
  double value = 0;  ///< what to compare with; the lower bound of between
  double upper = 0;  ///< the upper bound of between (both included)
  std::string description;
  metrics::Scope scope;

  /// From the `min:`/`max:` spelling; at least one is given.
  static Assertion bounds(std::string metric, std::optional<double> min, std::optional<double> max);
};

struct AssertionResult {
  bool passed = false;
  std::string line;  ///< "✅ PASS: packet_delivery_rate (0.97 gte 0.95) - Expect >95% …"
  std::string metric;
  std::string expectation;  ///< "gte 0.95"
  std::optional<double> actual;
  std::string reason;  ///< why there is no value, else empty
  std::string description;
};

/// ConfigError with a suggestion when an assertion names a metric or a node that does not exist, or a between
/// without a range. To be called before a run: a spelling mistake should not cost an hour.
void check_metrics_exist(std::span<const Assertion> assertions, const metrics::MetricMap& metrics);

/// Compares; a metric without data or not a number fails with the reason. Throws as check_metrics_exist().
std::vector<AssertionResult> evaluate(std::span<const Assertion> assertions,
                                      const metrics::MetricMap& metrics);

bool all_passed(std::span<const AssertionResult> results);
/// The `assertions` array of summary.json.
nlohmann::ordered_json to_json(std::span<const AssertionResult> results);

}  // namespace xedgesim::experiment
