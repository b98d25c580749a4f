#pragma once
#include <filesystem>
#include <string>

#include "web/json_text.h"
#include "web/results.h"

namespace xedgesim::web {

/// How far a run with `--control` is: {"live": true, "time_s", "duration_s", "paused", "changes", "links",
/// "profiles"}, or {"live": false} when it does not listen or has just ended.
Json live_view(const Results& results, const std::string& id);

/// The systems that are up (`xedgesim up`), with their machines: {"systems": [{"name", "scenario", "up",
/// "machines": [{"id", "state", …}…], "links", "problem"}…]}.
Json systems_view(const std::filesystem::path& state_root);

/// Passes a request on to a run or a system, with its own token, which the browser never sees:
///   {"run": id | "system": name, "command", "link", "values", "profile", "at"}
/// A system takes changes of its links only. Throws Refusal with what is wrong, in the words of the run where
/// it has some.
Json pass_on(const Results& results, const std::filesystem::path& state_root, const std::string& body);

}  // namespace xedgesim::web
