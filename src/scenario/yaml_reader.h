#pragma once
#include <map>
#include <string>
#include <string_view>

#include "scenario/report.h"

namespace xedgesim::scenario {

/// Reads one YAML document into a tree: anchors and merge keys (`<<`) resolved, ${VAR} and ${VAR:-default}
/// in values substituted ($${ stands for ${), duplicate keys refused. Returns null after a complaint.
/// Bounded whatever the input: size, nesting and the expanded size of aliases are limited.
/// An empty document is a null Value.
ValuePtr read_yaml(std::string_view text, int source, const std::map<std::string, std::string>& environment,
                   Report& report);

/// The whole file, or null after a complaint at `blame` (a missing, unreadable or too large file).
std::unique_ptr<std::string> read_text_file(const std::filesystem::path& file, const Mark& blame,
                                            Report& report);

}  // namespace xedgesim::scenario
