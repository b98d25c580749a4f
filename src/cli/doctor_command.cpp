#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/host_checks.h"
#include "report/text_table.h"

namespace xedgesim::cli {

void add_doctor(CLI::App& app, Body& body) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App* c = app.add_subcommand("doctor", "Tell what this host can run, and what to install for the rest");
  add_common(*c, *options);
  c->footer(
      "Example:  xedgesim doctor\nWhat is missing limits only the scenarios that need it; the exit code is "
      "0.");
  c->callback([&body, options] {
    body = [options] {
      const auto checks = check_host(find_installation(options->platforms));
      if (options->format == "json") {
        auto list = nlohmann::ordered_json::array();
        for (const HostCheck& h : checks)
          list.push_back({{"area", h.area},
                          {"name", h.name},
                          {"state", to_string(h.state)},
                          {"found", h.found},
                          {"purpose", h.purpose},
                          {"remedy", h.remedy}});
        std::printf("%s\n", list.dump(2).c_str());
        return ExitCode::ok;
      }
      report::TextTable table{.header = {"", "for", "", "found", "to have it"}};
      for (const HostCheck& h : checks)
        table.rows.push_back({h.name, h.purpose, std::string(to_string(h.state)), h.found, h.remedy});
      std::fputs(report::render_table(table).c_str(), stdout);
      return ExitCode::ok;
    };
  });
}

}  // namespace xedgesim::cli
