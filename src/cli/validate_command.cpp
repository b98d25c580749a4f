#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "live/machine_setup.h"
#include "scenario/expand.h"
#include "system/located.h"
#include "system/run.h"

namespace xedgesim::cli {
namespace {

struct ValidateFlags {
  CommonOptions common;
  std::string scenario;
  bool resolved = false;
  bool language_only = false;
};

nlohmann::ordered_json to_json(const std::vector<scenario::Diagnostic>& diagnostics) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& d : diagnostics)
    list.push_back({{"file", d.file}, {"line", d.line}, {"column", d.column}, {"message", d.message}});
  return list;
}

ExitCode validate_command(const ValidateFlags& flags) {
  const Installation installation = find_installation(flags.common.platforms);
  auto result = scenario::load_scenario(flags.scenario, load_options(flags.common, installation));
  if (result.ok() && !flags.language_only) {
    try {
      system::check_runnable(result.scenario, installation.platforms);
      if (system::on_wall_clock(result.scenario)) live::check_limits(result.scenario);
    } catch (const system::LocatedError& e) {
      result.errors.push_back(e.complaint());
    } catch (const ConfigError& e) {
      result.errors.push_back({.file = flags.scenario, .line = 0, .column = 0, .message = e.what()});
    }
  }
  if (flags.common.format == "json") {
    nlohmann::ordered_json out{
        {"valid", result.ok()}, {"errors", to_json(result.errors)}, {"warnings", to_json(result.warnings)}};
    if (flags.resolved && result.ok()) out["resolved"] = scenario::dump_resolved(result.scenario);
    std::printf("%s\n", out.dump(2).c_str());
    return result.ok() ? ExitCode::ok : ExitCode::config_error;
  }
  for (const auto& w : result.warnings) std::fprintf(stderr, "warning: %s\n", w.text().c_str());
  for (const auto& e : result.errors) std::fprintf(stderr, "%s\n", e.text().c_str());
  if (!result.ok()) return ExitCode::config_error;
  if (flags.resolved) {
    std::fputs(scenario::dump_resolved(result.scenario).c_str(), stdout);
  } else {
    const size_t nodes = scenario::NameTable(result.scenario).all().size();
    std::printf("%s is valid: %zu node%s, %.9g s\n", flags.scenario.c_str(), nodes, nodes == 1 ? "" : "s",
                result.scenario.meta.duration.count_s());
  }
  return ExitCode::ok;
}

}  // namespace

void add_validate(CLI::App& app, Body& body) {
  auto flags = std::make_shared<ValidateFlags>();
  CLI::App* c = app.add_subcommand("validate", "Check a scenario without running it; all errors at once");
  c->add_option("scenario", flags->scenario, "Scenario file")->required();
  c->add_flag("--resolved", flags->resolved,
              "Print the scenario with every default filled in (json: as the text `resolved`)");
  c->add_flag("--language-only", flags->language_only,
              "Check the file only, not whether this version and host can run it");
  add_overrides(*c, flags->common);
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim validate scenario.yaml --format json");
  c->callback([&body, flags] { body = [flags] { return validate_command(*flags); }; });
}

}  // namespace xedgesim::cli
