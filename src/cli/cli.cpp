#include "cli/cli.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <new>

#include "cli/command.h"
#include "cli/complaint.h"

namespace xedgesim::cli {
namespace {

/// What was printed may be what the user wanted, such as a schema that goes to a file: that it is lost is an
/// error. A reader of a pipe that has seen enough (`| head`) is none.
ExitCode flushed(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  struct stat out {};
  if (::fstat(STDOUT_FILENO, &out) == 0 && (S_ISFIFO(out.st_mode) || S_ISSOCK(out.st_mode))) return code;
  std::fprintf(stderr, "cannot write all of the output: is the disk full?\n");
  return code == ExitCode::ok ? ExitCode::simulation_error : code;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{
      "xedgesim runs a whole embedded system — firmware, radio, edge, cloud, models — from one YAML file.",
      "xedgesim"};
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.set_version_flag("--version", fmt::format("xedgesim {}", kVersion), "Print the version");
  app.footer(
      "Example:  xedgesim run scenarios/vibration-monitoring/scenario.yaml\n"
      "Exit codes: 0 all assertions passed, 1 simulation error, 2 an assertion failed, 3 configuration "
      "error, 130 interrupted.");
  Body body;
  add_run(app, body);
  add_init(app, body);
  add_gdb(app, body);
  add_validate(app, body);
  add_batch(app, body);
  add_place(app, body);
  add_analyze(app, body);
  add_plot(app, body);
  add_compare(app, body);
  add_serve(app, body);
  add_up(app, body);
  add_systems(app, body);
  add_control(app, body);
  add_export(app, body);
  add_schema(app, body);
  add_platforms(app, body);
  add_model(app, body);
  add_calibrate(app, body);
  add_image(app, body);
  add_doctor(app, body);
  add_version(app, body);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      app.exit(e);
      return static_cast<int>(flushed(ExitCode::ok));
    }
    std::fprintf(stderr, "%s\n", command_line_complaint(app, e).c_str());
    return static_cast<int>(ExitCode::config_error);
  }
  try {
    return static_cast<int>(flushed(body()));
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return static_cast<int>(e.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "xedgesim: the host has no memory left: run fewer devices\n");
    return static_cast<int>(ExitCode::simulation_error);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "xedgesim: %s\n", e.what());
    return static_cast<int>(ExitCode::simulation_error);
  }
}

}  // namespace xedgesim::cli
