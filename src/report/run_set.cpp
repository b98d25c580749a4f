#include "report/run_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "experiment/batch_record.h"
#include "metrics/flow_recorder.h"
#include "metrics/span_recorder.h"
#include "metrics/summary.h"
#include "report/placement_search.h"
#include "scenario/metric_names.h"
#include "scenario/suggest.h"

namespace xedgesim::report {
namespace {

Json read_or_empty(const std::filesystem::path& file) {
  std::error_code ec;
  return std::filesystem::exists(file, ec) ? experiment::read_json(file) : Json::object();
}

std::string text_of(const Json& j, const char* key) {
  const auto found = j.find(key);
  return found != j.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string folder_name(const std::filesystem::path& directory) {
  const auto normal = std::filesystem::absolute(directory).lexically_normal();
  return normal.has_filename() ? normal.filename().string() : normal.parent_path().filename().string();
}

Json read_search(const std::filesystem::path& file) {
  Json search = experiment::read_json(file);
  try {
    search_table(search);
    search_verdict(search);
  } catch (const Json::exception& e) {
    throw ConfigError(fmt::format("'{}' is not as 'xedgesim place' writes it ({})", file.string(), e.what()));
  }
  return search;
}

/// What a summary says of its run, in the words of batch.json.
std::string status_of(const Json& summary) {
  const std::string status = text_of(summary, "status");
  if (status != "completed") return status.empty() ? "failed" : status;
  if (const auto list = summary.find("assertions"); list != summary.end() && list->is_array())
    for (const Json& a : *list)
      if (a.is_object() && a.value("passed", Json(true)) == Json(false)) return "assertion_failed";
  return "passed";
}

RunResults single_run(const std::filesystem::path& directory) {
  RunResults run;
  run.alone = true;
  run.directory = directory;
  run.summary = experiment::read_json(directory / "summary.json");
  run.inputs = read_or_empty(directory / "inputs.json");
  run.name = run.variant = text_of(run.summary, "scenario");
  if (run.name.empty()) run.name = run.variant = folder_name(directory);
  if (const auto seed = run.summary.find("seed"); seed != run.summary.end()) run.seed = seed->dump();
  run.status = status_of(run.summary);
  run.reason = text_of(run.summary, "reason");
  return run;
}

/// Folders right below `directory` that load_run_set() takes, by name.
std::vector<std::string> folders_with_results(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ec))
    for (const char* file : {"batch.json", "summary.json", "latest/summary.json"})
      if (std::filesystem::exists(entry.path() / file, ec)) {
        names.push_back(entry.path().filename().string());
        break;
      }
  std::sort(names.begin(), names.end());
  return names;
}

void add_numbers(const Json& from, std::map<std::string, double>& to, const std::string& before,
                 const std::string& after) {
  if (!from.is_object()) return;
  for (const auto& [key, value] : from.items())
    if (value.is_number()) to[before + key + after] = value.get<double>();
}

}  // namespace

std::vector<std::string> RunSet::variants() const {
  std::vector<std::string> names;
  for (const RunResults& r : runs)
    if (std::find(names.begin(), names.end(), r.variant) == names.end()) names.push_back(r.variant);
  return names;
}

RunSet load_run_set(const std::filesystem::path& directory) {
  std::error_code ec;
  RunSet set;
  set.directory = directory;
  if (std::filesystem::exists(directory / "batch.json", ec)) {
    const auto record = experiment::BatchRecord::from_json(experiment::read_json(directory / "batch.json"));
    set.batch = true;
    set.name = record.name;
    for (const experiment::RunRecord& r : record.runs) {
      RunResults run;
      run.name = r.name;
      run.variant = r.variant;
      run.seed = r.seed;
      run.status = experiment::name(r.status);
      run.reason = r.reason;
      run.reused = r.reused;
      run.wall_s = r.wall_s;
      run.parameters = r.parameters;
      run.directory = directory / r.name;
      // A run that never began may have older results lying there.
      run.summary =
          run.complete() ? experiment::read_json(run.directory / "summary.json") : Json(Json::object());
      run.inputs = read_or_empty(run.directory / "inputs.json");
      set.runs.push_back(std::move(run));
    }
    if (std::filesystem::exists(directory / "search.json", ec))
      set.search = read_search(directory / "search.json");
    return set;
  }
  std::filesystem::path run = directory;
  if (!std::filesystem::exists(run / "summary.json", ec)) run = directory / "latest";
  if (!std::filesystem::exists(run / "summary.json", ec)) {
    const auto below = folders_with_results(directory);
    throw ConfigError(fmt::format(
        "'{}' holds no results{}: name the folder of a run (with summary.json), of a scenario's runs or of a "
        "batch (with batch.json)",
        directory.string(),
        below.empty() ? "" : fmt::format(" itself, but its folders do ({})", scenario::name_list(below, 8))));
  }
  set.runs.push_back(single_run(run));
  set.name = set.runs.front().name;
  set.directory = run;
  return set;
}

std::map<std::string, double> run_figures(const Json& summary) {
  std::map<std::string, double> figures;
  const auto part = [&](const char* key) -> const Json& {
    static const Json kNone;
    const auto found = summary.find(key);
    return found == summary.end() ? kNone : *found;
  };
  if (!summary.is_object()) return figures;
  add_numbers(part("summary"), figures, "", "");
  add_numbers(part("energy_by_cause_mJ"), figures, "energy_", "_mJ");
  if (part("hops").is_object())
    for (const auto& [hop, values] : part("hops").items())
      if (const auto mean = values.find("mean_ms"); mean != values.end() && mean->is_number())
        figures["avg_" + hop + "_latency_ms"] = mean->get<double>();
  if (part("flows").is_object())
    for (const auto& [flow, values] : part("flows").items())
      add_numbers(values, figures, "", "[" + flow + "]");
  const auto get = [&](const char* name) {
    const auto found = figures.find(name);
    return found == figures.end() ? 0.0 : found->second;
  };
  if (const auto device = figures.find("avg_device_energy_mJ"); device != figures.end())
    if (const auto t = summary.find("duration_s");
        t != summary.end() && t->is_number() && t->get<double>() > 0)
      figures["avg_device_power_mW"] = device->second / t->get<double>();
  if (part("per_device").is_object()) {
    for (const auto& [device, values] : part("per_device").items())
      if (const auto days = values.find("battery_life_days"); days != values.end() && days->is_number()) {
        const auto [least, first] = figures.emplace("battery_life_days", days->get<double>());
        if (!first) least->second = std::min(least->second, days->get<double>());
      }
  }
  if (const double fate = get("samples_processed") + get("samples_lost"); fate > 0)
    figures["reliability"] = get("samples_processed") / fate;
  return figures;
}

std::vector<std::string> possible_figures() {
  std::vector<std::string> names = metrics::summary_figures();
  names.insert(names.end(), {"avg_device_power_mW", "battery_life_days", "reliability"});
  for (const std::string& cause : scenario::energy_causes())
    names.push_back(fmt::format("energy_{}_mJ", cause));
  for (const metrics::Hop& hop : metrics::kHops) names.push_back(fmt::format("avg_{}_latency_ms", hop.name));
  for (const std::string& name : metrics::FlowRecorder::summary_names()) names.push_back(name + "[FLOW]");
  return names;
}

const SampleStatistics* VariantResults::find(const std::string& figure) const {
  const auto found = figures.find(figure);
  return found == figures.end() ? nullptr : &found->second;
}

std::optional<double> VariantResults::mean(const std::string& figure) const {
  const SampleStatistics* s = find(figure);
  return s ? std::optional(s->mean) : std::nullopt;
}

std::vector<VariantResults> variant_results(const RunSet& set) {
  std::vector<VariantResults> all;
  for (const std::string& name : set.variants()) {
    VariantResults v{.name = name, .runs = {}, .figures = {}};
    std::map<std::string, std::vector<double>> values;
    for (const RunResults& r : set.runs) {
      if (r.variant != name) continue;
      if (!r.counts()) {
        ++v.incomplete;
        continue;
      }
      v.runs.push_back(&r);
      for (const auto& [figure, value] : run_figures(r.summary)) values[figure].push_back(value);
    }
    for (const auto& [figure, list] : values) v.figures[figure] = *sample_statistics(list);
    all.push_back(std::move(v));
  }
  return all;
}

}  // namespace xedgesim::report
