#include "web/run_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "experiment/batch_record.h"
#include "report/terminal.h"
#include "web/run_state.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

Json batch_line(const std::string& id, const fs::path& folder) {
  Json line{{"id", id}};
  try {
    const auto record = experiment::BatchRecord::from_json(experiment::read_json(folder / "batch.json"));
    line["name"] = record.name;
    Json counts = Json::object();
    for (const experiment::RunRecord& r : record.runs) {
      const std::string status(experiment::name(r.status));
      counts[status] = counts.value(status, 0) + 1;
    }
    line["runs"] = record.runs.size();
    line["statuses"] = std::move(counts);
  } catch (const std::exception& e) {
    line["name"] = folder.filename().string();
    line["problem"] = e.what();
  }
  std::error_code ec;
  line["report"] = fs::is_regular_file(folder / "report.html", ec);
  return line;
}

}  // namespace

struct RunList::Search {
  Json runs = Json::array(), batches = Json::array();
  size_t folders = 0;
  bool cut = false;
};

std::string id_of(const Results& results, const fs::path& folder) {
  const std::string id = folder.lexically_relative(results.path()).generic_string();
  return id.empty() ? "." : id;
}

Json RunList::run_line(const fs::path& folder) {
  std::error_code ec;
  const fs::path file = folder / "summary.json";
  const auto changed = fs::last_write_time(file, ec);
  const uintmax_t size = fs::file_size(file, ec);
  Known& known = known_[folder];
  if (known.line.is_null() || known.changed != changed || known.size != size) {
    known = {changed, size, Json::object()};
    Json& line = known.line;
    try {
      const Json summary = read_summary(folder);
      const Json figures = report::summary_figures(summary, "");
      for (const char* name : {"scenario", "reason", "digest", "seed", "speed_factor", "duration_s",
                               "wall_time_s", "assertions_passed", "assertions_total"})
        if (figures.contains(name)) line[name] = figures[name];
      line["status"] = status_of(summary);
      line["started"] = text_member(member(summary, "host"), "started");
    } catch (const std::exception& e) {
      line["status"] = "unreadable";
      line["problem"] = e.what();
    }
    if (text_member(line, "scenario").empty()) line["scenario"] = scenario_name(folder);
    if (text_member(line, "started").empty()) line["started"] = start_in_name(folder.filename().string());
  }
  Json line = known.line;
  note_activity(line, folder);
  return line;
}

void RunList::look_into(const fs::path& folder, int depth, const std::string& batch, Search& search) {
  if (++search.folders > kMostFolders) {
    search.cut = true;
    return;
  }
  std::error_code ec;
  const std::string id = id_of(results_, folder);
  std::string within = batch;
  if (fs::exists(folder / "batch.json", ec)) {
    search.batches.push_back(batch_line(id, folder));
    within = id;
  } else if (fs::exists(folder / "summary.json", ec)) {
    Json line{{"id", id}, {"batch", batch.empty() ? Json(nullptr) : Json(batch)}};
    line.update(run_line(folder));
    search.runs.push_back(std::move(line));
    return;
  }
  if (depth >= kDeepest) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ec)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || entry.is_symlink(ec) || !entry.is_directory(ec)) continue;
    look_into(entry.path(), depth + 1, within, search);
  }
}

Json RunList::list() {
  const std::lock_guard lock(mutex_);
  Search search;
  look_into(results_.path(), 0, "", search);
  const auto newest_first = [](const Json& a, const Json& b) {
    return std::pair(text_member(a, "started"), text_member(a, "id")) >
           std::pair(text_member(b, "started"), text_member(b, "id"));
  };
  std::sort(search.runs.begin(), search.runs.end(), newest_first);
  std::sort(search.batches.begin(), search.batches.end(),
            [](const Json& a, const Json& b) { return text_member(a, "id") < text_member(b, "id"); });
  return {{"folder", results_.path().string()},
          {"runs", std::move(search.runs)},
          {"batches", std::move(search.batches)},
          {"left_out",
           search.cut ? Json(fmt::format("There are more than {} folders: only some of the runs are listed. "
                                         "Serve a folder further down.",
                                         kMostFolders))
                      : Json(nullptr)}};
}

}  // namespace xedgesim::web
