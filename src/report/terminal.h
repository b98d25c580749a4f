#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "report/text_table.h"

namespace xedgesim::report {

/// The closing table of `xedgesim run` from the contents of summary.json: digest, delivery, latency, energy
/// per device, accuracy, speed factor, verdict, where the files are. UTF-8 box lines, or plain ASCII.
std::string render_summary(const nlohmann::ordered_json& summary, const std::string& directory,
                           bool utf8 = true);

/// The rows of that table.
TextTable summary_table(const nlohmann::ordered_json& summary, const std::string& directory);

/// The same figures as one JSON object (--format json).
nlohmann::ordered_json summary_figures(const nlohmann::ordered_json& summary, const std::string& directory);

}  // namespace xedgesim::report
