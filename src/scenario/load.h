#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/batch.h"
#include "scenario/diagnostic.h"
#include "scenario/scenario.h"

namespace xedgesim::scenario {

struct LoadOptions {
  std::map<std::string, std::string> environment;     ///< for ${VAR}; see process_environment()
  std::vector<std::string> overrides;                 ///< `devices[0].count=100`, applied in order
  std::optional<std::vector<std::string>> platforms;  ///< known boards; absent: not checked
  std::vector<std::filesystem::path> search_paths;    ///< tried after the scenario's own folder
  bool check_files = true;                            ///< that firmware, models, data … exist
  std::vector<std::filesystem::path> timelines;       ///< files whose `faults` come after the scenario's own
};

/// `scenario` is worth running only if ok(); errors and warnings are sorted by place.
struct LoadResult {
  Scenario scenario;
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  /// Every existing file that was named (firmware, models, data, includes): as written, where found.
  std::map<std::string, std::filesystem::path> files;
  /// A diagnostic at the value "nodes[2].qos" (or the nearest thing above it), for what is found out later.
  std::function<Diagnostic(const std::string& path, std::string message)> diagnostic_at;
  bool ok() const { return errors.empty(); }
};

struct BatchResult {
  Batch batch;
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  bool ok() const { return errors.empty(); }
};

/// Never throws for anything a file can contain; an unreadable file is a diagnostic too.
LoadResult load_scenario(const std::filesystem::path& file, const LoadOptions& options = {});
/// `name` stands in messages; files are resolved relative to `folder`.
LoadResult load_scenario_text(std::string_view text, const std::string& name,
                              const std::filesystem::path& folder, const LoadOptions& options = {});
BatchResult load_batch(const std::filesystem::path& file, const LoadOptions& options = {});
BatchResult load_batch_text(std::string_view text, const std::string& name,
                            const std::filesystem::path& folder, const LoadOptions& options = {});

/// A fault for a scenario that is running already.
struct FaultResult {
  Fault fault;
  std::string entry;  ///< as an entry of `faults` on one line
  std::vector<Diagnostic> errors;
};
/// `texts`: keys whose values are taken as they are; `values`: keys and values as in YAML, which come from
/// outside.
FaultResult load_fault(const std::map<std::string, std::string>& texts,
                       const std::map<std::string, std::string>& values, const Scenario& scenario);

/// JSON Schema (draft-07, which editors understand best) of a scenario file and of a batch file.
nlohmann::json json_schema();
nlohmann::json batch_json_schema();

/// YAML with every default filled in; loads to an equal Scenario.
std::string dump_resolved(const Scenario& scenario);
/// The same as JSON.
nlohmann::json resolved_json(const Scenario& scenario);
/// The configuration of one device as JSON, with units as written in YAML, for models and external programs.
nlohmann::json config_json(const DeviceConfig& config);

/// Markdown tables of every section and key.
std::string reference_markdown();

/// The host's environment variables.
std::map<std::string, std::string> process_environment();

}  // namespace xedgesim::scenario
