#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/descriptor.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "control/server.h"
#include "live/resident.h"

namespace xedgesim::cli {
namespace {

struct UpFlags {
  CommonOptions common;
  std::string scenario, name;
  bool detach = false;
  int wait_s = 180;
};

/// Where the words of a system in the background go: to whoever started it until it is up, then to its log.
class Herald {
 public:
  explicit Herald(Descriptor starter = Descriptor()) : starter_(std::move(starter)) {}
  void say(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    tell(text + "\n");
  }
  /// The starter may go: it is up.
  void let_go() {
    tell(std::string(1, kUp));
    starter_ = Descriptor();
  }
  static constexpr char kUp = '\0';

  void log_to(const std::filesystem::path& file) {
    const Descriptor out(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const Descriptor none(open("/dev/null", O_RDONLY | O_CLOEXEC));
    dup2(none.get(), STDIN_FILENO);
    dup2(out.get(), STDOUT_FILENO);
    dup2(out.get(), STDERR_FILENO);
  }

 private:
  void tell(const std::string& text) {
    if (starter_.get() < 0) return;
    [[maybe_unused]] const ssize_t n = write(starter_.get(), text.data(), text.size());
  }

  Descriptor starter_;
};

ExitCode keep_up(const UpFlags& flags, const scenario::Scenario& scenario, const std::string& name,
                 const Installation& installation, Herald& herald, bool background) {
  const std::atomic<bool>& stop = watch_interrupts();
  std::signal(SIGPIPE, SIG_IGN);
  live::Resident resident(scenario, {.name = name,
                                     .scenario = std::filesystem::absolute(flags.scenario).string(),
                                     .system = {.platforms = installation.platforms,
                                                .vm_plugin = installation.executable_dir / "xedgesim-vt.so"},
                                     .programs = installation.executable_dir,
                                     .k3s_secret = new_secret(32),
                                     .since_unix_s = wall_clock_ns() / 1'000'000'000,
                                     .stop = &stop,
                                     .log = [&](const std::string& text) { herald.say(text); }});
  if (background) herald.log_to(resident.folder().path() / "log");
  resident.start();
  const auto missing = resident.wait_up(Duration::s(flags.wait_s));
  if (missing.empty() && !stop)
    herald.say(fmt::format("{} is up: {} nodes", name, scenario.nodes.size()));
  else if (!stop)
    herald.say(fmt::format("{} runs, but no agent has answered within {} s in: {}", name, flags.wait_s,
                           fmt::join(missing, ", ")));
  herald.let_go();
  resident.serve();
  return ExitCode::ok;
}

/// The system goes on in a process of its own; what it says until it is up is ours to print.
ExitCode detach(const UpFlags& flags, const scenario::Scenario& scenario, const std::string& name,
                const Installation& installation) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw SimulationError("cannot make a pipe");
  Descriptor words(ends[0]), theirs(ends[1]);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child < 0) throw SimulationError("cannot start another process");
  if (child == 0) {
    words = Descriptor();
    Herald herald(std::move(theirs));
    setsid();
    const Descriptor none(open("/dev/null", O_RDWR | O_CLOEXEC));
    dup2(none.get(), STDOUT_FILENO);
    try {
      keep_up(flags, scenario, name, installation, herald, true);
      _exit(0);
    } catch (const Error& e) {
      herald.say(e.what());
      _exit(static_cast<int>(e.code()));
    } catch (const std::exception& e) {
      herald.say(e.what());
      _exit(static_cast<int>(ExitCode::simulation_error));
    }
  }
  theirs = Descriptor();
  std::string said;
  char chunk[4096];
  for (ssize_t n = 0; (n = read(words.get(), chunk, sizeof chunk)) > 0;)
    said.append(chunk, static_cast<size_t>(n));
  const bool up = !said.empty() && said.back() == Herald::kUp;
  std::fputs(said.c_str(), up ? stdout : stderr);
  if (up) return ExitCode::ok;
  int status = 0;
  waitpid(child, &status, 0);
  return static_cast<ExitCode>(WIFEXITED(status) ? WEXITSTATUS(status)
                                                 : static_cast<int>(ExitCode::simulation_error));
}

ExitCode up_command(const UpFlags& flags) {
  const Installation installation = find_installation(flags.common.platforms);
  const scenario::Scenario scenario = load_or_throw(flags.scenario, flags.common, installation);
  if (std::none_of(scenario.nodes.begin(), scenario.nodes.end(),
                   [](const scenario::LinuxNode& n) { return n.type != scenario::LinuxNode::Type::model; }) &&
      std::none_of(scenario.edge.begin(), scenario.edge.end(), [](const scenario::EdgeNode& e) {
        return e.type == scenario::EdgeNode::Type::docker || e.type == scenario::EdgeNode::Type::process;
      }))
    throw ConfigError(fmt::format(
        "{} has no machine to keep up (nodes of type vm, container, process or host): `xedgesim run` runs it",
        flags.scenario));
  const std::string name = flags.name.empty() ? scenario.meta.name : flags.name;
  if (flags.detach) return detach(flags, scenario, name, installation);
  Herald herald;
  return keep_up(flags, scenario, name, installation, herald, false);
}

}  // namespace

void add_up(CLI::App& app, Body& body) {
  auto flags = std::make_shared<UpFlags>();
  CLI::App* c =
      app.add_subcommand("up", "Run a scenario's machines on the wall clock until they are taken down");
  c->add_option("scenario", flags->scenario, "Scenario file")->required();
  c->add_flag("-d,--detach", flags->detach,
              "Return when the machines are up; the system stays in the background");
  c->add_option("--name", flags->name, "Name of the system; absent: the scenario's")
      ->envname("XEDGESIM_NAME");
  c->add_option("--wait", flags->wait_s, "Seconds in which the machines must be up")
      ->check(CLI::Range(0, 86400))
      ->envname("XEDGESIM_WAIT")
      ->capture_default_str();
  add_overrides(*c, flags->common);
  add_common(*c, flags->common, false);
  c->footer(
      "Example:  xedgesim up -d scenarios/chassis/scenario.yaml && xedgesim exec compute -- ping -c 3 "
      "storage");
  c->callback([&body, flags] { body = [flags] { return up_command(*flags); }; });
}

}  // namespace xedgesim::cli
