#include "cli/complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "scenario/suggest.h"

namespace xedgesim::cli {
namespace {

std::string called(const CLI::App& command) {
  return command.get_parent() ? called(*command.get_parent()) + " " + command.get_name() : command.get_name();
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* c : command.get_subcommands({})) names.push_back(c->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* o : command.get_options())
    for (const std::string& name : o->get_lnames()) names.push_back("--" + name);
  return names;
}

}  // namespace

std::string command_line_complaint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  const std::string help = fmt::format("`{} --help`", called(*command));
  const std::vector<std::string> left = app.remaining(true);
  if (left.empty() && !commands_of(*command).empty())
    return fmt::format("a command is missing; {} lists them", help);
  if (left.empty()) return fmt::format("{}: {} tells what it takes", error.what(), help);
  // An option comes first: the words behind one that is not known are its values.
  const auto option = std::find_if(left.begin(), left.end(),
                                   [](const std::string& w) { return w.size() > 1 && w[0] == '-'; });
  if (option != left.end() && (option == left.begin() || commands_of(*command).empty())) {
    const std::string name = option->substr(0, option->find('='));
    return fmt::format("there is no option '{}'{}; {} lists them", name,
                       scenario::did_you_mean(name, options_of(*command)), help);
  }
  if (const auto commands = commands_of(*command); !commands.empty())
    return fmt::format("there is no command '{}'{}; {} lists them", left.front(),
                       scenario::did_you_mean(left.front(), commands), help);
  return fmt::format("'{}' is one argument too many: {} tells what it takes", left.front(), help);
}

}  // namespace xedgesim::cli
