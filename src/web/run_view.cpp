#include "web/run_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/names.h"
#include "http/target.h"
#include "report/comparison.h"
#include "report/terminal.h"
#include "web/refusal.h"
#include "web/run_list.h"
#include "web/run_state.h"

namespace xedgesim::web {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostDevices = 2000, kMostFiles = 5000, kMostAssertions = 2000;

struct DeviceColumn {
  const char *name, *title;
  double factor = 1;
};
constexpr std::array kDeviceColumns{
    DeviceColumn{"samples", "samples"},
    DeviceColumn{"samples_lost", "lost"},
    DeviceColumn{"packets_sent", "sent"},
    DeviceColumn{"packet_delivery_rate", "delivered (%)", 100},
    DeviceColumn{"p50_e2e_latency_ms", "latency p50 (ms)"},
    DeviceColumn{"p95_e2e_latency_ms", "latency p95 (ms)"},
    DeviceColumn{"ml_accuracy", "accuracy (%)", 100},
    DeviceColumn{"energy_mJ", "energy (mJ)"},
    DeviceColumn{"tx_attempts", "attempts"},
    DeviceColumn{"cca_busy", "channel busy"},
    DeviceColumn{"active_s", "active (s)"},
    DeviceColumn{"sleep_s", "asleep (s)"},
    DeviceColumn{"battery_fraction", "battery (%)", 100},
    DeviceColumn{"battery_life_days", "battery (days)"},
};

std::string cell(const Json& value, double factor = 1) {
  return value.is_number() ? report::short_number(value.get<double>() * factor) : "-";
}

/// A table of named members of objects: the names down, the members that any of them has across.
template <typename Columns>
Json members_table(const Json& objects, const char* first, const Columns& columns, size_t most) {
  if (!objects.is_object() || objects.empty()) return nullptr;
  std::vector<const DeviceColumn*> shown;
  for (const DeviceColumn& c : columns)
    if (std::any_of(objects.begin(), objects.end(),
                    [&](const Json& o) { return member(o, c.name).is_number(); }))
      shown.push_back(&c);
  report::TextTable table{.header = {first}, .right = {false}};
  for (const DeviceColumn* c : shown) {
    table.header.push_back(c->title);
    table.right.push_back(true);
  }
  for (const auto& [name, values] : objects.items()) {
    if (table.rows.size() == most) break;
    std::vector<std::string> row{name};
    for (const DeviceColumn* c : shown) row.push_back(cell(member(values, c->name), c->factor));
    table.rows.push_back(std::move(row));
  }
  return table_json(table, objects.size() - table.rows.size());
}

Json hops_table(const Json& summary) {
  constexpr std::array kColumns{DeviceColumn{"count", "samples"},   DeviceColumn{"mean_ms", "mean (ms)"},
                                DeviceColumn{"min_ms", "min (ms)"}, DeviceColumn{"p50_ms", "p50 (ms)"},
                                DeviceColumn{"p95_ms", "p95 (ms)"}, DeviceColumn{"p99_ms", "p99 (ms)"},
                                DeviceColumn{"max_ms", "max (ms)"}};
  return members_table(member(summary, "hops"), "hop", kColumns, 100);
}

Json assertion_list(const Json& summary) {
  Json list = Json::array();
  const Json all = member(summary, "assertions");
  if (!all.is_array()) return list;
  for (const Json& a : all) {
    if (list.size() == kMostAssertions) break;
    list.push_back({{"metric", text_member(a, "metric")},
                    {"passed", member(a, "passed") == Json(true)},
                    {"actual", cell(member(a, "actual"))},
                    {"expected", text_member(a, "expected")},
                    {"description", text_member(a, "description")},
                    {"line", text_member(a, "line")}});
  }
  return list;
}

Json console_list(const fs::path& run) {
  std::vector<std::pair<std::string, uintmax_t>> found;
  std::error_code ec;
  for (const fs::directory_entry& entry : fs::directory_iterator(run / "consoles", ec)) {
    if (found.size() == kMostFiles) break;
    if (entry.path().extension() != ".log" || !entry.is_regular_file(ec)) continue;
    found.emplace_back(entry.path().stem().string(), entry.file_size(ec));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return natural_less(a.first, b.first); });
  Json list = Json::array();
  for (const auto& [name, size] : found) list.push_back({{"name", name}, {"size", size}});
  return list;
}

}  // namespace

Json table_json(const report::TextTable& table, size_t left_out) {
  return {{"header", table.header}, {"rows", table.rows}, {"right", table.right}, {"left_out", left_out}};
}

bool may_be_read(std::string_view name) { return name != "control.json" && !name.ends_with(".token"); }

Json file_list(const Results& results, const http::Access& access, const std::string& id) {
  std::vector<std::pair<std::string, uintmax_t>> found;
  std::error_code ec;
  const fs::path run = results.folder(id);
  for (const char* below : {"", "cloud", "consoles"})
    for (const fs::directory_entry& entry : fs::directory_iterator(run / below, ec)) {
      const std::string name = entry.path().lexically_relative(run).generic_string();
      if (name.starts_with('.') || !may_be_read(name) || found.size() == kMostFiles) continue;
      if (entry.is_regular_file(ec)) found.emplace_back(name, entry.file_size(ec));
    }
  std::sort(found.begin(), found.end());
  Json list = Json::array();
  for (const auto& [name, size] : found) {
    const std::string file = id == "." ? name : id + "/" + name;
    list.push_back({{"name", name},
                    {"size", size},
                    {"link", "/files/" + http::escape_path(file) + "?key=" + access.file_key(file)}});
  }
  return list;
}

Json run_view(const Results& results, const http::Access& access, const std::string& id) {
  const fs::path run = results.run_folder(id);
  std::error_code ec;
  if (!fs::exists(run / "summary.json", ec)) throw Refusal(404, fmt::format("'{}' holds no run", id));
  Json view{{"id", id}, {"problem", nullptr}};
  Json summary = Json::object();
  try {
    summary = read_summary(run);
    view["status"] = status_of(summary);
  } catch (const Error& e) {
    view["status"] = "unreadable";
    view["problem"] = e.what();
  }
  const bool ended = view["status"] != "unfinished" && view["status"] != "unreadable";
  view["scenario"] = ended ? text_member(summary, "scenario") : scenario_name(run);
  view["description"] = text_member(summary, "description");
  view["reason"] = text_member(summary, "reason");
  view["started"] = text_member(member(summary, "host"), "started");
  if (text_member(view, "started").empty()) view["started"] = start_in_name(run.filename().string());
  note_activity(view, run);
  view["table"] = ended ? table_json(report::summary_table(summary, run.string())) : Json(nullptr);
  view["assertions"] = assertion_list(summary);
  view["devices"] = members_table(member(summary, "per_device"), "device", kDeviceColumns, kMostDevices);
  view["hops"] = hops_table(summary);
  view["consoles"] = console_list(run);
  view["files"] = file_list(results, access, id);
  return view;
}

}  // namespace xedgesim::web
