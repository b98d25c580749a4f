#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/collector.h"
#include "metrics/scope.h"

namespace xedgesim::metrics {

/// What is known of a metric: a value, no data (why), or no such metric.
struct MetricValue {
  bool known = false;
  std::optional<double> value;
  std::string reason;  ///< when known without a value: "no sample has a result", …
};
inline MetricValue value(double v) { return {.known = true, .value = v, .reason = {}}; }
inline MetricValue none(std::string reason) {
  return {.known = true, .value = std::nullopt, .reason = std::move(reason)};
}

/// Metrics from elsewhere. Their brackets name members of the source (a flow, a link), not devices.
struct MetricSource {
  std::function<MetricValue(std::string_view name, const Scope& scope)> get;
  std::vector<std::string> names;
  std::vector<std::string> members;
};

/// The run's figures by name, for assertions, summaries and comparisons. docs/results.md lists the names.
/// A name may carry a node: "energy_mJ[vib_3]" is "energy_mJ" with scope.node "vib_3".
class MetricMap {
 public:
  explicit MetricMap(const Collector& collector) : collector_(collector) {}
  /// A figure the collector does not know, for the whole run.
  void set(const std::string& name, double value) { extra_[name] = value; }

  void add(MetricSource source) { sources_.push_back(std::move(source)); }

  MetricValue get(std::string_view name, Scope scope = {}) const;
  /// Name and scope with the node taken out of the name's brackets.
  static std::pair<std::string, Scope> split(std::string_view name, Scope scope);
  /// Some device, or member of a source, has that name or matches that glob.
  bool has_device(std::string_view node) const;
  const std::vector<std::string>& device_names() const { return collector_.device_names(); }
  /// Every name that get() knows, for suggestions.
  std::vector<std::string> names() const;

 private:
  const Collector& collector_;
  std::map<std::string, double> extra_;
  std::vector<MetricSource> sources_;
};

}  // namespace xedgesim::metrics
