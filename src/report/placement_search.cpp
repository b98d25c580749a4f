#include "report/placement_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/comparison.h"

namespace xedgesim::report {
namespace {

using experiment::Better;
using experiment::Figure;
using experiment::Requirement;

bool first_is_better(double a, double b, Better better) { return better == Better::less ? a < b : a > b; }

/// a is nowhere worse than b and somewhere better; a missing value is worse than any.
bool beats(const JudgedVariant& a, const JudgedVariant& b, const std::vector<Better>& better) {
  bool somewhere = false;
  for (size_t i = 0; i < better.size(); ++i) {
    if (!a.values[i] && !b.values[i]) continue;
    if (!a.values[i]) return false;
    if (!b.values[i] || first_is_better(*a.values[i], *b.values[i], better[i]))
      somewhere = true;
    else if (*a.values[i] != *b.values[i])
      return false;
  }
  return somewhere;
}

void add_figure(SearchAnswer& answer, const Figure& f, Better better) {
  for (const Figure& known : answer.figures)
    if (known.name == f.name) return;
  answer.figures.push_back(f);
  answer.better.push_back(better);
}

void choose_figures(SearchAnswer& answer, const SearchQuestion& q) {
  add_figure(answer, q.objective.figure, q.objective.better);
  using C = experiment::Comparison;
  for (const Requirement& r : q.requirements) {
    const bool upper = r.comparison == C::less || r.comparison == C::less_equal;
    if (r.comparison == C::equal && !r.figure.better) continue;
    add_figure(answer, r.figure, r.figure.better.value_or(upper ? Better::less : Better::more));
  }
  if (!q.requirements.empty()) return;
  add_figure(answer, {.written = "p95_latency", .name = "p95_e2e_latency_ms", .better = Better::less},
             Better::less);
  add_figure(answer, {.written = "accuracy", .name = "ml_accuracy_all_samples", .better = Better::more},
             Better::more);
}

/// " ms" of "p95_latency"; a metric's own name ends in its unit already.
std::string unit_behind(const std::string& written) {
  for (const experiment::FigureAlias& a : experiment::figure_aliases())
    if (a.alias == written && !a.unit.empty()) return " " + std::string(a.unit);
  return "";
}

JudgedVariant judge_variant(const RunSet& set, const VariantResults& results, const SearchQuestion& question,
                            const std::vector<Figure>& figures) {
  JudgedVariant v{.name = results.name,
                  .parameters = {},
                  .runs = results.runs.size(),
                  .values = {},
                  .missed = {},
                  .pareto = false};
  for (const RunResults& r : set.runs)
    if (r.variant == results.name) v.parameters = r.parameters;
  for (const Figure& f : figures) v.values.push_back(results.mean(f.name));
  for (const RunResults* r : results.runs)
    for (std::string& m : missed_by(*r, question.requirements))
      if (std::find(v.missed.begin(), v.missed.end(), m) == v.missed.end()) v.missed.push_back(std::move(m));
  if (results.incomplete > 0) v.missed.push_back(fmt::format("{} without result", results.incomplete));
  if (v.missed.empty() && !v.values.front()) v.missed.push_back("no data for the objective");
  return v;
}

}  // namespace

std::vector<std::string> missed_by(const RunResults& run, const std::vector<Requirement>& requirements) {
  std::vector<std::string> missed;
  const auto figures = run_figures(run.summary);
  for (const Requirement& r : requirements) {
    const auto value = figures.find(r.figure.name);
    if (value == figures.end())
      missed.push_back(r.text + " (no data)");
    else if (!r.holds(value->second))
      missed.push_back(
          fmt::format("{} ({}{})", r.text, short_number(value->second), unit_behind(r.figure.written)));
  }
  if (const auto list = run.summary.find("assertions"); list != run.summary.end() && list->is_array())
    for (const Json& a : *list)
      if (a.is_object() && a.value("passed", true) == false)
        missed.push_back(fmt::format("assertion {}", a.value("metric", "?")));
  return missed;
}

SearchAnswer judge(const RunSet& set, const SearchQuestion& question) {
  SearchAnswer answer;
  choose_figures(answer, question);
  const auto results = variant_results(set);
  for (const VariantResults& r : results) {
    answer.variants.push_back(judge_variant(set, r, question, answer.figures));
    answer.failed_runs += r.incomplete;
  }
  for (size_t i = 0; i < answer.variants.size(); ++i) {
    JudgedVariant& v = answer.variants[i];
    if (!v.missed.empty()) continue;
    v.pareto = std::none_of(answer.variants.begin(), answer.variants.end(), [&](const JudgedVariant& other) {
      return other.missed.empty() && beats(other, v, answer.better);
    });
    if (!answer.best ||
        first_is_better(*v.values[0], *answer.variants[*answer.best].values[0], answer.better[0]))
      answer.best = i;
  }
  return answer;
}

Json search_json(const SearchQuestion& question, const SearchAnswer& answer) {
  Json j;
  j["objective"] = question.objective.text;
  j["subject"] = Json::array();
  for (const Requirement& r : question.requirements) j["subject"].push_back(r.text);
  j["figures"] = Json::array();
  for (size_t i = 0; i < answer.figures.size(); ++i)
    j["figures"].push_back({{"written", answer.figures[i].written},
                            {"name", answer.figures[i].name},
                            {"better", answer.better[i] == Better::less ? "less" : "more"}});
  j["answer"] = answer.best ? Json(answer.variants[*answer.best].name) : Json(nullptr);
  j["pareto"] = Json::array();
  for (const JudgedVariant& v : answer.variants)
    if (v.pareto) j["pareto"].push_back(v.name);
  j["variants"] = Json::array();
  for (const JudgedVariant& v : answer.variants) {
    Json figures = Json::object();
    for (size_t i = 0; i < v.values.size(); ++i)
      figures[answer.figures[i].name] = v.values[i] ? Json(*v.values[i]) : Json(nullptr);
    j["variants"].push_back({{"name", v.name},
                             {"parameters", v.parameters},
                             {"runs", v.runs},
                             {"satisfies", v.missed.empty()},
                             {"missed", v.missed},
                             {"pareto", v.pareto},
                             {"figures", std::move(figures)}});
  }
  for (const auto& [key, list] :
       {std::pair{"pruned", &question.pruned}, std::pair{"left_out", &question.left_out}}) {
    j[key] = Json::array();
    for (const PrunedVariant& p : *list) j[key].push_back({{"name", p.name}, {"reason", p.reason}});
  }
  return j;
}

TextTable search_table(const Json& search) {
  TextTable t{.header = {"variant"}, .rows = {}, .right = {false}};
  const Json& figures = search.at("figures");
  for (const Json& f : figures) {
    t.header.push_back(f.at("written"));
    t.right.push_back(true);
  }
  t.header.insert(t.header.end(), {"Pareto", "verdict"});
  t.right.insert(t.right.end(), {false, false});
  std::vector<const Json*> order;
  const Json& variants = search.at("variants");
  for (const Json& v : variants) order.push_back(&v);
  const std::string first = figures.at(0).at("name");
  const bool less = figures.at(0).at("better") == "less";
  std::stable_sort(order.begin(), order.end(), [&](const Json* a, const Json* b) {
    const bool a_satisfies = a->at("satisfies"), b_satisfies = b->at("satisfies");
    if (a_satisfies != b_satisfies) return a_satisfies;
    const Json &x = a->at("figures").at(first), &y = b->at("figures").at(first);
    if (!x.is_number() || !y.is_number()) return x.is_number() && !y.is_number();
    return less ? x.get<double>() < y.get<double>() : x.get<double>() > y.get<double>();
  });
  for (const Json* v : order) {
    auto& row = t.rows.emplace_back();
    row.push_back(v->at("name"));
    for (const Json& f : figures) {
      const Json& value = v->at("figures").at(f.at("name").get<std::string>());
      row.push_back(value.is_number() ? short_number(value.get<double>()) + unit_behind(f.at("written"))
                                      : "-");
    }
    row.push_back(v->at("pareto").get<bool>() ? "yes" : "");
    std::string verdict;
    for (const Json& m : v->at("missed"))
      verdict += (verdict.empty() ? "misses " : ", ") + m.get<std::string>();
    if (verdict.empty()) verdict = v->at("name") == search.at("answer") ? "the answer" : "satisfies";
    row.push_back(std::move(verdict));
  }
  for (const auto& [key, what] : {std::pair{"pruned", "pruned: "}, std::pair{"left_out", "not possible: "}}) {
    for (const Json& p : search.at(key)) {
      auto& row = t.rows.emplace_back(t.header.size(), "");
      row.front() = p.at("name");
      row.back() = what + p.at("reason").get<std::string>();
    }
  }
  return t;
}

std::string search_verdict(const Json& search) {
  std::string subject;
  for (const Json& s : search.at("subject"))
    subject += (subject.empty() ? " subject to " : ", ") + s.get<std::string>();
  std::string text = fmt::format("{}{}: ", search.at("objective").get<std::string>(), subject);
  if (search.at("answer").is_null()) return text + "no variant satisfies this";
  text += search.at("answer").get<std::string>();
  std::string front;
  for (const Json& p : search.at("pareto")) front += (front.empty() ? "" : ", ") + p.get<std::string>();
  return text + ". Pareto set: " + front;
}

}  // namespace xedgesim::report
