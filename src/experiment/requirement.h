#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::experiment {

enum class Better : uint8_t { less, more };

/// A figure of a run as a user names it: an alias ("p95_latency") or a metric's own name
/// ("p95_e2e_latency_ms").
struct Figure {
  std::string written;
  std::string name;              ///< of report::run_figures
  std::optional<Better> better;  ///< none: this figure has no good side
};

enum class Comparison : uint8_t { less, less_equal, greater, greater_equal, equal };
std::string_view symbol(Comparison comparison);

/// "p95_latency<100ms": what every run of a variant has to meet.
struct Requirement {
  Figure figure;
  Comparison comparison = Comparison::less;
  double limit = 0;  ///< in the unit of the figure's name
  std::string text;  ///< as written
  bool holds(double value) const;
};

/// What is to be as small, or as great, as possible.
struct Objective {
  Figure figure;
  Better better = Better::less;
  std::string text;
};

struct FigureAlias {
  std::string_view alias, name, unit, doc;
};
/// energy, power, battery_life, latency, p50_latency … accuracy, reliability, delivery, throughput.
const std::vector<FigureAlias>& figure_aliases();

/// "a<1ms, b>=90%": requirements separated by commas; empty for empty text. An alias takes a value with its
/// unit, a metric's own name also a bare number (its unit is in the name). `metrics`: names that are figures
/// beside the aliases; "x[FLOW]" stands for x[a] with the id of one of `flows`. Throws ConfigError with the
/// column, the text and a caret below the mistake; `option` is how the text was given ("--subject").
std::vector<Requirement> parse_requirements(std::string_view text, const std::vector<std::string>& metrics,
                                            const std::vector<std::string>& flows, std::string_view option);

/// "energy", "max:reliability", "min:tx_bytes": the direction may be left out where the figure has one.
/// Throws as above.
Objective parse_objective(std::string_view text, const std::vector<std::string>& metrics,
                          const std::vector<std::string>& flows, std::string_view option);

}  // namespace xedgesim::experiment
