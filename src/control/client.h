#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "base/time.h"
#include "control/request.h"

namespace xedgesim::control {

/// Sends one request to a Server at `address` and returns its answer. Throws ConfigError when nobody is
/// there, SimulationError when the answer does not come within `timeout` of wall time or is none.
nlohmann::json ask(const std::string& address, const Request& request, Duration timeout = Duration::s(60));

}  // namespace xedgesim::control
