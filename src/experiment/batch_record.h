#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace xedgesim::experiment {

enum class RunStatus : uint8_t {
  waiting,
  running,
  passed,            ///< exit code 0
  assertion_failed,  ///< 2
  failed,            ///< 1, killed, or out of time
  config_error,      ///< 3
  interrupted        ///< 130
};
std::string_view name(RunStatus status);
/// Reached its end, with or without failed assertions: its results count.
bool has_results(RunStatus status);

/// One run of a batch: what it is, and how it went.
struct RunRecord {
  std::string name;     ///< its folder in the batch's
  std::string variant;  ///< the same for all seeds
  std::string scenario;
  std::vector<std::string> overrides;             ///< path=value, in order
  std::map<std::string, std::string> parameters;  ///< matrix path -> value
  std::string seed;
  std::string key;  ///< of its inputs (inputs.h)

  RunStatus status = RunStatus::waiting;
  bool reused = false;  ///< finished earlier with the same inputs
  int exit_code = 0;
  std::string reason;  ///< of what is not passed
  double wall_s = 0;
  int percent = 0;  ///< while it runs

  bool done() const { return status != RunStatus::waiting && status != RunStatus::running; }
};

/// batch.json: all runs of a batch, replaced as a whole after each run.
struct BatchRecord {
  std::string name;
  std::string file;
  std::vector<RunRecord> runs;

  nlohmann::ordered_json json() const;
  static BatchRecord from_json(const nlohmann::ordered_json& j);
};

/// The worst of all runs: a configuration error (3) before a simulation error (1) before a failed assertion
/// (2); 130 when the batch was interrupted.
ExitCode worst(const std::vector<RunRecord>& runs);

/// Reads JSON. Throws ConfigError with the file's name when it is missing or no JSON.
nlohmann::ordered_json read_json(const std::filesystem::path& file);
/// Replaces a file: readers see the old text or the new one. Throws SimulationError.
void replace_file(const std::filesystem::path& file, std::string_view text);

}  // namespace xedgesim::experiment
