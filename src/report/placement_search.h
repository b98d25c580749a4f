#pragma once
#include <optional>
#include <string>
#include <vector>

#include "experiment/requirement.h"
#include "report/run_set.h"
#include "report/text_table.h"

namespace xedgesim::report {

/// A variant that was not run, or not to the end, and why that changes nothing.
struct PrunedVariant {
  std::string name, reason;
};

/// What was asked, and what can be known without running.
struct SearchQuestion {
  experiment::Objective objective;
  std::vector<experiment::Requirement> requirements;
  std::vector<PrunedVariant> left_out;  ///< placements that the scenario cannot have
  std::vector<PrunedVariant> pruned;
};

/// One variant against the question.
struct JudgedVariant {
  std::string name;
  std::map<std::string, std::string> parameters;
  size_t runs = 0;
  std::vector<std::optional<double>> values;  ///< mean over the runs of each of SearchAnswer::figures
  std::vector<std::string> missed;            ///< "p95_latency<100ms (123.4 ms)"; empty: it satisfies
  bool pareto = false;
};

struct SearchAnswer {
  std::vector<experiment::Figure> figures;  ///< the objective first, then the requirements' own, each once
  std::vector<experiment::Better> better;   ///< of each figure
  std::vector<JudgedVariant> variants;
  std::optional<size_t> best;  ///< none: no variant satisfies the requirements
  size_t failed_runs = 0;      ///< runs without results: the answer may be wrong
};

/// A variant satisfies when each of its runs meets each requirement and each assertion of the scenario. The
/// Pareto set is over the variants that satisfy: those that no other one beats in one figure without being
/// worse in another (means over the seeds). The best one has the best objective; of equals the first. When
/// nothing is required, latency (p95) and accuracy join the objective in the Pareto set.
SearchAnswer judge(const RunSet& set, const SearchQuestion& question);

/// Whether one run meets the requirements and its assertions: what a seed is pruned by.
std::vector<std::string> missed_by(const RunResults& run,
                                   const std::vector<experiment::Requirement>& requirements);

/// search.json of a batch's folder; analyze and the reports read it again.
Json search_json(const SearchQuestion& question, const SearchAnswer& answer);
/// All variants, best first; then the pruned ones. From search_json().
TextTable search_table(const Json& search);
/// "hybrid-after_1 (1.23 mJ); Pareto set: …", or why there is no answer.
std::string search_verdict(const Json& search);

}  // namespace xedgesim::report
