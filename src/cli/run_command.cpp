#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>

#include "base/descriptor.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/debuggers.h"
#include "cli/interrupt.h"
#include "control/server.h"
#include "experiment/inputs.h"
#include "live/run_record.h"
#include "report/progress.h"
#include "report/terminal.h"
#include "system/machine_images.h"
#include "system/run.h"
#include "vm/snapshot_store.h"

namespace xedgesim::cli {
namespace {

struct RunFlags {
  CommonOptions common;
  std::string scenario;
  std::string output;
  std::string results = "results";
  unsigned threads = 1;
  std::string engine = "auto";
  bool consoles = false;
  bool cold_boot = false;
  bool quiet = false;
  std::string control;
  bool paused = false;
  std::vector<std::string> debugged;  ///< boards that GDB may look at
};

/// A file with the token, for its owner only; gone at the end.
class TokenFile {
 public:
  TokenFile(std::filesystem::path path, const std::string& text) : path_(std::move(path)) {
    const Descriptor file(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.get() < 0 || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw ConfigError(fmt::format("cannot write the token to '{}'", path_.string()));
  }
  ~TokenFile() {
    std::error_code ec;
    std::filesystem::remove(path_, ec);
  }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

 private:
  std::filesystem::path path_;
};

/// A control socket, and its token in control.json of the run's folder and beside a unix socket.
struct Control {
  explicit Control(const std::string& address) : server(address, new_secret(control::kTokenBytes)) {
    if (server.address().starts_with("unix:"))
      beside.emplace(server.address().substr(5) + ".token", server.token() + "\n");
  }
  void announce(const std::filesystem::path& directory) {
    in_folder.emplace(
        directory / "control.json",
        nlohmann::json{{"address", server.address()}, {"token", server.token()}, {"pid", getpid()}}.dump(2) +
            "\n");
  }
  control::Server server;
  std::optional<TokenFile> beside, in_folder;
};

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name"))
      if (const size_t colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

/// What the run takes of the host, from the command's beginning on; the wall time from begin() on.
class HostUse {
 public:
  HostUse() { getrusage(RUSAGE_SELF, &before_); }
  int64_t started_unix_s() const { return started_ns_ / 1'000'000'000; }
  void begin() { begun_ = std::chrono::steady_clock::now(); }
  metrics::HostInfo info(unsigned threads) const {
    rusage now{};
    getrusage(RUSAGE_SELF, &now);
    metrics::HostInfo h;
    h.wall_time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    h.cpu_time_s = cpu_seconds(now) - cpu_seconds(before_);
    h.peak_memory_bytes = int64_t{now.ru_maxrss} * 1024;
    h.threads = static_cast<int>(threads);
    h.cpu = processor_name();
    h.started = metrics::utc_text(started_unix_s());
    return h;
  }

 private:
  static double cpu_seconds(const rusage& u) {
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(u.ru_utime) + seconds(u.ru_stime);
  }
  int64_t started_ns_ = wall_clock_ns();
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  rusage before_{};
};

std::string counted(int64_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// "10 emulated boards, 90 behavioural devices, 1 edge and 1 cloud service".
std::string participants_of(const scenario::Scenario& s) {
  using Type = scenario::Device::Type;
  int64_t boards = 0, models = 0, programs = 0, machines = 0;
  for (const auto& d : s.devices)
    (d.type == Type::model ? models : d.type == Type::external ? programs : boards) += d.count;
  for (const auto& n : s.nodes) machines += n.type == scenario::LinuxNode::Type::model ? 0 : n.count;
  std::string text;
  const auto add = [&text](int64_t n, std::string_view what) {
    if (n > 0) text += (text.empty() ? "" : ", ") + counted(n, what);
  };
  add(boards, "emulated board");
  add(models, "behavioural device");
  add(programs, "external device");
  add(machines, "machine");
  if (text.empty()) text = counted(0, "emulated board");
  if (machines > 0 && s.edge.empty() && s.cloud.empty()) return text;
  return fmt::format("{}, {} edge and {}", text, s.edge.size(),
                     counted(static_cast<int64_t>(s.cloud.size()), "cloud service"));
}

/// Where the scenario wants its runs; where it does not say (or says what is filled in then), below
/// `results`.
std::filesystem::path scenario_folder(const scenario::Scenario& scenario, const std::string& results) {
  const std::filesystem::path wanted = scenario.metrics.output_dir;
  const bool filled_in = wanted.empty() || wanted == "results/" + scenario.meta.name + "/";
  return filled_in ? metrics::default_scenario_dir(results, scenario.meta.name) : wanted;
}

/// What the flags and the scenario say; how the run is watched comes on top.
system::RunOptions run_options(const RunFlags& flags, const Installation& installation,
                               const scenario::Scenario& scenario,
                               std::map<std::string, std::filesystem::path> files, int64_t started_unix_s) {
  if (flags.engine == "jit" && !isa::translator_available())
    throw ConfigError(
        "--engine jit: this build or host cannot translate; install libasmjit-dev on x86-64 and build again, "
        "or use --engine auto");
  system::RunOptions options;
  options.platforms = installation.platforms;
  options.vm_plugin = installation.executable_dir / "xedgesim-vt.so";
  if (!flags.cold_boot) options.vm_snapshots = vm::SnapshotStore::default_folder();
  options.threads = flags.threads;
  if (flags.engine == "interpreter") options.engine = isa::Engine::interpreter;
  options.version = kVersion;
  experiment::FileDigests digests;
  system::add_image_files(scenario, files);
  options.inputs =
      experiment::run_inputs(scenario, files, installation.platforms, {kVersion, kSelf}, digests).json;
  options.print_consoles = flags.consoles;
  options.directory.started_unix_s = started_unix_s;
  options.directory.scenario_dir = scenario_folder(scenario, flags.results);
  if (!flags.output.empty()) options.directory.exact = flags.output;
  options.paused = flags.paused;
  return options;
}

/// The machines of a run on the wall clock, and the record by which `xedgesim down` finds what a run left.
class OnWallClock {
 public:
  OnWallClock(const scenario::Scenario& scenario, const Installation& installation, int64_t started_unix_s,
              const std::function<void(const std::string&)>& log)
      : record_(scenario.meta.name, started_unix_s),
        lab_({.name = scenario.meta.name,
              .k3s_secret = new_secret(32),
              .stop = &watch_interrupts(),
              .log = log,
              .changed =
                  [this, log] {
                    try {
                      record_.note(lab_);
                    } catch (const Error& e) {  // a full disk does not end the run
                      log(e.what());
                    }
                  },
              .programs = installation.executable_dir,
              .sockets = record_.folder()}) {}
  live::Lab& lab() { return lab_; }

 private:
  live::RunRecord record_;  // goes after the lab
  live::Lab lab_;
};

void print_outcome(const system::RunOutcome& outcome, bool json) {
  const std::string folder = outcome.directory.string();
  if (json) {
    std::fprintf(stdout, "%s\n", report::summary_figures(outcome.summary, folder).dump(2).c_str());
  } else {
    std::fputs(report::render_summary(outcome.summary, folder).c_str(), stdout);
  }
  if (outcome.code == ExitCode::simulation_error || outcome.code == ExitCode::interrupted)
    std::fprintf(stderr, "%s\n", outcome.reason.c_str());
}

/// The guide's last line of a log (section 7.2), which people look for in a CI job's; none without
/// assertions.
std::string verdict_line(const metrics::Json& summary) {
  const auto all = summary.find("assertions");
  if (all == summary.end() || all->empty()) return "";
  size_t failed = 0;
  for (const auto& a : *all) failed += !a.value("passed", false);
  if (failed == 0) return "✅ All assertions passed";
  return fmt::format("❌ {} of {} failed", failed, counted(static_cast<int64_t>(all->size()), "assertion"));
}

ExitCode run_command(const RunFlags& flags) {
  const bool json = flags.common.format == "json";
  std::FILE* const out = json ? stderr : stdout;
  HostUse host;
  const Installation installation = find_installation(flags.common.platforms);
  report::ProgressPrinter loading(out, false, wall_clock_ns, Duration::s(1));
  if (!flags.quiet) loading.log("Loading scenario: " + flags.scenario);
  std::map<std::string, std::filesystem::path> files;
  scenario::Scenario scenario = load_or_throw(flags.scenario, flags.common, installation, &files);
  const bool live = system::on_wall_clock(scenario);
  if (live)
    live::choose_switches(scenario,
                          [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); });
  report::ProgressPrinter progress(out, isatty(fileno(out)) != 0, wall_clock_ns, scenario.meta.duration);
  if (!flags.quiet) progress.log("Starting " + participants_of(scenario) + "...");

  system::RunOptions options =
      run_options(flags, installation, scenario, std::move(files), host.started_unix_s());
  host.begin();
  SimTime reached;
  options.progress = [&](SimTime t) {
    reached = t;
    if (!flags.quiet) progress.update(t);
  };
  options.log = [&](std::string_view text) { progress.log(text); };
  bool ended = false;
  options.host = [&] {
    if (!flags.quiet && !ended) progress.done(reached);
    ended = true;
    return host.info(flags.threads);
  };
  std::optional<OnWallClock> machines;
  if (live)
    options.pacer = &machines
                         .emplace(scenario, installation, host.started_unix_s(),
                                  [&](const std::string& text) { progress.log(text); })
                         .lab();
  std::optional<Control> control;
  if (!flags.control.empty()) options.control = &control.emplace(flags.control).server;
  Debuggers debuggers;
  options.begun = [&](system::System& system, const std::filesystem::path& directory) {
    if (control) {
      control->announce(directory);
      if (!flags.quiet)
        progress.log(fmt::format("Control: {}, token in {}", control->server.address(),
                                 (directory / "control.json").string()));
    }
    for (const std::string& board : flags.debugged) progress.log(debuggers.attend(system, board, directory));
  };
  options.stop = &watch_interrupts();
  std::signal(SIGPIPE, SIG_IGN);
  const system::RunOutcome outcome = system::run_scenario(scenario, options);
  if (!flags.quiet) {
    if (const std::string verdict = verdict_line(outcome.summary); !verdict.empty()) progress.log(verdict);
    progress.log("Results: " + outcome.directory.string());
  }
  print_outcome(outcome, json);
  return outcome.code;
}

}  // namespace

void add_run(CLI::App& app, Body& body) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* c = app.add_subcommand("run", "Run a scenario and judge its assertions");
  c->add_option("scenario", flags->scenario, "Scenario file")->required();
  c->add_option("-o,--output", flags->output,
                "Write the results exactly there instead of results/<scenario>/<time>")
      ->envname("XEDGESIM_OUTPUT");
  c->add_option("--results", flags->results, "Folder of all results")
      ->envname("XEDGESIM_RESULTS")
      ->capture_default_str();
  c->add_option("-j,--threads", flags->threads, "Host threads; the result does not depend on it")
      ->check(CLI::Range(1, 256))
      ->envname("XEDGESIM_THREADS")
      ->capture_default_str();
  c->add_option("--engine", flags->engine,
                "How boards are executed: jit translates to host code, auto does where it can; the result "
                "does not depend on it")
      ->check(CLI::IsMember({"auto", "jit", "interpreter"}))
      ->envname("XEDGESIM_ENGINE")
      ->capture_default_str();
  c->add_flag("--cold-boot", flags->cold_boot,
              "Boot Linux machines in virtual time in full, not from snapshots of earlier boots; the result "
              "does not depend on it")
      ->envname("XEDGESIM_COLD_BOOT");
  c->add_flag("--consoles", flags->consoles, "Print what the boards print")->envname("XEDGESIM_CONSOLES");
  c->add_flag("-q,--quiet", flags->quiet, "No progress")->envname("XEDGESIM_QUIET");
  add_overrides(*c, flags->common);
  c->add_option(
       "--timeline", flags->common.timelines,
       "File whose faults come on top of the scenario's, such as the applied.yaml of a run (repeatable)")
      ->check(CLI::ExistingFile)
      ->allow_extra_args(false)
      ->envname("XEDGESIM_TIMELINE");
  c->add_option(
       "--control", flags->control,
       "Socket at which the run takes link set, profile apply, pause, resume, status and stop: a path, or "
       "tcp:127.0.0.1:PORT")
      ->envname("XEDGESIM_RUN_CONTROL");
  c->add_option(
       "--gdb", flags->debugged,
       "Board that waits for GDB before its first instruction, at a socket in the run's folder; time "
       "stands still for all while it is halted (repeatable)")
      ->allow_extra_args(false)
      ->envname("XEDGESIM_GDB");
  c->add_flag("--paused", flags->paused, "With --control: wait for resume before the first event")
      ->needs("--control")
      ->envname("XEDGESIM_PAUSED");
  add_common(*c, flags->common);
  c->footer("Example:  xedgesim run scenarios/hello/scenario.yaml --set scenario.duration=5s --consoles");
  c->callback([&body, flags] { body = [flags] { return run_command(*flags); }; });
}

}  // namespace xedgesim::cli
