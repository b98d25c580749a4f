#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/whole_file.h"
#include "cli/command.h"
#include "report/text_table.h"
#include "scenario/suggest.h"

namespace xedgesim::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "scenario.yaml";

struct InitFlags {
  CommonOptions common;
  std::string folder, from = "vibration-monitoring";
  bool list = false;
};

/// The shipped scenarios by their folders' names, in order.
std::vector<std::string> shipped(const fs::path& scenarios) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& e : fs::recursive_directory_iterator(scenarios, ec))
    if (e.path().filename() == kFile)
      names.push_back(fs::relative(e.path().parent_path(), scenarios).string());
  std::sort(names.begin(), names.end());
  return names;
}

ExitCode list_shipped(const fs::path& scenarios, const Installation& installation,
                      const CommonOptions& common) {
  auto list = nlohmann::ordered_json::array();
  for (const std::string& name : shipped(scenarios)) {
    const auto loaded =
        scenario::load_scenario((scenarios / name / kFile).string(), load_options(common, installation));
    list.push_back({{"name", name}, {"description", loaded.scenario.meta.description}});
  }
  if (common.format == "json") {
    std::printf("%s\n", list.dump(2).c_str());
    return ExitCode::ok;
  }
  report::TextTable table{.header = {"--from", "what it is"}};
  for (const auto& e : list) table.rows.push_back({e["name"], e["description"]});
  std::fputs(report::render_table(table).c_str(), stdout);
  return ExitCode::ok;
}

/// Paths to what lies elsewhere in the installation are made absolute.
std::string at_home(std::string text, const fs::path& folder, const fs::path& root) {
  for (const std::string up : {"../../../", "../../"}) {
    const fs::path meant = (folder / up).lexically_normal();
    if (meant != (root / "").lexically_normal()) continue;
    for (size_t at; (at = text.find(up)) != std::string::npos;) text.replace(at, up.size(), meant.string());
  }
  return text;
}

ExitCode init_command(const InitFlags& flags) {
  const Installation installation = find_installation(flags.common.platforms);
  const fs::path scenarios = installation.root / "scenarios";
  if (flags.list) return list_shipped(scenarios, installation, flags.common);
  if (flags.folder.empty())
    throw ConfigError("which folder? xedgesim init FOLDER, or --list for what there is to begin with");
  const auto names = shipped(scenarios);
  if (std::find(names.begin(), names.end(), flags.from) == names.end())
    throw ConfigError(fmt::format("--from {}: no such scenario{}; xedgesim init --list shows them",
                                  flags.from, scenario::did_you_mean(flags.from, names)));
  const fs::path source = scenarios / flags.from, folder = flags.folder;
  std::error_code ec;
  if (fs::exists(folder / kFile, ec))
    throw ConfigError(fmt::format("{} is there already: choose another folder", (folder / kFile).string()));
  fs::create_directories(folder, ec);
  for (const auto& e : fs::directory_iterator(source)) {
    if (!e.is_regular_file()) continue;
    write_whole_file(folder / e.path().filename(),
                     at_home(read_whole_file(e.path()), source, installation.root));
  }
  const std::string file = (folder / kFile).string();
  std::printf(
      "%s is a copy of '%s'. Change it, then\n  xedgesim validate %s\n  xedgesim run %s\nEvery key is in "
      "docs/scenario.md and in `xedgesim schema`, which editors understand.\n",
      file.c_str(), flags.from.c_str(), file.c_str(), file.c_str());
  return ExitCode::ok;
}

}  // namespace

void add_init(CLI::App& app, Body& body) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* c = app.add_subcommand("init", "Begin a scenario of your own from one that is shipped");
  c->add_option("folder", flags->folder, "Folder for it; made if it is not there");
  c->add_option("--from", flags->from, "Scenario to begin with")
      ->envname("XEDGESIM_FROM")
      ->capture_default_str();
  c->add_flag("--list", flags->list, "Show what there is to begin with");
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim init my-lab --from two-machines");
  c->callback([&body, flags] { body = [flags] { return init_command(*flags); }; });
}

}  // namespace xedgesim::cli
