#include "system/assertions.h"

#include <fmt/format.h>

#include "base/error.h"

namespace xedgesim::system {
namespace {

using From = scenario::Assertion::Operator;
using To = experiment::Operator;

To convert(From op) {
  switch (op) {
    case From::eq:
      return To::eq;
    case From::ne:
      return To::ne;
    case From::gt:
      return To::gt;
    case From::gte:
      return To::gte;
    case From::lt:
      return To::lt;
    case From::lte:
      return To::lte;
    case From::between:
      return To::between;
  }
  return To::eq;
}

/// Recorders scope by one name or glob.
std::string one_node(const scenario::Targets& targets, const std::string& what) {
  if (targets.empty()) return {};
  if (targets.size() > 1)
    throw ConfigError(fmt::format(
        "validation: assertion on '{}' names several nodes: use one name or a glob such as vib_*", what));
  return targets.front();
}

}  // namespace

std::vector<experiment::Assertion> metric_assertions(const scenario::Scenario& scenario) {
  std::vector<experiment::Assertion> out;
  for (const scenario::Assertion& a : scenario.validation.assertions) {
    if (a.is_expectation()) continue;
    experiment::Assertion e;
    if (a.op) {
      e.metric = a.metric;
      e.op = convert(*a.op);
      e.value = a.value.empty() ? 0 : a.value.front();
      e.upper = a.value.size() > 1 ? a.value[1] : e.value;
    } else {
      e = experiment::Assertion::bounds(a.metric, a.min, a.max);
    }
    e.description = a.description;
    e.scope.node = one_node(a.scope.node, a.metric);
    if (a.scope.from) e.scope.time.from = SimTime::at(*a.scope.from);
    if (a.scope.to) e.scope.time.to = SimTime::at(*a.scope.to);
    e.scope.percentile = a.scope.percentile;
    out.push_back(std::move(e));
  }
  return out;
}

std::vector<experiment::ConsoleExpectation> console_expectations(const scenario::Scenario& scenario) {
  std::vector<experiment::ConsoleExpectation> out;
  for (const scenario::Assertion& a : scenario.validation.assertions) {
    if (!a.is_expectation()) continue;
    experiment::ConsoleExpectation e;
    e.line = a.expect_line;
    e.node = one_node(a.node, a.expect_line);
    if (a.before) e.before = SimTime::at(*a.before);
    e.description = a.description;
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace xedgesim::system
