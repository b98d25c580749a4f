#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace xedgesim::report {
namespace {

using Json = nlohmann::ordered_json;

struct Row {
  std::string label, text;
};

/// The value of a path such as {"summary", "ml_accuracy"}; null when any part is missing.
Json at(const Json& j, std::initializer_list<const char*> path) {
  const Json* here = &j;
  for (const char* key : path) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &(*here)[key];
  }
  return *here;
}

std::string number(const Json& v, int decimals, std::string_view unit = "") {
  return v.is_number() ? fmt::format("{:.{}f}{}", v.get<double>(), decimals, unit) : "-";
}

std::string percent(const Json& v) {
  return v.is_number() ? fmt::format("{:.2f} %", v.get<double>() * 100) : "-";
}

std::string text(const Json& v) {
  return v.is_string() ? v.get<std::string>() : v.is_null() ? "-" : v.dump();
}

/// Millijoules, or joules when that reads better.
std::string energy(const Json& v) {
  if (!v.is_number()) return "-";
  const double mj = v.get<double>();
  return mj >= 10'000 ? fmt::format("{:.3f} J", mj / 1000) : fmt::format("{:.3f} mJ", mj);
}

/// Flows up to which each has a row of its own.
constexpr size_t kMostFlows = 8;

/// What became of the packets between hosts; without counts of packets nothing.
void add_flows(std::vector<Row>& r, const Json& flows) {
  if (!flows.is_object() || flows.empty()) return;
  if (flows.size() <= kMostFlows) {
    for (const auto& [name, f] : flows.items())
      r.push_back({"flow " + name,
                   fmt::format("{} of {} ({} lost), mean {}, p95 {}, {}", text(at(f, {"flow_received"})),
                               text(at(f, {"flow_sent"})), percent(at(f, {"flow_loss_rate"})),
                               number(at(f, {"avg_flow_delay_ms"}), 3, " ms"),
                               number(at(f, {"p95_flow_delay_ms"}), 3, " ms"),
                               number(at(f, {"flow_throughput_Mbps"}), 3, " Mbit/s"))});
    return;
  }
  int64_t sent = 0, received = 0;
  for (const auto& [name, f] : flows.items()) {
    sent += f.value("flow_sent", int64_t{0});
    received += f.value("flow_received", int64_t{0});
  }
  r.push_back({"flows", fmt::format("{}: {} of {} packets received", flows.size(), received, sent)});
}

/// Whether any of these figures is a number.
bool has_any(const Json& figures, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* n) { return at(figures, {n}).is_number(); });
}

bool above_zero(const Json& v) { return v.is_number() && v.get<double>() > 0; }

/// What the system did not have - samples, packets, boards, verdicts - has no row.
std::vector<Row> rows(const Json& summary, const std::string& directory) {
  const Json figures = summary_figures(summary, directory);
  const auto get = [&](const char* name) { return at(figures, {name}); };
  std::vector<Row> r;
  r.push_back({"scenario", text(get("scenario"))});
  std::string status = text(get("status"));
  if (get("reason").is_string()) status += ": " + text(get("reason"));
  r.push_back({"status", status});
  std::string simulated = number(get("duration_s"), 3, " s");
  if (get("wall_time_s").is_number()) simulated += fmt::format(" in {} s", number(get("wall_time_s"), 2));
  if (get("speed_factor").is_number())
    simulated += fmt::format(" ({}x real time)", number(get("speed_factor"), 1));
  r.push_back({"simulated", simulated});
  r.push_back({"digest", text(get("digest"))});
  if (above_zero(get("total_samples")))
    r.push_back({"samples", fmt::format("{} ({} lost, {} in flight)", text(get("total_samples")),
                                        text(get("samples_lost")), text(get("samples_in_flight")))});
  if (above_zero(get("total_packets_sent")))
    r.push_back({"delivery ratio",
                 fmt::format("{} ({} of {} packets)", percent(get("packet_delivery_rate")),
                             text(get("total_packets_delivered")), text(get("total_packets_sent")))});
  if (get("p50_e2e_latency_ms").is_number())
    r.push_back(
        {"latency",
         fmt::format("p50 {}, p95 {}, p99 {}, max {}", number(get("p50_e2e_latency_ms"), 3, " ms"),
                     number(get("p95_e2e_latency_ms"), 3, " ms"), number(get("p99_e2e_latency_ms"), 3, " ms"),
                     number(get("max_e2e_latency_ms"), 3, " ms"))});
  if (const Json mean = at(summary, {"packet_latency", "mean_ms"});
      mean.is_number() && !get("avg_e2e_latency_ms").is_number())
    r.push_back({"packet latency", fmt::format("mean {}, p50 {}, p95 {}, max {}", number(mean, 3, " ms"),
                                               number(at(summary, {"packet_latency", "p50_ms"}), 3, " ms"),
                                               number(at(summary, {"packet_latency", "p95_ms"}), 3, " ms"),
                                               number(at(summary, {"packet_latency", "max_ms"}), 3, " ms"))});
  add_flows(r, at(summary, {"flows"}));
  if (get("avg_device_energy_mJ").is_number())
    r.push_back({"energy per device",
                 fmt::format("min {}, mean {}, max {}", energy(get("min_device_energy_mJ")),
                             energy(get("avg_device_energy_mJ")), energy(get("max_device_energy_mJ")))});
  if (has_any(figures, {"ml_accuracy", "ml_accuracy_all_samples"}))
    r.push_back({"accuracy", fmt::format("{} ({} with lost samples)", percent(get("ml_accuracy")),
                                         percent(get("ml_accuracy_all_samples")))});
  if (const Json total = get("assertions_total"); total.is_number() && total.get<int64_t>() > 0) {
    r.push_back({"assertions", fmt::format("{} of {} passed", text(get("assertions_passed")), text(total))});
  }
  r.push_back({"results", directory});
  return r;
}

}  // namespace

Json summary_figures(const Json& summary, const std::string& directory) {
  Json j;
  for (const char* name : {"scenario", "status", "reason", "duration_s", "digest", "seed", "speed_factor"}) {
    if (const Json v = at(summary, {name}); !v.is_null()) j[name] = v;
  }
  j["wall_time_s"] = at(summary, {"host", "wall_time_s"});
  const Json figures = at(summary, {"summary"});
  if (figures.is_object()) j.update(figures);
  int64_t passed = 0, total = 0;
  if (const Json assertions = at(summary, {"assertions"}); assertions.is_array()) {
    for (const Json& a : assertions) {
      ++total;
      passed += at(a, {"passed"}) == Json(true);
    }
  }
  j["assertions_passed"] = passed;
  j["assertions_total"] = total;
  j["results"] = directory;
  return j;
}

TextTable summary_table(const Json& summary, const std::string& directory) {
  TextTable table;
  for (const Row& row : rows(summary, directory)) table.rows.push_back({row.label, row.text});
  return table;
}

std::string render_summary(const Json& summary, const std::string& directory, bool utf8) {
  return render_table(summary_table(summary, directory), utf8);
}

}  // namespace xedgesim::report
