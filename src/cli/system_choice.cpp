#include "cli/system_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "control/client.h"

namespace xedgesim::cli {

live::StateFolder choose_system(const std::string& name) {
  const auto names = live::StateFolder::names();
  if (!name.empty()) {
    live::StateFolder folder(name);
    std::error_code ec;
    if (std::filesystem::exists(folder.path(), ec)) return folder;
    throw ConfigError(names.empty()
                          ? fmt::format("no system '{}' is up: `xedgesim up SCENARIO` starts one", name)
                          : fmt::format("no system '{}' is up: there are {}", name, fmt::join(names, ", ")));
  }
  if (names.empty()) throw ConfigError("no system is up: `xedgesim up SCENARIO` starts one");
  if (names.size() > 1)
    throw ConfigError(
        fmt::format("which system? Name one with --system: there are {}", fmt::join(names, ", ")));
  return live::StateFolder(names.front());
}

live::StateFolder choose_running_system(const std::string& name) {
  live::StateFolder folder = choose_system(name);
  if (!folder.up())
    throw ConfigError(
        fmt::format("the system '{0}' has crashed: `xedgesim down {0}` removes what it left", folder.name()));
  return folder;
}

nlohmann::json ask_system(const live::StateFolder& system, control::Request request) {
  std::ifstream in(system.path() / "control.json");
  const auto known = nlohmann::json::parse(in, nullptr, false);
  if (!known.is_object() || !known.contains("address") || !known.contains("token"))
    throw ConfigError(fmt::format("the system '{}' does not listen yet", system.name()));
  request.token = known["token"].get<std::string>();
  nlohmann::json answer = control::ask(known["address"].get<std::string>(), request);
  if (!answer.value("ok", false)) throw ConfigError(answer.value("error", std::string("the system refused")));
  return answer;
}

}  // namespace xedgesim::cli
