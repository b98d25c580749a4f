#include <algorithm>
#include <regex>

#include "scenario/check.h"
#include "scenario/codecs.h"
#include "scenario/fault_types.h"
#include "scenario/metric_names.h"

namespace xedgesim::scenario {
namespace {

/// Names × patterns looked at; a file beyond it is a mistake, not a scenario.
constexpr size_t kGlobBudget = 200'000'000;

class GlobBudget {
 public:
  explicit GlobBudget(const NameTable* names) : each_(names ? names->all().size() + 1 : 1) {}
  bool spend(Check& check, const std::string& path, const Targets& targets) {
    for (const std::string& t : targets) {
      left_ -= std::min(left_, is_glob(t) ? each_ : 1);
      if (left_ == 0) check.error(path, "too many patterns for {} nodes: name groups instead", each_ - 1);
    }
    return left_ != 0;
  }

 private:
  size_t each_;
  size_t left_ = kGlobBudget;
};

/// Keys that only some types have.
std::vector<std::string_view> special_keys() {
  std::vector<std::string_view> out = impairment_names();
  out.insert(out.end(),
             {"profile", "power", "channel", "mode", "value", "pin", "charge", "ppm", "clock", "factor"});
  return out;
}

void check_fault_keys(Check& check, const FaultType& type, const std::string& path) {
  for (std::string_view key : special_keys()) {
    const std::string here = at("{}.{}", path, key);
    if (!check.given(here) || std::find(type.keys.begin(), type.keys.end(), key) != type.keys.end()) continue;
    std::vector<std::string> allowed = {"target", "duration", "description", "repeat", "random"};
    allowed.insert(allowed.end(), type.keys.begin(), type.keys.end());
    check.error(here, "a fault of type {} has no such key: its keys are {}", type.name, name_list(allowed));
  }
  for (std::string_view key : type.required)
    if (!check.given(at("{}.{}", path, key)))
      check.error(path, "a fault of type {} needs the key '{}'", type.name, key);
}

void check_fault_target(Check& check, const Fault& f, const FaultType& type, const std::string& path,
                        const NameTable* names) {
  if (f.target.empty()) {
    if (type.needs_target) check.error(path, "a fault of type {} needs the key 'target'", type.name);
    return;
  }
  const auto found = check_targets(check, path + ".target", f.target, names);
  if (type.targets.empty()) return;
  for (const NamedNode& n : found) {
    if (std::find(type.targets.begin(), type.targets.end(), n.kind) != type.targets.end()) continue;
    std::vector<std::string> wanted;
    for (NodeClass c : type.targets) wanted.emplace_back(class_name(c));
    check.error(path + ".target", "'{}' is a {}, but {} is for: {}", n.id, class_name(n.kind), type.name,
                name_list(wanted));
    return;
  }
}

void check_metric_assertion(Check& check, const Assertion& a, const std::string& path) {
  const bool has_value = !a.value.empty();
  if (a.op && !has_value && !check.given(path + ".value"))
    check.error(path, "the operator needs the key 'value'");
  if (!a.op && has_value && !check.given(path + ".operator"))
    check.error(path + ".value",
                "a value needs the key 'operator': write one of eq, ne, gt, gte, lt, lte, between");
  if (!a.op && !has_value && !check.given(path + ".min") && !check.given(path + ".max"))
    check.error(path, "the metric is compared to nothing: write min, max, or operator and value");
  if (a.op && has_value) {
    const bool two = *a.op == Assertion::Operator::between;
    if (a.value.size() != (two ? 2u : 1u)) {
      check.error(path + ".value", "{}",
                  two ? "between needs two values: write [low, high]" : "this operator needs one value");
    } else if (two && a.value[0] > a.value[1]) {
      check.error(path + ".value", "the first value is the larger one: swap them");
    }
  }
  if (a.min && a.max && *a.min > *a.max) check.error(path + ".min", "min is above max: swap them");
  for (const char* key : {"node", "before"})
    if (check.given(at("{}.{}", path, key)))
      check.error(at("{}.{}", path, key), "this belongs to expect_line: for a metric write it under 'scope'");
}

/// std::regex recurses by nesting: deep patterns are refused before it sees them.
std::string regex_problem(const std::string& pattern) {
  if (pattern.size() > 500) return "it is longer than 500 characters: shorten it";
  if (std::count(pattern.begin(), pattern.end(), '(') > 50) return "it has more than 50 groups: use fewer";
  try {
    const std::regex compiled(pattern);
  } catch (const std::regex_error& e) {
    return "this is no regular expression: escape ( ) [ ] { } . * + ? | with a backslash to mean themselves";
  }
  return {};
}

void check_expectation(Check& check, const Assertion& a, const std::string& path, const NameTable* names) {
  if (const std::string problem = regex_problem(a.expect_line); !problem.empty())
    check.error(path + ".expect_line", "{}", problem);
  for (const char* key : {"operator", "value", "min", "max", "scope"})
    if (check.given(at("{}.{}", path, key)))
      check.error(at("{}.{}", path, key), "this belongs to a metric, not to expect_line: remove it");
  if (a.before && *a.before > check.s.meta.duration && check.s.meta.duration > Duration())
    check.error(path + ".before",
                "this is after the end of the run: choose an earlier time or a longer scenario.duration");
  check_targets(check, path + ".node", a.node, names);
}

/// At the end of a profile with a duration network.profile is in force again, not one that was applied
/// before. Looks at the first time of each fault, and at so many faults, since it compares each with each.
void warn_of_profiles_that_end_others(Check& check) {
  constexpr size_t kMostCompared = 100;
  const auto& faults = check.s.faults;
  std::vector<size_t> profiles;
  for (size_t i = 0; i < faults.size() && profiles.size() < kMostCompared; ++i)
    if (faults[i].type == Fault::Type::apply_profile) profiles.push_back(i);
  for (const size_t i : profiles) {
    if (!faults[i].duration) continue;
    const Duration end = faults[i].time + *faults[i].duration;
    const auto ended_with_it = [&](size_t j) {
      const Fault& other = faults[j];
      return std::pair(other.time, j) < std::pair(faults[i].time, i) &&
             (!other.duration || other.time + *other.duration > end);
    };
    const auto other = std::find_if(profiles.begin(), profiles.end(), ended_with_it);
    if (other != profiles.end() && end < check.s.meta.duration)
      check.warning(
          at("faults[{}].duration", i),
          "its end at {} puts network.profile in force again and so ends faults[{}], too: apply that "
          "one again at this time",
          format_duration(end), *other);
  }
}

}  // namespace

void check_faults(Check& check, const NameTable* names) {
  GlobBudget budget(names);
  const Duration end = check.s.meta.duration;
  for (size_t i = 0; i < check.s.faults.size(); ++i) {
    const Fault& f = check.s.faults[i];
    const std::string path = at("faults[{}]", i);
    const FaultType& type = fault_type(f.type);
    if (end > Duration() && f.time >= end)
      check.error(
          path + ".time",
          "{} is not before the end of the run ({}): choose an earlier time or a longer scenario.duration",
          format_duration(f.time), format_duration(end));
    if (f.repeat && f.random)
      check.error(path + ".random", "repeat and random exclude each other: remove one");
    if (f.repeat && f.duration && *f.duration > f.repeat->every && f.repeat->every > Duration())
      check.error(path + ".repeat",
                  "it comes again before it has ended: make 'every' longer than 'duration'");
    if (!check.given(path + ".type")) continue;
    check_fault_keys(check, type, path);
    if (budget.spend(check, path + ".target", f.target)) check_fault_target(check, f, type, path, names);
    const bool needs_value = f.mode == Fault::SensorMode::noise || f.mode == Fault::SensorMode::drift;
    if (f.type == Fault::Type::sensor_fault && needs_value && !f.value_v && !check.given(path + ".value"))
      check.error(path + ".mode",
                  "this needs the key 'value': how much noise, or how far it drifts in a second");
    if (f.profile && !find_profile(check.s, *f.profile))
      check.error(path + ".profile", "unknown profile '{}': define it under 'profiles'", *f.profile);
  }
  warn_of_profiles_that_end_others(check);
}

void check_validation(Check& check, const NameTable* names) {
  GlobBudget budget(names);
  for (size_t i = 0; i < check.s.validation.assertions.size(); ++i) {
    const Assertion& a = check.s.validation.assertions[i];
    const std::string path = at("validation.assertions[{}]", i);
    const bool metric = check.given(path + ".metric"), line = check.given(path + ".expect_line");
    if (metric == line) {
      check.error(path, "{}",
                  metric ? "metric and expect_line exclude each other: make two assertions"
                         : "an assertion needs the key 'metric' or 'expect_line'");
      continue;
    }
    if (!budget.spend(check, path, a.node) || !budget.spend(check, path, a.scope.node)) break;
    if (line) {
      check_expectation(check, a, path, names);
      continue;
    }
    check_metric_assertion(check, a, path);
    check_targets(check, path + ".scope.node", a.scope.node, names);
    // Flows and ports are known when the network is built.
    const auto [metric_name, node] = split_metric(a.metric);
    if (!node.empty() && !check.wrong(path + ".metric") && !is_network_metric(metric_name))
      check_targets(check, path + ".metric", {node}, names);
    if (a.scope.from && a.scope.to && *a.scope.to <= *a.scope.from)
      check.error(path + ".scope.to", "the range ends before it begins: choose a later time");
    if (a.scope.from && *a.scope.from >= check.s.meta.duration && check.s.meta.duration > Duration())
      check.error(path + ".scope.from", "this is not before the end of the run: choose an earlier time");
  }
}

void check_metrics(Check& check, const NameTable* names) {
  if (names == nullptr) return;
  GlobBudget budget(names);
  const auto& capture = check.s.metrics.capture;
  const bool list = check.given("metrics.capture[0]");
  for (size_t i = 0; i < capture.size(); ++i) {
    if (capture[i] == "radio" || capture[i] == "links") continue;
    const std::string path = list ? at("metrics.capture[{}]", i) : "metrics.capture";
    if (!budget.spend(check, path, {capture[i]})) break;
    if (!names->resolve(capture[i]).empty()) continue;
    auto known = names->names(kMostSuggested);
    known.insert(known.end(), {"radio", "links"});
    const std::string hint = did_you_mean(capture[i], known);
    check.error(path, "nothing is named '{}'{}", capture[i],
                hint.empty() ? ": write radio, links, or the name of a node or link" : hint);
  }
}

}  // namespace xedgesim::scenario
