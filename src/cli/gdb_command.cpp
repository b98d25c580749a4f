#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "scenario/expand.h"
#include "scenario/suggest.h"
#include "vm/process.h"

extern char** environ;

namespace xedgesim::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLook = Duration::ms(50), kGrace = Duration::s(10);

struct GdbFlags {
  CommonOptions common;
  std::string scenario, board, output;
  std::vector<std::string> rest;
};

/// The firmware of a board in the loaded scenario. Boards of a group are its id with a number behind it.
fs::path firmware_of(const scenario::Scenario& s, const std::string& board) {
  for (const scenario::Device& d : s.devices) {
    const bool one_of_many = board.starts_with(d.id + "_") && d.count > 1;
    if (d.firmware && (board == d.id || one_of_many)) return d.firmware->file.resolved;
  }
  std::vector<std::string> boards;
  for (const scenario::Device& d : s.devices)
    if (d.firmware) boards.push_back(d.count > 1 ? scenario::member_id(d.id, d.count, 0) + " …" : d.id);
  throw ConfigError(fmt::format("there is no emulated board '{}' in this scenario{}", board,
                                boards.empty() ? "" : "; there are " + scenario::name_list(boards)));
}

/// Runs a program on our terminal to its end.
void run_in_front(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& a : command) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_t pid = -1;
  if (const int error = posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ); error != 0)
    throw ConfigError(fmt::format("cannot start '{}': {}", command[0], std::strerror(error)));
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

ExitCode gdb_command(const GdbFlags& flags) {
  const fs::path gdb = vm::find_program("gdb-multiarch");
  if (gdb.empty())
    throw ConfigError(
        "gdb-multiarch is not installed (Debian: apt install gdb-multiarch); `xedgesim run --gdb` needs "
        "none");
  const Installation installation = find_installation(flags.common.platforms);
  const fs::path firmware =
      firmware_of(load_or_throw(flags.scenario, flags.common, installation), flags.board);
  const fs::path folder = flags.output.empty()
                              ? fs::path("results") / fmt::format("gdb-{}-{}", flags.board, getpid())
                              : fs::path(flags.output);
  if (folder.has_parent_path()) fs::create_directories(folder.parent_path());
  std::vector<std::string> command{kSelf, "run", flags.scenario, "-o", folder.string(), "--gdb", flags.board};
  for (const std::string& o : flags.common.overrides) command.insert(command.end(), {"--set", o});
  if (!flags.common.platforms.empty()) command.insert(command.end(), {"--platforms", flags.common.platforms});
  // Ctrl-C is for GDB, which halts the board with it: the run has a process group of its own, and we ignore
  // it.
  std::signal(SIGINT, SIG_IGN);
  const fs::path said = folder.string() + ".log", socket = folder / (flags.board + ".gdb");
  vm::Process run({.command = command, .environment = {}, .output = said, .inherited = {}, .folder = {}});
  while (!fs::exists(socket) && !run.wait(kLook)) continue;
  if (fs::exists(socket)) {
    std::vector<std::string> front{gdb.string(), firmware.string(), "-ex",
                                   "target remote " + socket.string()};
    // Our firmware is built with paths relative to its folder.
    if (fs::exists(installation.root / "firmware"))
      front.insert(front.begin() + 2, "--directory=" + (installation.root / "firmware").string());
    front.insert(front.end(), flags.rest.begin(), flags.rest.end());
    run_in_front(front);
    while (!run.wait(Duration::s(1))) continue;
  }
  run.finish(kGrace);
  std::cout << std::ifstream(said).rdbuf() << std::flush;
  return run.exit_status() < 0 ? ExitCode::simulation_error : static_cast<ExitCode>(run.exit_status());
}

}  // namespace

void add_gdb(CLI::App& app, Body& body) {
  auto flags = std::make_shared<GdbFlags>();
  CLI::App* c = app.add_subcommand("gdb", "Run a scenario with GDB on one of its boards");
  c->add_option("scenario", flags->scenario, "Scenario file")->required();
  c->add_option("board", flags->board, "The board that is halted before its first instruction")->required();
  c->add_option("gdb-arguments", flags->rest, "Arguments for gdb-multiarch, behind --");
  c->add_option("-o,--output", flags->output, "Folder of the run; default results/gdb-<board>-<number>")
      ->envname("XEDGESIM_OUTPUT");
  add_overrides(*c, flags->common);
  add_common(*c, flags->common, false);
  c->footer(
      "Example:  xedgesim gdb scenarios/vibration-monitoring/scenario.yaml vib_3 -- -ex 'break publish'\n"
      "`detach` or `quit` lets the run go on to its end, `kill` ends it.");
  c->callback([&body, flags] { body = [flags] { return gdb_command(*flags); }; });
}

}  // namespace xedgesim::cli
