#include "web/run_state.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "base/error.h"
#include "base/whole_file.h"
#include "experiment/batch_record.h"
#include "scenario/load.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kLargestSummary = uintmax_t{256} << 20, kLargestScenario = uintmax_t{16} << 20;

void refuse_larger(const fs::path& file, uintmax_t most) {
  std::error_code ec;
  if (const uintmax_t size = fs::file_size(file, ec); !ec && size > most)
    throw ConfigError(
        fmt::format("'{}' has {} MiB, more than is read ({} MiB)", file.string(), size >> 20, most >> 20));
}

/// Where it stands and who may read it: a token that others can read is no reason to trust an address.
bool ours_alone(const fs::path& file) {
  struct stat about {};
  return lstat(file.c_str(), &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
         (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

bool on_this_machine(const std::string& address) {
  return address.starts_with("unix:") || address.starts_with("tcp:127.0.0.1:");
}

}  // namespace

Json read_summary(const fs::path& run) {
  const fs::path file = run / "summary.json";
  refuse_larger(file, kLargestSummary);
  Json summary = experiment::read_json(file);
  if (!summary.is_object()) throw ConfigError(fmt::format("'{}' is no summary of a run", file.string()));
  return summary;
}

std::string start_in_name(const std::string& name) {
  constexpr std::string_view kShape = "dddd-dd-dd_dd-dd-dd";
  if (name.size() < kShape.size()) return {};
  for (size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? name[i] < '0' || name[i] > '9' : name[i] != kShape[i]) return {};
  std::string text = name.substr(0, kShape.size());
  text[10] = ' ';
  text[13] = text[16] = ':';
  return text;
}

std::string status_of(const Json& summary) {
  const std::string status = text_member(summary, "status");
  if (text_member(summary, "scenario").empty()) return "unfinished";
  if (status != "completed") return status.empty() ? "failed" : status;
  if (const Json list = member(summary, "assertions"); list.is_array())
    for (const Json& a : list)
      if (member(a, "passed") == Json(false)) return "assertion_failed";
  return "passed";
}

std::optional<ControlPoint> control_point(const fs::path& folder) {
  const fs::path file = folder / "control.json";
  if (!ours_alone(file)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  std::string text(65536, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  const Json known = Json::parse(text, nullptr, false);
  ControlPoint point{text_member(known, "address"), text_member(known, "token")};
  const Json pid = member(known, "pid");
  if (point.token.empty() || !on_this_machine(point.address) || !pid.is_number_integer()) return std::nullopt;
  const auto process = pid.get<int64_t>();
  if (process <= 0 || process > INT32_MAX || kill(static_cast<pid_t>(process), 0) != 0) return std::nullopt;
  return point;
}

void note_activity(Json& line, const fs::path& run) {
  line["controlled"] = false;
  if (text_member(line, "status") != "unfinished") return;
  if (control_point(run)) {
    line["controlled"] = true;
    line["status"] = "running";
    return;
  }
  std::error_code ec;
  fs::file_time_type newest = fs::file_time_type::min();
  for (const fs::directory_entry& entry : fs::directory_iterator(run, ec))
    if (const auto changed = entry.last_write_time(ec); !ec) newest = std::max(newest, changed);
  if (newest != fs::file_time_type::min())
    line["quiet_s"] = std::max<int64_t>(
        0,
        std::chrono::duration_cast<std::chrono::seconds>(fs::file_time_type::clock::now() - newest).count());
}

StoredScenario stored_scenario(const fs::path& run) {
  const fs::path file = run / "scenario.resolved.yaml";
  std::error_code ec;
  if (!fs::exists(file, ec))
    return {.scenario = {}, .problem = "The run's folder has no scenario.resolved.yaml."};
  try {
    refuse_larger(file, kLargestScenario);
    scenario::LoadOptions options;
    options.check_files = false;
    scenario::LoadResult loaded =
        scenario::load_scenario_text(read_whole_file(file), "scenario.resolved.yaml", run, options);
    if (!loaded.ok()) return {.scenario = {}, .problem = loaded.errors.front().text()};
    return {.scenario = std::move(loaded.scenario), .problem = {}};
  } catch (const Error& e) {
    return {.scenario = {}, .problem = e.what()};
  }
}

std::string scenario_name(const fs::path& run) {
  const StoredScenario stored = stored_scenario(run);
  return stored.scenario && !stored.scenario->meta.name.empty() ? stored.scenario->meta.name
                                                                : run.filename().string();
}

report::RunSet load_run(const fs::path& run) {
  std::error_code ec;
  if (!fs::exists(run / "batch.json", ec)) read_summary(run);  // refuses what is too large
  report::RunSet set = report::load_run_set(run);
  if (!set.batch && !set.runs.empty() && !set.runs.front().complete()) {
    report::RunResults& only = set.runs.front();
    if (text_member(only.summary, "scenario").empty())
      only.name = only.variant = set.name = scenario_name(run);
    only.status = "passed";
  }
  return set;
}

}  // namespace xedgesim::web
