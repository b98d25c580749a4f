#include "report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/comparison.h"
#include "report/placement_search.h"
#include "report/placement_sections.h"

namespace xedgesim::report {
namespace {

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string fixed_or_dash(const std::map<std::string, double>& figures, const std::string& name,
                          const char* format, double factor = 1) {
  const auto found = figures.find(name);
  return found == figures.end() ? "no data" : fmt::format(fmt::runtime(format), found->second * factor);
}

/// "energy_over_time.png" -> "Energy over time".
std::string figure_title(std::string stem) {
  std::replace(stem.begin(), stem.end(), '_', ' ');
  if (!stem.empty() && stem[0] >= 'a' && stem[0] <= 'z') stem[0] = static_cast<char>(stem[0] - 'a' + 'A');
  return stem;
}

std::string figure_links(const std::filesystem::path& directory) {
  std::set<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "figures", ec))
    if (entry.path().extension() == ".png") names.insert(entry.path().stem().string());
  if (names.empty()) return "";
  std::string text = "\n## Figures\n\n";
  for (const std::string& n : names) text += fmt::format("![{}](figures/{}.png)\n", figure_title(n), n);
  return text;
}

std::string assertion_lines(const Json& summary) {
  const auto list = summary.find("assertions");
  if (list == summary.end() || !list->is_array() || list->empty()) return "";
  std::string text = "\n## Assertions\n\n";
  for (const Json& a : *list)
    if (a.is_object() && a.contains("line")) text += fmt::format("- {}\n", a["line"].get<std::string>());
  return text;
}

/// "## Title" and the table, or nothing when that has no rows.
std::string markdown_section(const std::string& title, const TextTable& table) {
  return table.rows.empty() ? "" : "\n## " + title + "\n\n" + markdown_table(table);
}

std::string placement_tables(const RunSet& set) {
  std::string text;
  for (const ReportSection& s : placement_sections(set))
    text += "\n## " + s.title + "\n\n" + (s.note.empty() ? "" : s.note + "\n\n") + markdown_table(s.table);
  return text;
}

std::string wrong_runs(const RunSet& set) {
  std::string text;
  for (const RunResults& r : set.runs)
    if (r.status != "passed")
      text += fmt::format("- **{}**: {}{}\n", r.name, r.status,
                          r.reason.empty() ? "" : ": " + markdown_cell(r.reason));
  return text.empty() ? text : "\n## Runs that did not pass\n\n" + text;
}

std::string counts_line(const RunSet& set) {
  const auto n = [&](const char* status) {
    return std::count_if(set.runs.begin(), set.runs.end(),
                         [&](const RunResults& r) { return r.status == status; });
  };
  const auto passed = n("passed"), failed = n("assertion_failed");
  return fmt::format("{} runs of {} variants: {} passed, {} with a failed assertion, {} without a result.\n",
                     set.runs.size(), set.variants().size(), passed, failed,
                     static_cast<std::ptrdiff_t>(set.runs.size()) - passed - failed);
}

}  // namespace

std::string markdown_table(const TextTable& table) {
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    text += "|";
    for (const std::string& c : cells) text += " " + markdown_cell(c) + " |";
    text += "\n";
  };
  line(table.header);
  text += "|";
  for (size_t i = 0; i < table.header.size(); ++i)
    text += i < table.right.size() && table.right[i] ? "---:|" : "---|";
  text += "\n";
  for (const auto& row : table.rows) line(row);
  return text;
}

std::string run_markdown(const RunSet& set) {
  const RunResults& run = set.runs.front();
  const auto figures = run_figures(run.summary);
  const auto get = [&](const char* name, const char* format, double factor = 1) {
    return fixed_or_dash(figures, name, format, factor);
  };
  std::string text = fmt::format("# Simulation Results: {}\n\n", run.name);
  text += fmt::format("Status: {}{}. Seed {}, digest `{}`.\n", run.status,
                      run.reason.empty() ? "" : " (" + run.reason + ")", run.seed,
                      run.summary.value("digest", "-"));
  text += "\n## Summary Statistics\n\n";
  text += fmt::format("- **Total Samples Processed:** {}\n", get("samples_processed", "{:.0f}"));
  text += fmt::format("- **Total Energy Consumed:** {}\n", get("total_energy_mJ", "{:.2f} mJ"));
  text += fmt::format("- **Average End-to-End Latency:** {}\n", get("avg_e2e_latency_ms", "{:.2f} ms"));
  text += fmt::format("- **P95 Latency:** {}\n", get("p95_e2e_latency_ms", "{:.2f} ms"));
  text += fmt::format("- **ML Accuracy:** {}\n", get("ml_accuracy", "{:.2f}%", 100));
  text += fmt::format("- **Packet Delivery Rate:** {}\n", get("packet_delivery_rate", "{:.2f}%", 100));
  const auto variants = variant_results(set);
  if (!variants.front().runs.empty()) {
    text += markdown_section("Flows", flow_table(variants)) +
            markdown_section("Latency by hop", hop_table(variants));
    text += placement_tables(set);
    text += "\n## All figures\n\n";
    TextTable all{.header = {"figure", "value"}, .right = {false, true}};
    for (const auto& [name, value] : figures) all.rows.push_back({name, short_number(value)});
    text += markdown_table(all);
  }
  return text + assertion_lines(run.summary) + figure_links(set.directory);
}

std::string batch_summary_markdown(const RunSet& set) {
  const auto variants = variant_results(set);
  return fmt::format("# {}\n\n{}\n{}\nMean ± 95 % confidence interval over the seeds.\n{}", set.name,
                     counts_line(set), markdown_table(tradeoff_table(variants)), wrong_runs(set));
}

std::string batch_markdown(const RunSet& set) {
  const auto variants = variant_results(set);
  std::string text = fmt::format("# Batch results: {}\n\n{}", set.name, counts_line(set));
  if (!set.search.is_null())
    text += "\n## Placement search\n\n" + search_verdict(set.search) + ".\n\n" +
            markdown_table(search_table(set.search));
  text += "\n## Trade-offs\n\nMean ± 95 % confidence interval (Student's t) over the seeds.\n\n" +
          markdown_table(tradeoff_table(variants));
  text += markdown_section("Flows", flow_table(variants)) +
          markdown_section("Latency by hop", hop_table(variants));
  text += placement_tables(set);
  TextTable runs{.header = {"run", "seed", "status", "digest"}, .right = {false, true, false, false}};
  for (const RunResults& r : set.runs)
    runs.rows.push_back({r.name, r.seed, r.status, r.summary.value("digest", "-")});
  text += "\n## Runs\n\n" + markdown_table(runs) + wrong_runs(set);
  text += "\n## Statistics over the seeds\n\n" + markdown_table(statistics_table(variants));
  return text + figure_links(set.directory);
}

}  // namespace xedgesim::report
