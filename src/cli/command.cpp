#include "cli/command.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "platforms/platform.h"

namespace xedgesim::cli {

const char* const kVersion = XEDGESIM_VERSION;

Installation find_installation(const std::string& platforms_override) {
  namespace fs = std::filesystem;
  Installation found;
  std::error_code ec;
  found.executable = fs::read_symlink("/proc/self/exe", ec);
  found.executable_dir = found.executable.parent_path();
  for (fs::path p = found.executable_dir; found.root.empty(); p = p.parent_path()) {
    if (fs::is_directory(p / "platforms", ec)) found.root = p;
    if (p == p.root_path()) break;
  }
  if (const fs::path shared = found.executable_dir / ".." / "share" / "xedgesim";
      found.root.empty() && fs::is_directory(shared, ec))
    found.root = shared;
  found.platforms = platforms_override.empty() ? found.root / "platforms" : fs::path(platforms_override);
  if (!fs::is_directory(found.platforms, ec))
    throw ConfigError(fmt::format("there is no folder of platform files at '{}': name it with --platforms",
                                  found.platforms.string()));
  return found;
}

void add_format(CLI::App& command, std::string& format, const std::string& what) {
  command.add_option("--format", format, what)
      ->check(CLI::IsMember({"table", "json"}))
      ->envname("XEDGESIM_FORMAT")
      ->capture_default_str();
}

void add_common(CLI::App& command, CommonOptions& options, bool tables) {
  command.add_option("--platforms", options.platforms, "Folder of the platform files")
      ->envname("XEDGESIM_PLATFORMS");
  if (tables) add_format(command, options.format);
}

void add_overrides(CLI::App& command, CommonOptions& options) {
  command
      .add_option("--set", options.overrides,
                  "Override a value of the scenario, e.g. --set scenario.seed=43 (repeatable)")
      ->envname("XEDGESIM_SET")
      ->allow_extra_args(false);
}

scenario::LoadOptions load_options(const CommonOptions& options, const Installation& installation) {
  scenario::LoadOptions load;
  load.environment = scenario::process_environment();
  load.overrides = options.overrides;
  load.timelines.assign(options.timelines.begin(), options.timelines.end());
  load.platforms = platforms::platform_names(installation.platforms);
  std::error_code gone;  // the working directory may have been removed
  load.search_paths = {std::filesystem::current_path(gone), installation.executable_dir, installation.root};
  return load;
}

scenario::Scenario load_or_throw(const std::string& file, const CommonOptions& options,
                                 const Installation& installation,
                                 std::map<std::string, std::filesystem::path>* files) {
  const scenario::LoadResult result = scenario::load_scenario(file, load_options(options, installation));
  for (const auto& w : result.warnings) std::fprintf(stderr, "warning: %s\n", w.text().c_str());
  if (result.ok() && files) *files = result.files;
  if (result.ok()) return result.scenario;
  std::string text;
  for (const auto& e : result.errors) text += (text.empty() ? "" : "\n") + e.text();
  throw ConfigError(text);
}

int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace xedgesim::cli
