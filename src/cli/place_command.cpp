#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/units.h"
#include "cli/batch_session.h"
#include "cli/command.h"
#include "metrics/run_directory.h"
#include "report/batch_report.h"
#include "report/comparison.h"
#include "report/placement_search.h"
#include "report/run_set.h"
#include "scenario/search_space.h"
#include "system/ethernet.h"
#include "system/placement_space.h"
#include "system/run.h"

namespace xedgesim::cli {
namespace {

struct PlaceFlags {
  BatchFlags batch;
  std::string objective, subject, space;
  std::vector<std::string> vary, placements, intervals, devices;
  std::vector<int64_t> splits;
  std::vector<uint64_t> seeds;
  bool no_prune = false;
};

/// "path=a,b,c"; a comma within brackets or quotes belongs to its value.
std::pair<std::string, std::vector<std::string>> parse_vary(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw ConfigError(fmt::format("--vary '{}': write path=a,b,c, such as devices[0].count=5,10", text));
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (size_t i = equals + 1; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      values.emplace_back();
      continue;
    }
    values.back() += c;
  }
  for (const std::string& v : values)
    if (v.empty())
      throw ConfigError(
          fmt::format("--vary '{}': a value is missing between, before or behind commas", text));
  return {text.substr(0, equals), std::move(values)};
}

scenario::MlPlacement placement_of(const std::string& word) {
  using P = scenario::MlPlacement;
  constexpr std::pair<const char*, P> kWords[] = {{"device", P::device},
                                                  {"edge", P::edge},
                                                  {"cloud", P::cloud},
                                                  {"hybrid", P::hybrid},
                                                  {"adaptive", P::adaptive}};
  for (const auto& [name, value] : kWords)
    if (word == name) return value;
  throw ConfigError(fmt::format("--placements: '{}' is none: device, edge, cloud, hybrid or adaptive", word));
}

/// The file's space with what the flags say in its place.
scenario::SearchSpace space_of(const PlaceFlags& flags) {
  scenario::SearchSpace space;
  if (!flags.space.empty()) {
    scenario::SearchSpaceResult loaded = scenario::load_search_space(flags.space);
    for (const auto& w : loaded.warnings) std::fprintf(stderr, "warning: %s\n", w.text().c_str());
    std::string text;
    for (const auto& e : loaded.errors) text += (text.empty() ? "" : "\n") + e.text();
    if (!loaded.ok()) throw ConfigError(text);
    space = std::move(loaded.space);
  }
  if (!flags.devices.empty()) space.devices = flags.devices;
  if (!flags.seeds.empty()) space.seeds = flags.seeds;
  if (!flags.splits.empty()) space.splits = flags.splits;
  if (!flags.placements.empty()) {
    space.placements.emplace();
    for (const std::string& p : flags.placements) space.placements->push_back(placement_of(p));
  }
  if (!flags.intervals.empty()) {
    space.report_intervals.emplace();
    for (const std::string& t : flags.intervals) {
      try {
        space.report_intervals->push_back(parse_duration(t));
      } catch (const std::invalid_argument& e) {
        throw ConfigError(fmt::format("--intervals: {}", e.what()));
      }
      if (space.report_intervals->back() <= Duration())
        throw ConfigError(fmt::format("--intervals: '{}' is not positive", t));
    }
  }
  for (const std::string& v : flags.vary) {
    auto [path, values] = parse_vary(v);
    space.vary[path] = std::move(values);
  }
  if (!flags.objective.empty()) space.objective = flags.objective;
  if (!flags.subject.empty()) space.subject = flags.subject;
  if (space.objective.empty())
    throw ConfigError(
        "--objective is missing: say what is to be least or greatest, such as --objective energy");
  return space;
}

/// A requirement that this time alone breaks, if there is one.
const experiment::Requirement* broken_by(Duration floor, const std::vector<experiment::Requirement>& all) {
  for (const experiment::Requirement& r : all) {
    using C = experiment::Comparison;
    const std::string& name = r.figure.name;
    const bool latency = name.ends_with("_e2e_latency_ms") || name.ends_with("_age_latency_ms") ||
                         name == "e2e_latency_ms" || name == "age_latency_ms";
    const bool upper = r.comparison == C::less || r.comparison == C::less_equal;
    if (latency && upper && !r.holds(floor.count_s() * 1e3)) return &r;
  }
  return nullptr;
}

/// Why a variant need not be run.
struct Futile {
  std::string why;          ///< empty: it has to be run
  bool cannot_run = false;  ///< it could not be run anyhow
};

Futile futile(const RunPlanner& planner, const experiment::RunRecord& run,
              const report::SearchQuestion& question, const Installation& installation) {
  if (run.status == experiment::RunStatus::config_error) return {run.reason, true};
  try {
    const scenario::Scenario s = planner.load(run).scenario;
    system::check_runnable(s, installation.platforms);
    if (const auto floor = system::latency_floor(s))
      if (const auto* r = broken_by(*floor, question.requirements))
        return {fmt::format("{} cannot be met: the way to the cloud alone takes {:g} ms", r->text,
                            floor->count_s() * 1e3),
                false};
  } catch (const ConfigError& e) {
    return {e.what(), true};
  }
  return {};
}

/// Runs every variant with the first seed, then those that satisfied with the others: a variant has to
/// satisfy with every seed, so one that failed once is decided.
class Search {
 public:
  Search(const PlaceFlags& flags, const Installation& installation, const scenario::SearchSpace& space,
         const scenario::Scenario& base)
      : flags_(flags),
        installation_(installation),
        space_(space),
        planner_(flags.batch.common, installation) {
    const auto names = report::possible_figures();
    const auto flows = system::EthernetNetwork::flow_names(base);
    question_.objective = experiment::parse_objective(space.objective, names, flows, "--objective");
    question_.requirements = experiment::parse_requirements(space.subject, names, flows, "--subject");
  }

  void plan(const scenario::Scenario& base) {
    const auto placements = system::placement_space(base, space_);
    for (const auto& l : placements.left_out) question_.left_out.push_back({l.name, l.reason});
    for (const system::PlacementVariant& v : placements.variants) {
      experiment::RunRecord first =
          planned(v, space_.seeds.empty() ? "" : fmt::format("{}", space_.seeds[0]));
      const Futile found = futile(planner_, first, question_, installation_);
      if (!found.why.empty() && (found.cannot_run || !flags_.no_prune)) {
        question_.pruned.push_back({v.name, found.why});
        continue;
      }
      variants_.push_back(v);
      first_.push_back(std::move(first));
    }
  }

  ExitCode run(const std::string& name) {
    const bool json = flags_.batch.common.format == "json";
    experiment::BatchRecord record{.name = name, .file = flags_.batch.file, .runs = first_};
    if (flags_.batch.dry_run) {
      for (size_t i = 1; i < space_.seeds.size(); ++i)
        for (const auto& v : variants_) record.runs.push_back(planned(v, fmt::format("{}", space_.seeds[i])));
      list(record, json);
      return ExitCode::ok;
    }
    const auto directory =
        batch_folder(flags_.batch, metrics::default_scenario_dir(flags_.batch.results, name));
    BatchSession session(flags_.batch, installation_, record, directory, std::nullopt);
    session.run(record.runs);
    for (size_t i = 1; i < space_.seeds.size() && !session.interrupted(); ++i)
      run_seed(fmt::format("{}", space_.seeds[i]), session, record, directory);
    session.end();
    return answer(session, record, directory, json);
  }

 private:
  experiment::RunRecord planned(const system::PlacementVariant& v, const std::string& seed) {
    scenario::BatchRun run{.name = v.name,
                           .scenario = flags_.batch.file,
                           .overrides = v.overrides,
                           .devices = {},
                           .variant = v.name,
                           .parameters = v.parameters,
                           .seed = seed};
    if (!seed.empty()) {
      run.name += "-seed_" + seed;
      run.overrides.push_back("scenario.seed=" + seed);
    }
    return planner_.plan(run);
  }

  void run_seed(const std::string& seed, BatchSession& session, experiment::BatchRecord& record,
                const std::filesystem::path& directory) {
    const report::RunSet set = report::load_run_set(directory);
    std::vector<experiment::RunRecord> next;
    for (const auto& v : variants_) {
      const bool decided = std::any_of(set.runs.begin(), set.runs.end(), [&](const report::RunResults& r) {
        return r.variant == v.name &&
               (!r.complete() || !report::missed_by(r, question_.requirements).empty());
      });
      if (!decided || flags_.no_prune) next.push_back(planned(v, seed));
    }
    session.run(next);
    record.runs.insert(record.runs.end(), next.begin(), next.end());
    session.end();
  }

  void list(const experiment::BatchRecord& record, bool json) const {
    if (json) {
      nlohmann::ordered_json j = record.json();
      for (const auto& [key, entries] :
           {std::pair{"pruned", &question_.pruned}, std::pair{"left_out", &question_.left_out}}) {
        j[key] = nlohmann::ordered_json::array();
        for (const auto& p : *entries) j[key].push_back({{"name", p.name}, {"reason", p.reason}});
      }
      std::printf("%s\n", j.dump(2).c_str());
      return;
    }
    report::TextTable t{.header = {"variant", "seed", "what"}, .rows = {}, .right = {false, true, false}};
    for (const auto& r : record.runs) t.rows.push_back({r.variant, r.seed, "to be run"});
    for (const auto& p : question_.pruned) t.rows.push_back({p.name, "", "pruned: " + p.reason});
    for (const auto& p : question_.left_out) t.rows.push_back({p.name, "", "not possible: " + p.reason});
    std::fputs(report::render_table(t).c_str(), stdout);
  }

  ExitCode answer(const BatchSession& session, const experiment::BatchRecord& record,
                  const std::filesystem::path& directory, bool json) const {
    report::RunSet set = report::load_run_set(directory);
    const report::SearchAnswer found = report::judge(set, question_);
    set.search = report::search_json(question_, found);
    set.search["directory"] = directory.string();
    experiment::replace_file(directory / "search.json", set.search.dump(2) + "\n");
    report::write_batch_reports(set);
    if (json) {
      std::printf("%s\n", set.search.dump(2).c_str());
    } else {
      std::fputs(report::render_table(report::search_table(set.search)).c_str(), stdout);
      std::printf("%s\nResults: %s (report.html, search.json)\n", report::search_verdict(set.search).c_str(),
                  directory.c_str());
    }
    if (session.interrupted()) return ExitCode::interrupted;
    for (const auto& r : record.runs)
      if (r.done() && !experiment::has_results(r.status))
        std::fprintf(stderr, "the run %s left no results, so the answer may be wrong: %s\n", r.name.c_str(),
                     r.reason.c_str());
    if (found.failed_runs > 0) return ExitCode::simulation_error;
    return found.best ? ExitCode::ok : ExitCode::assertion_failed;
  }

  const PlaceFlags& flags_;
  const Installation& installation_;
  const scenario::SearchSpace& space_;
  RunPlanner planner_;
  report::SearchQuestion question_;
  std::vector<system::PlacementVariant> variants_;  ///< those to be run
  std::vector<experiment::RunRecord> first_;        ///< their runs with the first seed
};

ExitCode place_command(const PlaceFlags& flags) {
  const Installation installation = find_installation(flags.batch.common.platforms);
  const scenario::SearchSpace space = space_of(flags);
  const scenario::Scenario base = load_or_throw(flags.batch.file, flags.batch.common, installation);
  Search search(flags, installation, space, base);
  search.plan(base);
  return search.run(base.meta.name + "-place");
}

}  // namespace

void add_place(CLI::App& app, Body& body) {
  auto flags = std::make_shared<PlaceFlags>();
  CLI::App* c = app.add_subcommand("place", "Find the best placement of a scenario's model");
  c->add_option("scenario", flags->batch.file, "Scenario file")->required();
  c->add_option(
       "--objective", flags->objective,
       "What is to be least or greatest: energy, power, p95_latency, accuracy, min:FIGURE, max:FIGURE")
      ->envname("XEDGESIM_OBJECTIVE");
  c->add_option("--subject", flags->subject, "What has to hold, such as 'p95_latency<100ms,accuracy>0.9'")
      ->envname("XEDGESIM_SUBJECT");
  c->add_option("--space", flags->space, "File with the search space; the options below go before it")
      ->envname("XEDGESIM_SPACE");
  c->add_option("--placements", flags->placements, "Placements to try, separated by commas")->delimiter(',');
  c->add_option("--splits", flags->splits, "Hybrid: last layers on the device")->delimiter(',');
  c->add_option("--intervals", flags->intervals, "Report intervals to try, such as 1s,5s")->delimiter(',');
  c->add_option("--vary", flags->vary, "One more dimension: path=a,b,c (repeatable)")
      ->allow_extra_args(false);
  c->add_option("--devices", flags->devices, "Groups that are placed; absent: all with ml_placement")
      ->delimiter(',');
  c->add_option("--seeds", flags->seeds, "Seeds, each of which has to satisfy the subject")->delimiter(',');
  c->add_flag("--no-prune", flags->no_prune, "Run also what cannot be the answer")
      ->envname("XEDGESIM_NO_PRUNE");
  add_batch_options(*c, flags->batch);
  c->footer(
      "Example:  xedgesim place scenarios/ml-placement/search/scenario.yaml --objective energy --subject "
      "'p95_latency<100ms,accuracy>0.9'\n"
      "Exit codes: 0 found, 2 nothing satisfies, 1 a run failed, 3 configuration error, 130 interrupted.");
  c->callback([&body, flags] { body = [flags] { return place_command(*flags); }; });
}

}  // namespace xedgesim::cli
