#include "system/assertions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "metrics/scope.h"
#include "scenario/metric_names.h"
#include "scenario/suggest.h"
#include "system/located.h"
#include "system/system.h"

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

/// What the metrics of one family are about: flows, links, ports as SWITCH:PORT, or devices.
struct Family {
  const char* one;
  std::vector<std::string> members;
};

Family family_of(std::string_view metric, System& system) {
  Family f{"link", {}};
  if (metric.rfind("port_", 0) == 0) {
    f.one = "switch port";
    for (const auto& w : system.ethernet().switches())
      for (const auto& p : w->core().config().ports)
        f.members.push_back(fmt::format("{}:{}", w->core().config().name, p.name));
  } else if (metric.rfind("link_", 0) == 0) {
    for (const System::LinkEnds& l : system.links()) f.members.push_back(l.link->config().name);
  } else if (!scenario::is_network_metric(metric)) {
    f.one = "device";
    for (const DeviceNode& d : system.devices()) f.members.push_back(d.id);
  } else {
    f.one = "flow";
    for (const auto& flow : system.ethernet().flows()) f.members.push_back(flow.name);
  }
  return f;
}

}  // namespace

void check_metric_names(System& system) {
  const auto& assertions = system.scenario().validation.assertions;
  for (size_t i = 0; i < assertions.size(); ++i) {
    const scenario::Assertion& a = assertions[i];
    const auto [metric, bracketed] = scenario::split_metric(a.metric);
    if (a.is_expectation()) continue;
    const std::string wanted = bracketed.empty() ? one_node(a.scope.node, a.metric) : bracketed;
    if (wanted.empty()) continue;
    const Family family = family_of(metric, system);
    if (std::any_of(family.members.begin(), family.members.end(),
                    [&](const std::string& m) { return metrics::glob_matches(wanted, m); }))
      continue;
    std::string hint = scenario::did_you_mean(wanted, family.members);
    if (hint.empty())
      hint = family.members.empty() ? fmt::format(": there is no {} in this scenario", family.one)
                                    : ": there are " + scenario::name_list(family.members);
    refuse_at(system.scenario(), fmt::format("validation.assertions[{}].metric", i),
              fmt::format("no {} is named '{}'{}", family.one, wanted, hint));
  }
}

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
