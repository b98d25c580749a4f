#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/shell_words.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/system_choice.h"
#include "live/agent.h"
#include "live/run_record.h"
#include "live/session_client.h"

namespace xedgesim::cli {
namespace {

using control::Request;

struct SystemFlags {
  std::string system, node, format = "table";
  std::vector<std::string> command;
  bool all = false, follow = false, input = false;
};

constexpr Duration kDown = Duration::s(60), kPoll = Duration::ms(100);

void sleep_for(Duration d) { usleep(static_cast<useconds_t>(d.count_ns() / 1000)); }

ExitCode take_down(const live::StateFolder& folder) {
  const auto record = folder.read();
  if (record && live::alive(record->owner)) {
    try {
      ask_system(folder, {.command = Request::Command::stop});
      for (Duration waited; waited < kDown && live::alive(record->owner); waited += kPoll) sleep_for(kPoll);
    } catch (const Error&) {
      // It does not listen: it is ended below.
    }
  }
  const bool crashed = record && std::filesystem::exists(folder.path() / "system.json");
  const size_t left = folder.clean_up();
  std::printf("%s is down%s\n", folder.name().c_str(),
              crashed ? fmt::format(" (it had crashed; {} of its processes were left)", left).c_str() : "");
  return ExitCode::ok;
}

/// What runs of that scenario left whose program was killed; of any scenario without a name.
size_t take_away_killed_runs(const std::string& scenario) {
  size_t runs = 0;
  for (const live::StateFolder& folder : live::RunRecord::left_over()) {
    const std::string name = folder.read().value_or(live::SystemRecord{}).name;
    if (!scenario.empty() && name != scenario) continue;
    const size_t left = folder.clean_up();
    std::printf("a run of %s was killed (%zu processes and containers were left)\n", name.c_str(), left);
    ++runs;
  }
  return runs;
}

ExitCode down(const SystemFlags& f) {
  const size_t runs = take_away_killed_runs(f.system);
  const auto names = live::StateFolder::names();
  if (runs > 0 && !f.all &&
      (f.system.empty() ? names.empty() : std::find(names.begin(), names.end(), f.system) == names.end()))
    return ExitCode::ok;
  if (!f.all) return take_down(choose_system(f.system));
  for (const std::string& name : live::StateFolder::names()) take_down(live::StateFolder(name));
  return ExitCode::ok;
}

/// What is known of a system; of one that crashed, from its record.
nlohmann::json describe_system(const live::StateFolder& folder) {
  if (folder.up()) return ask_system(folder, {.command = Request::Command::status});
  nlohmann::json out = {{"system", folder.name()}, {"crashed", true}, {"machines", nlohmann::json::array()}};
  if (const auto record = folder.read())
    for (const auto& n : record->nodes)
      out["machines"].push_back(
          {{"id", n.id}, {"state", live::alive(n.process) ? "left over" : "gone"}, {"pid", n.process.pid}});
  return out;
}

ExitCode ps(const SystemFlags& f) {
  nlohmann::json systems = nlohmann::json::array();
  const auto names =
      f.system.empty() ? live::StateFolder::names() : std::vector{choose_system(f.system).name()};
  for (const std::string& name : names) systems.push_back(describe_system(live::StateFolder(name)));
  if (f.format == "json") {
    std::printf("%s\n", systems.dump(2).c_str());
    return ExitCode::ok;
  }
  std::printf("%-16s %-12s %-9s %-8s %-5s %-19s %8s %6s\n", "SYSTEM", "NODE", "STATE", "ARCH", "ACCEL",
              "ADDRESS", "PID", "BOOTS");
  for (const auto& s : systems) {
    const nlohmann::json machines = s.value("machines", nlohmann::json::array());
    for (const auto& m : machines)
      std::printf("%-16s %-12s %-9s %-8s %-5s %-19s %8d %6d\n", s.value("system", "").c_str(),
                  m.value("id", "").c_str(), m.value("state", "").c_str(), m.value("arch", "").c_str(),
                  m.value("accelerator", "").c_str(), m.value("ip", "").c_str(), m.value("pid", -1),
                  m.value("boots", 0));
    if (s.value("crashed", false))
      std::printf("%-16s crashed: `xedgesim down %s` removes what it left\n", s.value("system", "").c_str(),
                  s.value("system", "").c_str());
  }
  return ExitCode::ok;
}

nlohmann::json find_machine(const live::StateFolder& folder, const std::string& node) {
  const nlohmann::json status = ask_system(folder, {.command = Request::Command::status});
  std::vector<std::string> known;
  for (const auto& m : status["machines"]) {
    if (m.value("id", "") == node) return m;
    known.push_back(m.value("id", ""));
  }
  throw ConfigError(fmt::format("the system '{}' has no machine '{}': there are {}", folder.name(), node,
                                fmt::join(known, ", ")));
}

ExitCode inspect_machine(const SystemFlags& f) {
  const nlohmann::json machine = find_machine(choose_running_system(f.system), f.node);
  if (f.format == "json") {
    std::printf("%s\n", machine.dump(2).c_str());
    return ExitCode::ok;
  }
  for (const auto& [key, value] : machine.items())
    std::printf("%-16s %s\n", key.c_str(),
                (value.is_string() ? value.get<std::string>() : value.dump()).c_str());
  return ExitCode::ok;
}

ExitCode exec(const SystemFlags& f) {
  const size_t first = f.command.front() == "--" ? 1 : 0;
  const std::string command = shell_quoted(std::span(f.command).subspan(first));
  if (command.empty()) throw ConfigError("exec needs a command: xedgesim exec NODE -- COMMAND");
  return static_cast<ExitCode>(
      live::run_in_machine(choose_running_system(f.system).session_socket(), f.node, command, f.input));
}

ExitCode console(const SystemFlags& f) {
  if (isatty(STDIN_FILENO)) std::fprintf(stderr, "console of %s; Ctrl-] leaves it\n", f.node.c_str());
  live::attach_console(choose_running_system(f.system).session_socket(), f.node);
  return ExitCode::ok;
}

ExitCode logs(const SystemFlags& f) {
  const live::StateFolder folder = choose_system(f.system);
  const std::filesystem::path file = folder.console(f.node);
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError(fmt::format("the system '{}' has no console of '{}'", folder.name(), f.node));
  const std::atomic<bool>& stop = watch_interrupts();
  std::vector<char> chunk(65536);
  std::streamoff at = 0;
  do {
    std::error_code ec;
    // It begins anew when it has become too long.
    if (static_cast<std::streamoff>(std::filesystem::file_size(file, ec)) < at || ec) {
      in = std::ifstream(file, std::ios::binary);
      at = 0;
      if (!in) break;
    }
    in.clear();
    while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
      std::fwrite(chunk.data(), 1, static_cast<size_t>(in.gcount()), stdout);
      at += in.gcount();
    }
    std::fflush(stdout);
    if (f.follow) sleep_for(kPoll);
  } while (f.follow && !stop && folder.up());
  return ExitCode::ok;
}

using Run = ExitCode (*)(const SystemFlags&);

CLI::App* add_command(CLI::App& app, Body& body, const std::shared_ptr<SystemFlags>& flags, const char* name,
                      const char* help, const char* example, Run run) {
  CLI::App* c = app.add_subcommand(name, help);
  c->footer(std::string("Example:  xedgesim ") + example);
  c->callback([&body, flags, run] { body = [flags, run] { return run(*flags); }; });
  return c;
}

void add_system(CLI::App& c, SystemFlags& f) {
  c.add_option("--system", f.system, "Which system; absent: the only one that is up")
      ->envname("XEDGESIM_SYSTEM");
}

}  // namespace

void add_systems(CLI::App& app, Body& body) {
  const auto flags = [] { return std::make_shared<SystemFlags>(); };
  {
    auto f = flags();
    CLI::App* c = add_command(app, body, f, "down",
                              "Switch a system's machines off and remove what it, or a killed run, left",
                              "down chassis", down);
    c->add_option("system", f->system, "Which system; absent: the only one that is up")
        ->envname("XEDGESIM_SYSTEM");
    c->add_flag("--all", f->all, "Every system")->envname("XEDGESIM_ALL");
  }
  {
    auto f = flags();
    CLI::App* c =
        add_command(app, body, f, "ps", "Machines of the systems that are up", "ps --format json", ps);
    c->add_option("system", f->system, "Which system; absent: all")->envname("XEDGESIM_SYSTEM");
    add_format(*c, f->format);
  }
  {
    auto f = flags();
    CLI::App* c = add_command(app, body, f, "inspect", "All that is known of a machine", "inspect storage",
                              inspect_machine);
    c->add_option("node", f->node, "Which machine")->required();
    add_system(*c, *f);
    add_format(*c, f->format);
  }
  {
    auto f = flags();
    CLI::App* c = add_command(app, body, f, "exec", "Run a command in a machine; its exit status is ours",
                              "exec compute -- ping -c 3 storage", exec);
    c->add_option("node", f->node, "Which machine")->required();
    c->add_option("command", f->command, "The command and its arguments, behind --")->required();
    c->add_flag("-i,--input", f->input, "The command reads our standard input");
    add_system(*c, *f);
    c->positionals_at_end();
  }
  {
    auto f = flags();
    CLI::App* c = add_command(app, body, f, "console", "Attach to a machine's console; Ctrl-] leaves it",
                              "console chassis", console);
    c->add_option("node", f->node, "Which machine")->required();
    add_system(*c, *f);
  }
  {
    auto f = flags();
    CLI::App* c =
        add_command(app, body, f, "logs", "What a machine printed on its console", "logs -f storage", logs);
    c->add_option("node", f->node, "Which machine")->required();
    c->add_flag("-f,--follow", f->follow, "Go on printing until Ctrl-C or the system is down");
    add_system(*c, *f);
  }
}

}  // namespace xedgesim::cli
