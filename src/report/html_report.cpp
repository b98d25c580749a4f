#include "report/html_report.h"

#include <fmt/format.h>

#include "report/comparison.h"
#include "report/placement_search.h"
#include "report/placement_sections.h"
#include "report/result_charts.h"
#include "report/svg_chart.h"

namespace xedgesim::report {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
)";

constexpr std::string_view kStyle = R"(<style>
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1320px;padding:1rem 1.5rem;color:#1c1c1c;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse;font-size:.88rem;margin:.6rem 0}
th,td{border-bottom:1px solid #e3e3e3;padding:.25rem .55rem;text-align:left;vertical-align:top}
th{background:#f5f5f5;cursor:pointer;white-space:nowrap}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:1rem}.charts svg{width:100%;height:auto;border:1px solid #eee}
svg text{font:12px system-ui,sans-serif;fill:#333}svg text.title{font-size:14px;font-weight:600}svg text.mark{font-size:11px;fill:#b00}
.passed{color:#0a7a33}.bad{color:#b00020;font-weight:600}code{font-size:.85em}.wide{overflow-x:auto}
footer{margin:2rem 0;color:#777;font-size:.85rem}
</style>
)";

constexpr std::string_view kScript = R"(<script>
'use strict';
(() => {
  const value = cell => {
    const text = cell ? cell.textContent.trim() : '';
    const number = parseFloat(text.replace('±', ''));
    return Number.isNaN(number) ? text : number;
  };
  for (const table of document.querySelectorAll('table')) {
    [...table.querySelectorAll('th')].forEach((head, column) => {
      let down = false;
      head.addEventListener('click', () => {
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => {
          const x = value(a.cells[column]), y = value(b.cells[column]);
          const order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === 'number' ? -1 : 1;
          return down ? -order : order;
        });
        down = !down;
        rows.forEach(row => body.appendChild(row));
      });
    });
  }
  const data = JSON.parse(document.getElementById('xedgesim-data').textContent);
  document.documentElement.dataset.runs = data.runs.length;
  document.getElementById('loaded').textContent = data.runs.length + ' runs in this file. Click a column to sort by it.';
})();
</script>
)";

std::string html_table(const TextTable& table) {
  std::string text = "<div class=\"wide\"><table><thead><tr>";
  for (const std::string& h : table.header) text += "<th>" + escape_html(h) + "</th>";
  text += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    text += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const bool number = i < table.right.size() && table.right[i];
      text += (number ? "<td class=\"n\">" : "<td>") + escape_html(row[i]) + "</td>";
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

/// The title and the table, or nothing when that has no rows.
std::string html_section(const std::string& title, const TextTable& table) {
  return table.rows.empty() ? "" : "<h2>" + title + "</h2>\n" + html_table(table);
}

std::string html_runs(const RunSet& set) {
  std::string text =
      "<div class=\"wide\"><table "
      "id=\"runs\"><thead><tr><th>run</th><th>seed</th><th>status</th><th>assertions and "
      "reasons</th><th>digest</th></tr></thead><tbody>\n";
  for (const RunResults& r : set.runs) {
    std::string notes = escape_html(r.reason);
    if (const auto list = r.summary.find("assertions"); list != r.summary.end() && list->is_array())
      for (const Json& a : *list)
        if (a.is_object() && a.contains("line"))
          notes += (notes.empty() ? "" : "<br>") + escape_html(a["line"].get<std::string>());
    text += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td "
        "class=\"{}\">{}</td><td>{}</td><td><code>{}</code></td></tr>\n",
        escape_html(r.name), escape_html(r.seed), r.status == "passed" ? "passed" : "bad",
        escape_html(r.status), notes, escape_html(r.summary.value("digest", "-")));
  }
  return text + "</tbody></table></div>\n";
}

/// JSON that cannot end the script element it stands in.
std::string inlined_json(const RunSet& set, const std::vector<VariantResults>& variants) {
  Json j{{"name", set.name}, {"runs", Json::array()}, {"variants", statistics_json(variants)}};
  for (const RunResults& r : set.runs)
    j["runs"].push_back({{"name", r.name},
                         {"variant", r.variant},
                         {"seed", r.seed},
                         {"status", r.status},
                         {"parameters", r.parameters},
                         {"digest", r.summary.value("digest", "")},
                         {"figures", run_figures(r.summary)}});
  std::string text;
  for (const char c : j.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

}  // namespace

std::string html_report(const RunSet& set) {
  const auto variants = variant_results(set);
  std::string text(kHead);
  text += fmt::format("<title>{}</title>\n", escape_html(set.name));
  text += kStyle;
  text += fmt::format(
      "</head><body>\n<h1>{}</h1>\n<p>{} run{} of {} variant{}. Values are the mean ± 95 % confidence "
      "interval over the seeds.</p>\n",
      escape_html(set.name), set.runs.size(), set.runs.size() == 1 ? "" : "s", variants.size(),
      variants.size() == 1 ? "" : "s");
  if (!set.search.is_null())
    text += "<h2>Placement search</h2>\n<p>" + escape_html(search_verdict(set.search)) + ".</p>\n" +
            html_table(search_table(set.search));
  text += "<h2>Trade-offs</h2>\n" + html_table(tradeoff_table(variants));
  text += "<h2>Charts</h2>\n<div class=\"charts\">\n";
  for (const Chart& c : result_charts(set)) text += svg_chart(c);
  text += "</div>\n" + html_section("Flows", flow_table(variants)) +
          html_section("Latency by hop", hop_table(variants));
  for (const ReportSection& s : placement_sections(set))
    text += "<h2>" + escape_html(s.title) + "</h2>\n" +
            (s.note.empty() ? "" : "<p>" + escape_html(s.note) + "</p>\n") + html_table(s.table);
  text += "<h2>Runs</h2>\n" + html_runs(set);
  text += "<h2>Statistics over the seeds</h2>\n" + html_table(statistics_table(variants));
  text += "<footer id=\"loaded\"></footer>\n<script type=\"application/json\" id=\"xedgesim-data\">" +
          inlined_json(set, variants) + "</script>\n";
  text += kScript;
  return text + "</body></html>\n";
}

}  // namespace xedgesim::report
