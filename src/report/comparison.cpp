#include "report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace xedgesim::report {
namespace {

constexpr size_t kMostColumns = 5;

struct TableLine {
  std::string label;
  std::function<std::string(const VariantResults&)> cell;
};

std::string with_interval(const VariantResults& v, const std::string& figure, double factor,
                          std::string_view unit) {
  const SampleStatistics* s = v.find(figure);
  if (s == nullptr) return "-";
  std::string text = short_number(s->mean * factor);
  if (s->ci95) text += " ± " + short_number(*s->ci95 * factor);
  return text + std::string(unit);
}

TextTable oriented(std::span<const VariantResults> variants, const std::string& corner,
                   const std::vector<TableLine>& lines) {
  TextTable t;
  if (variants.size() <= kMostColumns) {
    t.header = {corner};
    for (const VariantResults& v : variants) t.header.push_back(v.name);
    for (const TableLine& l : lines) {
      t.rows.push_back({l.label});
      for (const VariantResults& v : variants) t.rows.back().push_back(l.cell(v));
    }
  } else {
    t.header = {"variant"};
    for (const TableLine& l : lines) t.header.push_back(l.label);
    for (const VariantResults& v : variants) {
      t.rows.push_back({v.name});
      for (const TableLine& l : lines) t.rows.back().push_back(l.cell(v));
    }
  }
  t.right.assign(t.header.size(), true);
  t.right[0] = false;
  return t;
}

bool any_has(std::span<const VariantResults> variants, const std::string& figure) {
  for (const VariantResults& v : variants)
    if (v.find(figure)) return true;
  return false;
}

/// Sum of several causes for one sample, in mJ.
std::string energy_part(const VariantResults& v, std::initializer_list<const char*> causes) {
  const auto samples = v.mean("samples_processed");
  if (!samples || *samples <= 0) return "-";
  double sum = 0;
  for (const char* c : causes) sum += v.mean(fmt::format("energy_{}_mJ", c)).value_or(0);
  return short_number(sum / *samples) + " mJ";
}

}  // namespace

std::string short_number(double v) {
  if (!std::isfinite(v)) return "-";
  const double size = std::fabs(v);
  if (size == 0) return "0";
  if (size >= 1e9 || size < 1e-4) return fmt::format("{:.3e}", v);
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
  return fmt::format("{:.{}f}", v, std::max(0, 4 - before));
}

TextTable tradeoff_table(std::span<const VariantResults> variants) {
  std::vector<TableLine> lines;
  const auto figure = [&](const std::string& label, const std::string& name, double factor,
                          const std::string& unit) {
    if (!any_has(variants, name)) return;
    lines.push_back({label, [=](const VariantResults& v) { return with_interval(v, name, factor, unit); }});
  };
  lines.push_back({"Runs", [](const VariantResults& v) {
                     if (v.runs.size() == 1 && !v.runs.front()->complete())
                       return fmt::format("1 ({} after {} s)", v.runs.front()->status,
                                          v.runs.front()->summary.value("duration_s", 0.0));
                     return v.incomplete == 0
                                ? fmt::format("{}", v.runs.size())
                                : fmt::format("{} ({} without result)", v.runs.size(), v.incomplete);
                   }});
  figure("Accuracy", "ml_accuracy", 100, " %");
  figure("Accuracy, lost samples wrong", "ml_accuracy_all_samples", 100, " %");
  figure("Latency, mean", "avg_e2e_latency_ms", 1, " ms");
  figure("Latency, p95", "p95_e2e_latency_ms", 1, " ms");
  figure("Energy per sample", "energy_per_sample_mJ", 1, " mJ");
  if (any_has(variants, "energy_per_sample_mJ")) {
    lines.push_back({"  of it CPU", [](const VariantResults& v) { return energy_part(v, {"cpu_active"}); }});
    lines.push_back({"  of it radio", [](const VariantResults& v) {
                       return energy_part(v, {"radio_tx", "radio_rx", "radio_idle"});
                     }});
  }
  // A system without boards spends none.
  const auto spends = [](const VariantResults& v) { return v.mean("total_energy_mJ").value_or(0) > 0; };
  if (std::any_of(variants.begin(), variants.end(), spends))
    figure("Energy, all devices", "total_energy_mJ", 1, " mJ");
  figure("Reliability (samples with a result)", "reliability", 100, " %");
  figure("Packets delivered", "packet_delivery_rate", 100, " %");
  return oriented(variants, "Metric", lines);
}

TextTable hop_table(std::span<const VariantResults> variants) {
  std::vector<TableLine> lines;
  for (const char* hop :
       {"sensing", "compute", "access", "air", "wire", "queue", "inference", "reply", "store", "answer"}) {
    const std::string name = fmt::format("avg_{}_latency_ms", hop);
    if (any_has(variants, name))
      lines.push_back({hop, [name](const VariantResults& v) { return with_interval(v, name, 1, " ms"); }});
  }
  if (any_has(variants, "avg_e2e_latency_ms"))
    lines.push_back({"window's end to result", [](const VariantResults& v) {
                       return with_interval(v, "avg_e2e_latency_ms", 1, " ms");
                     }});
  return lines.empty() ? TextTable{} : oriented(variants, "Hop, mean", lines);
}

TextTable flow_table(std::span<const VariantResults> variants) {
  TextTable t{.header = {"variant", "flow", "lost", "delay, mean", "delay, p95", "throughput"},
              .rows = {},
              .right = {false, false, true, true, true, true}};
  constexpr std::string_view kEachHas = "flow_sent[";
  for (const VariantResults& v : variants)
    for (auto f = v.figures.lower_bound(std::string(kEachHas));
         f != v.figures.end() && f->first.starts_with(kEachHas); ++f) {
      const std::string flow = f->first.substr(kEachHas.size() - 1);
      t.rows.push_back({v.name, flow.substr(1, flow.size() - 2),
                        with_interval(v, "flow_loss_rate" + flow, 100, " %"),
                        with_interval(v, "avg_flow_delay_ms" + flow, 1, " ms"),
                        with_interval(v, "p95_flow_delay_ms" + flow, 1, " ms"),
                        with_interval(v, "flow_throughput_Mbps" + flow, 1, " Mbit/s")});
    }
  return t;
}

TextTable statistics_table(std::span<const VariantResults> variants) {
  TextTable t{.header = {"variant", "figure", "n", "mean", "std dev", "95 % CI", "min", "max"},
              .right = {false, false, true, true, true, true, true, true}};
  for (const VariantResults& v : variants) {
    for (const auto& [name, s] : v.figures) {
      t.rows.push_back({v.name, name, fmt::format("{}", s.n), short_number(s.mean),
                        s.deviation ? short_number(*s.deviation) : "-",
                        s.ci95 ? fmt::format("± {}", short_number(*s.ci95)) : "-", short_number(s.minimum),
                        short_number(s.maximum)});
    }
  }
  return t;
}

Json statistics_json(std::span<const VariantResults> variants) {
  Json list = Json::array();
  for (const VariantResults& v : variants) {
    Json figures = Json::object();
    for (const auto& [name, s] : v.figures) {
      figures[name] = {{"n", s.n},
                       {"mean", s.mean},
                       {"std_dev", s.deviation ? Json(*s.deviation) : Json(nullptr)},
                       {"ci95", s.ci95 ? Json(*s.ci95) : Json(nullptr)},
                       {"min", s.minimum},
                       {"max", s.maximum}};
    }
    list.push_back({{"variant", v.name},
                    {"runs", v.runs.size()},
                    {"without_result", v.incomplete},
                    {"figures", std::move(figures)}});
  }
  return list;
}

std::vector<bool> pareto_front(std::span<const ParetoPoint> points) {
  std::vector<bool> front(points.size(), true);
  for (size_t i = 0; i < points.size(); ++i) {
    for (const ParetoPoint& other : points) {
      const bool as_good = other.x <= points[i].x && other.y <= points[i].y;
      const bool better = other.x < points[i].x || other.y < points[i].y;
      if (as_good && better) front[i] = false;
    }
  }
  return front;
}

}  // namespace xedgesim::report
