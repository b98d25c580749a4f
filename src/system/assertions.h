#pragma once
#include <vector>

#include "experiment/assertions.h"
#include "experiment/console_watcher.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

class System;

/// validation.assertions of a scenario in the form the experiment layer judges.
std::vector<experiment::Assertion> metric_assertions(const scenario::Scenario& scenario);
/// Refuses a metric about a flow, link, port or device that the built system does not have.
void check_metric_names(System& system);
std::vector<experiment::ConsoleExpectation> console_expectations(const scenario::Scenario& scenario);

}  // namespace xedgesim::system
