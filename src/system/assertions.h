#pragma once
#include <vector>

#include "experiment/assertions.h"
#include "experiment/console_watcher.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// validation.assertions of a scenario in the form the experiment layer judges.
std::vector<experiment::Assertion> metric_assertions(const scenario::Scenario& scenario);
std::vector<experiment::ConsoleExpectation> console_expectations(const scenario::Scenario& scenario);

}  // namespace xedgesim::system
