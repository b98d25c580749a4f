#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "platforms/platform.h"

namespace xedgesim::cli {

void add_schema(CLI::App& app, Body& body) {
  auto batch = std::make_shared<bool>(false);
  auto markdown = std::make_shared<bool>(false);
  CLI::App* c = app.add_subcommand("schema", "Print the JSON Schema of scenario files, for editors");
  c->add_flag("--batch", *batch, "Of batch files");
  c->add_flag("--markdown", *markdown, "A reference of every key instead");
  c->footer("Example:  xedgesim schema > scenario.schema.json");
  c->callback([&body, batch, markdown] {
    body = [batch, markdown] {
      if (*markdown) {
        std::fputs(scenario::reference_markdown().c_str(), stdout);
      } else {
        std::printf("%s\n",
                    (*batch ? scenario::batch_json_schema() : scenario::json_schema()).dump(2).c_str());
      }
      return ExitCode::ok;
    };
  });
}

void add_platforms(CLI::App& app, Body& body) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App* c = app.add_subcommand("platforms", "List the boards and chips that can be emulated");
  add_common(*c, *options);
  c->footer("Example:  xedgesim platforms --format json");
  c->callback([&body, options] {
    body = [options] {
      const Installation installation = find_installation(options->platforms);
      auto list = nlohmann::ordered_json::array();
      for (const std::string& name : platforms::platform_names(installation.platforms)) {
        const platforms::Platform p = platforms::load_platform(installation.platforms / (name + ".yaml"));
        list.push_back({{"name", name}, {"description", p.description}, {"devices", p.devices.size()}});
      }
      if (options->format == "json") {
        std::printf("%s\n", list.dump(2).c_str());
        return ExitCode::ok;
      }
      for (const auto& p : list)
        std::printf("%-16s %s\n", p["name"].get<std::string>().c_str(),
                    p["description"].get<std::string>().c_str());
      return ExitCode::ok;
    };
  });
}

void add_version(CLI::App& app, Body& body) {
  CLI::App* c = app.add_subcommand("version", "Print the version");
  c->footer("Example:  xedgesim version");
  c->callback([&body] {
    body = [] {
      std::printf("xedgesim %s\n", kVersion);
      return ExitCode::ok;
    };
  });
}

}  // namespace xedgesim::cli
