#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "scenario/load.h"

namespace xedgesim::cli {

/// Where the program finds what it ships with.
struct Installation {
  std::filesystem::path executable_dir;  ///< firmware/ built with it lies here
  std::filesystem::path root;            ///< platforms/ and models/ lie here
  std::filesystem::path platforms;
  std::filesystem::path executable;
};
/// Looks beside the executable, in the folders above it, and in ../share/xedgesim.
Installation find_installation(const std::string& platforms_override);

/// Options that several commands share.
struct CommonOptions {
  std::string platforms;  ///< --platforms
  std::string format = "table";
  std::vector<std::string> overrides;  ///< --set
  std::vector<std::string> timelines;  ///< --timeline
};

/// A command's body; what it throws becomes a sentence and an exit code.
using Body = std::function<ExitCode()>;

void add_run(CLI::App& app, Body& body);
/// A run with GDB on one board, on this terminal.
void add_gdb(CLI::App& app, Body& body);
void add_init(CLI::App& app, Body& body);
void add_validate(CLI::App& app, Body& body);
void add_schema(CLI::App& app, Body& body);
void add_platforms(CLI::App& app, Body& body);
void add_model(CLI::App& app, Body& body);
void add_calibrate(CLI::App& app, Body& body);
void add_image(CLI::App& app, Body& body);
void add_doctor(CLI::App& app, Body& body);
void add_batch(CLI::App& app, Body& body);
void add_place(CLI::App& app, Body& body);
void add_analyze(CLI::App& app, Body& body);
void add_plot(CLI::App& app, Body& body);
void add_compare(CLI::App& app, Body& body);
/// Results and runs under way in a browser.
void add_serve(CLI::App& app, Body& body);
/// link set, profile apply, status, pause, resume, stop: of a run under way.
void add_control(CLI::App& app, Body& body);
void add_up(CLI::App& app, Body& body);
/// down, ps, inspect, exec, console, logs: of systems that are up.
void add_systems(CLI::App& app, Body& body);
void add_export(CLI::App& app, Body& body);
void add_version(CLI::App& app, Body& body);

/// `--format`, which every command with tables has.
void add_format(CLI::App& command, std::string& format,
                const std::string& what = "Output for people (table) or machines (json)");
/// `--platforms`, and `--format` when `tables`; each flag has an XEDGESIM_… variable.
void add_common(CLI::App& command, CommonOptions& options, bool tables = true);
void add_overrides(CLI::App& command, CommonOptions& options);

scenario::LoadOptions load_options(const CommonOptions& options, const Installation& installation);
/// Loads and prints warnings on stderr. Throws ConfigError with all errors, one a line.
/// `files`: every file the scenario names.
scenario::Scenario load_or_throw(const std::string& file, const CommonOptions& options,
                                 const Installation& installation,
                                 std::map<std::string, std::filesystem::path>* files = nullptr);

/// Nanoseconds since 1970 UTC.
int64_t wall_clock_ns();

extern const char* const kVersion;
/// The running program's own file, also after it was replaced on disk.
constexpr const char* kSelf = "/proc/self/exe";

}  // namespace xedgesim::cli
