#include "experiment/requirement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "metrics/suggest.h"
#include "scenario/suggest.h"

namespace xedgesim::experiment {
namespace {

struct Unit {
  std::string_view name;
  double factor;  ///< to the unit of the figure's name
};

/// The units a figure may be compared in, by the ending of its name.
std::vector<Unit> units_of(std::string_view figure) {
  const auto ends = [&](std::string_view end) {
    return figure.size() >= end.size() && figure.substr(figure.size() - end.size()) == end;
  };
  if (ends("_ms")) return {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"min", 60e3}, {"h", 3600e3}};
  if (ends("_mJ")) return {{"nJ", 1e-6}, {"uJ", 1e-3}, {"mJ", 1}, {"J", 1e3}};
  if (ends("_mW")) return {{"nW", 1e-6}, {"uW", 1e-3}, {"mW", 1}, {"W", 1e3}};
  if (ends("_days")) return {{"h", 1.0 / 24}, {"d", 1}, {"days", 1}};
  return {};
}

bool is_share(std::string_view figure) {
  constexpr std::array<std::string_view, 6> kShares{"ml_accuracy",         "ml_accuracy_all_samples",
                                                    "reliability",         "packet_delivery_rate",
                                                    "channel_utilization", "flow_loss_rate"};
  return std::find(kShares.begin(), kShares.end(), figure) != kShares.end();
}

std::optional<Better> better_of(std::string_view figure) {
  const auto begins = [&](std::string_view start) { return figure.rfind(start, 0) == 0; };
  if (begins("battery_") || begins("ml_accuracy")) return Better::more;
  constexpr std::array<std::string_view, 8> kMore{
      "reliability",        "packet_delivery_rate",    "system_throughput", "samples_processed",
      "samples_classified", "total_packets_delivered", "flow_received",     "flow_throughput_Mbps"};
  constexpr std::array<std::string_view, 9> kLess{"samples_lost", "total_packets_dropped", "collisions",
                                                  "tx_attempts",  "frames_on_air",         "flow_loss_rate",
                                                  "flow_lost",    "flow_duplicates",       "flow_reordered"};
  if (std::find(kMore.begin(), kMore.end(), figure) != kMore.end()) return Better::more;
  if (std::find(kLess.begin(), kLess.end(), figure) != kLess.end()) return Better::less;
  const auto units = units_of(figure);
  return units.empty() ? std::nullopt : std::optional(Better::less);
}

/// "flow_loss_rate" of "flow_loss_rate[voice]".
std::string_view without_flow(std::string_view figure) { return figure.substr(0, figure.find('[')); }

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& metrics,
         const std::vector<std::string>& flows, std::string_view option)
      : text_(text), metrics_(metrics), flows_(flows), option_(option) {}

  std::vector<Requirement> requirements() {
    std::vector<Requirement> out;
    skip_spaces();
    if (done()) return out;
    for (;;) {
      out.push_back(requirement());
      skip_spaces();
      if (done()) return out;
      if (text_[at_] != ',') fail(at_, "a comma separates two requirements");
      ++at_;
      skip_spaces();
      if (done()) fail(at_, "a requirement is missing behind the comma: remove the comma or write one");
    }
  }

  Objective objective() {
    skip_spaces();
    Objective o;
    std::optional<Better> asked;
    for (const auto& [word, better] : {std::pair{"min:", Better::less}, std::pair{"max:", Better::more}}) {
      if (text_.substr(at_, 4) != word) continue;
      asked = better;
      at_ += 4;
      break;
    }
    const size_t begin = at_;
    o.figure = figure(begin);
    skip_spaces();
    if (!done()) fail(at_, "one figure is the objective; what else has to hold belongs to --subject");
    if (!asked && !o.figure.better)
      fail(begin, fmt::format("'{}' has no good side: write min:{} or max:{}", o.figure.written,
                              o.figure.written, o.figure.written));
    o.better = asked ? *asked : *o.figure.better;
    o.text = fmt::format("{} {}", o.better == Better::less ? "least" : "greatest", o.figure.written);
    return o;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  void skip_spaces() {
    while (!done() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  [[noreturn]] void fail(size_t at, const std::string& what) const {
    throw ConfigError(
        fmt::format("{}, column {}: {}\n  {}\n  {:>{}}", option_, at + 1, what, text_, "^", at + 1));
  }

  Figure figure(size_t begin) {
    const auto belongs = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (!done() && belongs(text_[at_])) ++at_;
    const std::string word(text_.substr(begin, at_ - begin));
    if (word.empty()) fail(begin, "a figure is expected here, such as energy, p95_latency or accuracy");
    for (const FigureAlias& a : figure_aliases())
      if (a.alias == word) {
        refuse_bracket(word);
        return {.written = word, .name = std::string(a.name), .better = better_of(a.name)};
      }
    const auto known = [&](const std::string& name) {
      return std::find(metrics_.begin(), metrics_.end(), name) != metrics_.end();
    };
    if (known(word + "[FLOW]")) {
      const std::string flow = bracketed();
      if (flow.empty())
        fail(begin, fmt::format("'{}' is of one flow: write {}[FLOW] with the flow's id", word, word));
      return {.written = word + flow, .name = word + flow, .better = better_of(word)};
    }
    if (known(word)) {
      refuse_bracket(word);
      return {.written = word, .name = word, .better = better_of(word)};
    }
    std::vector<std::string> names = metrics_;
    std::string aliases;
    for (const FigureAlias& a : figure_aliases()) {
      names.emplace_back(a.alias);
      aliases += (aliases.empty() ? "" : ", ") + std::string(a.alias);
    }
    fail(begin,
         fmt::format("a run has no figure '{}'{}: take one of {}, or of those that docs/experiments.md lists",
                     word, metrics::suggestion(word, names), aliases));
  }

  /// What is of the whole run has no part that a bracket could name.
  void refuse_bracket(const std::string& figure) const {
    if (!done() && text_[at_] == '[')
      fail(at_, fmt::format("'{}' is of the whole run: remove the brackets; a flow has figures of its own, "
                            "such as flow_loss_rate[FLOW], a device has them in assertions only",
                            figure));
  }

  /// "[voice]", or nothing.
  std::string bracketed() {
    if (done() || text_[at_] != '[') return {};
    const size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) fail(at_, "the bracket is not closed: write ] behind the flow's id");
    if (end == at_ + 1) return {};
    const size_t begin = std::exchange(at_, end + 1);
    const std::string flow(text_.substr(begin + 1, end - begin - 1));
    if (std::find(flows_.begin(), flows_.end(), flow) == flows_.end()) fail(begin + 1, no_flow(flow));
    return fmt::format("[{}]", flow);
  }

  std::string no_flow(const std::string& wanted) const {
    std::string hint = metrics::suggestion(wanted, flows_);
    if (hint.empty())
      hint = flows_.empty() ? ": the scenario has no flow" : ": there are " + scenario::name_list(flows_);
    return fmt::format("no flow is named '{}'{}", wanted, hint);
  }

  Requirement requirement() {
    const size_t begin = at_;
    Requirement r;
    r.figure = figure(begin);
    skip_spaces();
    r.comparison = comparison();
    skip_spaces();
    r.limit = limit(r.figure);
    r.text = std::string(text_.substr(begin, at_ - begin));
    return r;
  }

  Comparison comparison() {
    constexpr std::array<std::pair<std::string_view, Comparison>, 8> kSymbols{
        {{"<=", Comparison::less_equal},
         {">=", Comparison::greater_equal},
         {"==", Comparison::equal},
         {"≤", Comparison::less_equal},
         {"≥", Comparison::greater_equal},
         {"<", Comparison::less},
         {">", Comparison::greater},
         {"=", Comparison::equal}}};
    for (const auto& [symbol, c] : kSymbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      return c;
    }
    fail(at_, "one of < <= > >= = is expected here");
  }

  double limit(const Figure& f) {
    const size_t begin = at_;
    double value = 0;
    const auto [end, ec] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (ec != std::errc{} || !std::isfinite(value)) fail(begin, "a number is expected here");
    at_ = static_cast<size_t>(end - text_.data());
    const size_t unit_at = at_;
    while (!done() && text_[at_] != ',' && text_[at_] != ' ') ++at_;
    const std::string_view word = text_.substr(unit_at, at_ - unit_at);
    const auto units = units_of(without_flow(f.name));
    if (units.empty()) return value * share_factor(f, word, value, unit_at, begin);
    std::string known;
    for (const Unit& u : units) {
      if (u.name == word) return value * u.factor;
      known += (known.empty() ? "" : ", ") + std::string(u.name);
    }
    if (word.empty() && (f.written == f.name || value == 0)) return value;
    if (word.empty())
      fail(begin, fmt::format("'{}' needs a unit: {}", text_.substr(begin, at_ - begin), known));
    fail(unit_at, fmt::format("'{}' is no unit of {}: use {}", word, f.written, known));
  }

  double share_factor(const Figure& f, std::string_view word, double value, size_t unit_at,
                      size_t begin) const {
    const bool percent = word == "%";
    if (!word.empty() && !(percent && is_share(without_flow(f.name))))
      fail(unit_at, is_share(without_flow(f.name))
                        ? fmt::format("'{}' is no unit of {}: it is a share, 0 to 1 or in %", word, f.written)
                        : fmt::format("'{}' is no unit of {}: it has none", word, f.written));
    const double factor = percent ? 0.01 : 1;
    if (is_share(without_flow(f.name)) && (value * factor < 0 || value * factor > 1))
      fail(begin, fmt::format("{} is a share: it lies between 0 and 1, or 0% and 100%", f.written));
    return factor;
  }

  std::string_view text_;
  const std::vector<std::string>& metrics_;
  const std::vector<std::string>& flows_;
  std::string_view option_;
  size_t at_ = 0;
};

}  // namespace

const std::vector<FigureAlias>& figure_aliases() {
  static const std::vector<FigureAlias> kAliases = {
      {"energy", "energy_per_sample_mJ", "mJ", "energy of all devices for each sample with a result"},
      {"power", "avg_device_power_mW", "mW", "mean power of a device"},
      {"battery_life", "battery_life_days", "d", "life of the worst battery at this rate"},
      {"latency", "avg_e2e_latency_ms", "ms", "window's end to result, mean"},
      {"p50_latency", "p50_e2e_latency_ms", "ms", "the same, median"},
      {"p95_latency", "p95_e2e_latency_ms", "ms", "the same, 95th percentile"},
      {"p99_latency", "p99_e2e_latency_ms", "ms", "the same, 99th percentile"},
      {"max_latency", "max_e2e_latency_ms", "ms", "the same, longest"},
      {"age", "avg_age_latency_ms", "ms", "window's begin to result, mean"},
      {"accuracy", "ml_accuracy_all_samples", "", "right verdicts of all samples; a lost one is wrong"},
      {"reliability", "reliability", "", "samples with a result, of those decided"},
      {"delivery", "packet_delivery_rate", "", "packets that arrived, of those sent"},
      {"throughput", "system_throughput", "", "results a second"},
  };
  return kAliases;
}

std::string_view symbol(Comparison comparison) {
  constexpr std::array<std::string_view, 5> kSymbols{"<", "<=", ">", ">=", "="};
  return kSymbols[static_cast<size_t>(comparison)];
}

bool Requirement::holds(double value) const {
  switch (comparison) {
    case Comparison::less:
      return value < limit;
    case Comparison::less_equal:
      return value <= limit;
    case Comparison::greater:
      return value > limit;
    case Comparison::greater_equal:
      return value >= limit;
    case Comparison::equal:
      return value == limit;
  }
  return false;
}

std::vector<Requirement> parse_requirements(std::string_view text, const std::vector<std::string>& metrics,
                                            const std::vector<std::string>& flows, std::string_view option) {
  return Parser(text, metrics, flows, option).requirements();
}

Objective parse_objective(std::string_view text, const std::vector<std::string>& metrics,
                          const std::vector<std::string>& flows, std::string_view option) {
  return Parser(text, metrics, flows, option).objective();
}

}  // namespace xedgesim::experiment
