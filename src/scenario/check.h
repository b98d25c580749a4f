#pragma once
#include <fmt/format.h>

#include "scenario/assemble.h"
#include "scenario/expand.h"
#include "scenario/suggest.h"

namespace xedgesim::scenario {

/// A decoded scenario beside the tree it came from, for checks that speak of more than one value.
/// Paths are those of the tree: "faults[2].target".
class Check {
 public:
  Check(const Scenario& scenario, const Value& root, LoadContext& context)
      : s(scenario), root_(root), context_(context) {}

  template <class... Args>
  void error(const std::string& path, fmt::format_string<Args...> f, Args&&... args) {
    context_.report.error(place(path), path + ": " + fmt::format(f, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warning(const std::string& path, fmt::format_string<Args...> f, Args&&... args) {
    context_.report.warning(place(path), path + ": " + fmt::format(f, std::forward<Args>(args)...));
  }
  bool given(const std::string& path) const { return value_at(root_, path) != nullptr; }
  /// The key is there and was complained about already.
  bool wrong(const std::string& path) const {
    return given(path) && context_.report.has_error_at(place(path));
  }
  Mark place(const std::string& path) const { return place_of(root_, path); }
  LoadContext& context() { return context_; }

  const Scenario& s;

 private:
  const Value& root_;
  LoadContext& context_;
};

/// Fills in what depends on other keys: default sensors, resolved paths, names of links, points of position
/// files. Complains about files it cannot read.
void complete(Scenario& scenario, const Value& root, LoadContext& context);

/// How many nodes there are in all; false when too many to name them.
bool check_counts(Check& check);
// `names` is null when ids or counts are wrong: every mention would be complained about as well.
void check_ids(Check& check);  ///< unique names
void check_devices(Check& check);
/// Values of `config` that the shipped firmware would not take (firmware/common/settings.h).
void check_settings(Check& check);
void check_services(Check& check);  ///< edge and cloud
void check_linux_nodes(Check& check);
void check_cards(Check& check);  ///< network cards of nodes and their addresses
void check_network(Check& check, const NameTable* names);
void check_switches(Check& check);
void check_links(Check& check);
void check_faults(Check& check, const NameTable* names);
void check_validation(Check& check, const NameTable* names);
void check_metrics(Check& check, const NameTable* names);

/// Complains about names that mean nothing; returns what the others mean.
std::vector<NamedNode> check_targets(Check& check, const std::string& path, const Targets& targets,
                                     const NameTable* names);

/// Names looked through for a suggestion.
constexpr size_t kMostSuggested = 2000;

/// "devices[3].config"
template <class... Args>
std::string at(fmt::format_string<Args...> f, Args&&... args) {
  return fmt::format(f, std::forward<Args>(args)...);
}

}  // namespace xedgesim::scenario
