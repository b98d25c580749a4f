#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "report/run_set.h"
#include "scenario/scenario.h"
#include "web/json_text.h"

namespace xedgesim::web {

/// Reads a run's summary.json. Throws ConfigError with a sentence when it is missing, cut off, larger than
/// 256 MiB or no object.
Json read_summary(const std::filesystem::path& run);

/// "2025-01-13 10:00:00" of a folder that is named after its run's start, else nothing.
std::string start_in_name(const std::string& name);

/// In the words of batch.json, and `unfinished` for a run that did not come to write its summary: it is under
/// way, or was killed.
std::string status_of(const Json& summary);

/// Where a run under way takes requests: from its control.json.
struct ControlPoint {
  std::string address, token;
};
/// Nothing when the run does not listen, or its control.json is not ours alone, names a process that is gone
/// or an address that is not on this machine.
std::optional<ControlPoint> control_point(const std::filesystem::path& folder);

/// Adds `controlled`: it takes requests; `status` becomes `running` then; and `quiet_s` to an unfinished run:
/// seconds since one of its files changed.
void note_activity(Json& line, const std::filesystem::path& run);

/// The scenario as it stands in the run's folder.
struct StoredScenario {
  std::optional<scenario::Scenario> scenario;
  std::string problem;  ///< why there is none
};
StoredScenario stored_scenario(const std::filesystem::path& run);
/// Its name, or that of the folder.
std::string scenario_name(const std::filesystem::path& run);

/// The run for charts and comparisons. One that has not ended counts with what it has so far.
report::RunSet load_run(const std::filesystem::path& run);

}  // namespace xedgesim::web
