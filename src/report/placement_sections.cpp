#include "report/placement_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>

#include "report/comparison.h"

namespace xedgesim::report {
namespace {

constexpr size_t kMostChanges = 40;

/// One placement of one variant, in each of its runs.
struct Placed {
  std::string name;
  std::vector<Json> runs;
};

std::vector<Placed> placements_of(const RunSet& set) {
  std::vector<Placed> all;
  for (const RunResults& run : set.runs) {
    const auto found = run.summary.find("placements");
    if (!run.counts() || found == run.summary.end() || !found->is_object()) continue;
    for (const auto& [placement, figures] : found->items()) {
      if (!figures.is_object()) continue;
      const std::string name =
          run.variant == placement ? placement : fmt::format("{}: {}", run.variant, placement);
      auto place = std::find_if(all.begin(), all.end(), [&](const Placed& p) { return p.name == name; });
      if (place == all.end()) place = all.insert(all.end(), {name, {}});
      place->runs.push_back(figures);
    }
  }
  return all;
}

using Path = std::initializer_list<std::string>;

std::optional<double> number_at(const Json& figures, Path path) {
  const Json* at = &figures;
  for (const std::string& key : path) {
    if (!at->is_object()) return std::nullopt;
    const auto next = at->find(key);
    if (next == at->end()) return std::nullopt;
    at = &*next;
  }
  return at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
}

std::optional<double> mean_of(const Placed& p, Path path) {
  double sum = 0, n = 0;
  for (const Json& run : p.runs)
    if (const auto v = number_at(run, path)) {
      sum += *v;
      ++n;
    }
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

std::string mean_text(const Placed& p, Path path, double factor = 1) {
  const auto mean = mean_of(p, path);
  return mean ? short_number(*mean * factor) : "-";
}

std::string sum_text(const Placed& p, Path path) {
  double sum = 0;
  for (const Json& run : p.runs) sum += number_at(run, path).value_or(0);
  return fmt::format("{:.0f}", sum);
}

/// Keys of an object in all runs, in the order in which they come.
std::vector<std::string> keys_of(const Placed& p, const std::string& part) {
  std::vector<std::string> keys;
  for (const Json& run : p.runs) {
    const auto object = run.find(part);
    if (object == run.end() || !object->is_object()) continue;
    for (const auto& [key, value] : object->items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

/// "edge 317, device 260".
std::string counted(const Placed& p, const std::string& part) {
  std::string text;
  for (const std::string& key : keys_of(p, part))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, sum_text(p, {part, key}));
  return text.empty() ? "-" : text;
}

TextTable numbers_behind(std::vector<std::string> header, size_t texts) {
  TextTable t{.header = std::move(header)};
  t.right.assign(t.header.size(), true);
  std::fill_n(t.right.begin(), texts, false);
  return t;
}

TextTable sample_table(const std::vector<Placed>& all) {
  TextTable t =
      numbers_behind({"placement", "inference ran at", "lost because of", "samples", "results", "lost",
                      "in flight", "accuracy %", "with lost %", "AUC", "mean ms", "p50", "p95", "p99"},
                     3);
  for (const Placed& p : all)
    t.rows.push_back({p.name, counted(p, "ran_at"), counted(p, "lost_causes"), sum_text(p, {"samples"}),
                      sum_text(p, {"results"}), sum_text(p, {"samples_lost"}),
                      sum_text(p, {"samples_in_flight"}), mean_text(p, {"accuracy"}, 100),
                      mean_text(p, {"accuracy_all_samples"}, 100), mean_text(p, {"auc"}),
                      mean_text(p, {"latency", "mean_ms"}), mean_text(p, {"latency", "p50_ms"}),
                      mean_text(p, {"latency", "p95_ms"}), mean_text(p, {"latency", "p99_ms"})});
  return t;
}

/// Sum over the runs of one cell of the confusion matrices.
std::string confused(const Placed& p, size_t truth, size_t predicted) {
  int64_t sum = 0;
  for (const Json& run : p.runs) {
    const auto matrix = run.find("confusion");
    if (matrix == run.end() || !matrix->is_array() || truth >= matrix->size()) continue;
    const Json& row = (*matrix)[truth];
    if (row.is_array() && predicted < row.size() && row[predicted].is_number())
      sum += row[predicted].get<int64_t>();
  }
  return fmt::format("{}", sum);
}

TextTable class_table(const std::vector<Placed>& all) {
  std::vector<std::string> classes;
  for (const Placed& p : all)
    if (classes.empty()) classes = keys_of(p, "classes");
  std::vector<std::string> header{"placement", "true class", "precision", "recall", "F1", "AUC"};
  for (const std::string& c : classes) header.push_back("taken for " + c);
  header.emplace_back("lost");
  TextTable t = numbers_behind(std::move(header), 2);
  for (const Placed& p : all)
    for (size_t c = 0; c < classes.size(); ++c) {
      const auto figure = [&](const char* name) { return mean_text(p, {"classes", classes[c], name}); };
      t.rows.push_back(
          {p.name, classes[c], figure("precision"), figure("recall"), figure("f1"), figure("auc")});
      for (size_t k = 0; k < classes.size(); ++k) t.rows.back().push_back(confused(p, c, k));
      t.rows.back().push_back(sum_text(p, {"classes", classes[c], "lost"}));
    }
  return t;
}

TextTable hop_percentiles(const std::vector<Placed>& all) {
  TextTable t = numbers_behind({"placement", "hop", "samples", "mean ms", "p50", "p95", "p99", "max"}, 2);
  for (const Placed& p : all)
    for (const std::string& hop : keys_of(p, "hops")) {
      const auto figure = [&](const char* name) { return mean_text(p, {"hops", hop, name}); };
      t.rows.push_back({p.name, hop, sum_text(p, {"hops", hop, "count"}), figure("mean_ms"), figure("p50_ms"),
                        figure("p95_ms"), figure("p99_ms"), figure("max_ms")});
    }
  return t;
}

TextTable energy_table(const std::vector<Placed>& all) {
  const std::string part = "energy_per_sample_by_cause_mJ";
  std::vector<std::string> causes;
  for (const Placed& p : all)
    for (const std::string& c : keys_of(p, part))
      if (mean_of(p, {part, c}).value_or(0) > 0 && std::find(causes.begin(), causes.end(), c) == causes.end())
        causes.push_back(c);
  std::vector<std::string> header{"placement", "in all"};
  header.insert(header.end(), causes.begin(), causes.end());
  for (const char* h : {"inference alone", "its cycles", "arena bytes"}) header.emplace_back(h);
  TextTable t = numbers_behind(std::move(header), 1);
  for (const Placed& p : all) {
    t.rows.push_back({p.name, mean_text(p, {"energy_per_sample_mJ"})});
    for (const std::string& c : causes) t.rows.back().push_back(mean_text(p, {part, c}));
    for (const char* f : {"energy_per_inference_mJ", "cycles_per_inference", "arena_bytes"})
      t.rows.back().push_back(mean_text(p, {"on_device", f}));
  }
  return t;
}

struct Change {
  std::string run, node, what;
  double time_s;
  std::string sample;
};

std::vector<Change> changes_of(const RunSet& set) {
  std::vector<Change> all;
  for (const RunResults& run : set.runs) {
    if (!run.counts()) continue;
    std::ifstream in(run.directory / "events.jsonl");
    for (std::string line; std::getline(in, line);) {
      if (line.find("\"placement\"") == std::string::npos) continue;
      const auto e = Json::parse(line, nullptr, false);
      if (!e.is_object() || e.value("type", "") != "placement") continue;
      all.push_back({run.name, e.value("node", ""), e.value("message", ""),
                     number_at(e, {"time_us"}).value_or(0) / 1e6,
                     fmt::format("{:.0f}", number_at(e, {"sample"}).value_or(0))});
    }
  }
  return all;
}

TextTable change_counts(const std::vector<Change>& changes) {
  TextTable t = numbers_behind({"run", "change and reason", "times", "first at s", "last at s"}, 2);
  std::vector<std::pair<std::string, std::string>> kinds;
  for (const Change& c : changes) {
    const std::pair kind{c.run, c.what};
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
  }
  for (const auto& [run, what] : kinds) {
    size_t n = 0;
    double first = 0, last = 0;
    for (const Change& c : changes) {
      if (c.run != run || c.what != what) continue;
      if (n++ == 0) first = c.time_s;
      last = c.time_s;
    }
    t.rows.push_back(
        {run, what, fmt::format("{}", n), fmt::format("{:.3f}", first), fmt::format("{:.3f}", last)});
  }
  return t;
}

TextTable change_list(const std::vector<Change>& changes) {
  TextTable t = numbers_behind({"run", "board", "change and reason", "at s", "before sample"}, 3);
  for (const Change& c : changes)
    if (t.rows.size() < kMostChanges)
      t.rows.push_back({c.run, c.node, c.what, fmt::format("{:.6f}", c.time_s), c.sample});
  return t;
}

}  // namespace

std::vector<ReportSection> placement_sections(const RunSet& set) {
  const auto placements = placements_of(set);
  const auto changes = changes_of(set);
  std::vector<ReportSection> sections{
      {"Samples of each placement",
       "A sample is lost when its result cannot come any more; latencies are from the window's end to the "
       "result.",
       sample_table(placements)},
      {"Classes and confusion", "Rows are what was true. AUC is of the class against all others.",
       class_table(placements)},
      {"Latency by hop, percentiles",
       "The hops from compute to reply add up to the latency; sensing is before it, store and answer after "
       "it.",
       hop_percentiles(placements)},
      {"Energy of a sample by cause, mJ",
       "All that the boards of a placement used, divided by their samples.", energy_table(placements)},
      {"Changes of placement", "Boards with adaptive placement decide before each window.",
       change_counts(changes)},
      {"Changes of placement, one by one",
       changes.size() > kMostChanges ? fmt::format("The first {} of {}; all are in events.jsonl of the runs.",
                                                   kMostChanges, changes.size())
                                     : "",
       change_list(changes)}};
  std::erase_if(sections, [](const ReportSection& s) { return s.table.rows.empty(); });
  return sections;
}

}  // namespace xedgesim::report
