#pragma once
#include <string>

#include "control/request.h"
#include "live/state_folder.h"

namespace xedgesim::cli {

/// The system that is meant: by name, or the only one there is. Throws ConfigError.
live::StateFolder choose_system(const std::string& name);
/// Likewise, and it must be up.
live::StateFolder choose_running_system(const std::string& name);

/// Asks it something; throws ConfigError with its own words when it refuses.
nlohmann::json ask_system(const live::StateFolder& system, control::Request request);

}  // namespace xedgesim::cli
