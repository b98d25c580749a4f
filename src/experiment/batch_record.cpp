#include "experiment/batch_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace xedgesim::experiment {
namespace {

constexpr std::array<std::string_view, 7> kStatusNames{
    "waiting", "running", "passed", "assertion_failed", "failed", "config_error", "interrupted"};

RunStatus parse_status(const std::string& text) {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), text);
  if (found == kStatusNames.end()) throw ConfigError(fmt::format("'{}' is no status of a run", text));
  return static_cast<RunStatus>(found - kStatusNames.begin());
}

int badness(const RunRecord& r) {
  switch (r.status) {
    case RunStatus::passed:
      return 0;
    case RunStatus::assertion_failed:
      return 1;
    case RunStatus::failed:
      return 2;
    case RunStatus::config_error:
      return 3;
    default:
      return 4;
  }
}

}  // namespace

std::string_view name(RunStatus status) { return kStatusNames[static_cast<size_t>(status)]; }

bool has_results(RunStatus status) {
  return status == RunStatus::passed || status == RunStatus::assertion_failed;
}

nlohmann::ordered_json BatchRecord::json() const {
  nlohmann::ordered_json j;
  j["batch"] = name;
  j["file"] = file;
  j["runs"] = nlohmann::ordered_json::array();
  for (const RunRecord& r : runs) {
    nlohmann::ordered_json run;
    run["name"] = r.name;
    run["variant"] = r.variant;
    run["scenario"] = r.scenario;
    run["overrides"] = r.overrides;
    run["parameters"] = r.parameters;
    run["seed"] = r.seed;
    run["key"] = r.key;
    run["status"] = experiment::name(r.status);
    run["exit_code"] = r.exit_code;
    if (!r.reason.empty()) run["reason"] = r.reason;
    run["reused"] = r.reused;
    run["wall_time_s"] = r.wall_s;
    j["runs"].push_back(std::move(run));
  }
  return j;
}

BatchRecord BatchRecord::from_json(const nlohmann::ordered_json& j) {
  BatchRecord b;
  try {
    b.name = j.at("batch");
    b.file = j.value("file", "");
    for (const auto& run : j.at("runs")) {
      RunRecord r;
      r.name = run.at("name");
      r.variant = run.at("variant");
      r.scenario = run.value("scenario", "");
      r.overrides = run.at("overrides").get<std::vector<std::string>>();
      r.parameters = run.at("parameters").get<std::map<std::string, std::string>>();
      r.seed = run.value("seed", "");
      r.key = run.value("key", "");
      r.status = parse_status(run.at("status"));
      r.exit_code = run.value("exit_code", 0);
      r.reason = run.value("reason", "");
      r.reused = run.value("reused", false);
      r.wall_s = run.value("wall_time_s", 0.0);
      // A folder name only: batch.json may have been written by anybody.
      if (r.name.empty() || r.name == ".." || r.name.find('/') != std::string::npos)
        throw ConfigError(fmt::format("'{}' is no name of a run", r.name));
      b.runs.push_back(std::move(r));
    }
  } catch (const nlohmann::json::exception& e) {
    throw ConfigError(fmt::format("batch.json is not as 'xedgesim batch' writes it ({})", e.what()));
  }
  return b;
}

ExitCode worst(const std::vector<RunRecord>& runs) {
  constexpr std::array kCodes{ExitCode::ok, ExitCode::assertion_failed, ExitCode::simulation_error,
                              ExitCode::config_error, ExitCode::interrupted};
  int most = 0;
  for (const RunRecord& r : runs) most = std::max(most, badness(r));
  return kCodes[static_cast<size_t>(most)];
}

nlohmann::ordered_json read_json(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError(fmt::format("there is no file '{}': name a folder of results", file.string()));
  auto j = nlohmann::ordered_json::parse(in, nullptr, false);
  if (j.is_discarded() || !j.is_object())
    throw ConfigError(fmt::format("'{}' is no JSON object: was it cut off or edited?", file.string()));
  return j;
}

void replace_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path part = file.parent_path() / ("." + file.filename().string() + ".part");
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
    if (!out)
      throw SimulationError(
          fmt::format("cannot write '{}': is the disk full, or the folder read-only?", file.string()));
  }
  std::error_code ec;
  std::filesystem::rename(part, file, ec);
  if (ec) throw SimulationError(fmt::format("cannot write '{}': {}", file.string(), ec.message()));
}

}  // namespace xedgesim::experiment
