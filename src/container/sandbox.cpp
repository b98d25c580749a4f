#include "container/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/whole_file.h"
#include "container/child_report.h"
#include "container/sandbox_init.h"

extern char** environ;

namespace xedgesim::container {
namespace {

namespace fs = std::filesystem;

/// Without root: we are root in there, and nobody else is.
void map_identity(pid_t pid) {
  write_text(fmt::format("/proc/{}/setgroups", pid).c_str(), "deny");
  write_text(fmt::format("/proc/{}/uid_map", pid).c_str(), fmt::format("0 {} 1", geteuid()).c_str());
  write_text(fmt::format("/proc/{}/gid_map", pid).c_str(), fmt::format("0 {} 1", getegid()).c_str());
}

void add_files(const Sandbox::Config& c, Prepared& p) {
  std::error_code ec;
  fs::create_directories(c.folder, ec);
  const std::pair<const char*, const std::string*> files[] = {
      {"hosts", &c.hosts}, {"resolv.conf", &c.resolv}, {"hostname", &c.hostname}};
  for (const auto& [name, text] : files) {
    const fs::path inside = fs::path("/etc") / name;
    if (!c.root.empty()) {
      const fs::path to = c.root / "etc" / name;
      fs::create_directories(to.parent_path(), ec);
      fs::remove(to, ec);
      write_whole_file(to, *text);
    } else if (fs::exists(inside, ec)) {
      write_whole_file(c.folder / name, *text);
      p.binds.push_back({(c.folder / name).string(), fs::canonical(inside, ec).string(), false, true});
    }
  }
}

void add_volumes(const Sandbox::Config& c, Prepared& p) {
  for (const Volume& v : c.volumes) {
    std::error_code ec;
    if (!fs::exists(v.host, ec))
      throw ConfigError(
          fmt::format("there is nothing at {} to mount as {}", v.host.string(), v.inside.string()));
    fs::path to = c.root.empty() ? v.inside : c.root / v.inside.relative_path();
    if (!c.root.empty() && !fs::exists(to, ec)) {
      fs::create_directories(fs::is_directory(v.host, ec) ? to : to.parent_path(), ec);
      if (!fs::is_directory(v.host, ec)) write_whole_file(to, "");
    }
    if (!fs::exists(to, ec))
      throw ConfigError(
          fmt::format("{} does not exist on this host: a process sees the host's files, so a volume needs a "
                      "place that is there",
                      to.string()));
    p.binds.push_back({v.host.string(), to.string(), v.read_only, false});
  }
}

}  // namespace

Sandbox::Sandbox(Config config) : config_(std::move(config)) {
  Prepared p{.cards = &config_.cards, .hostname = config_.hostname, .root = config_.root.string()};
  p.work = config_.work.empty() ? "/" : config_.work.string();
  add_files(config_, p);
  add_volumes(config_, p);
  if (!p.root.empty()) {
    for (const char* folder : {"proc", "sys", "dev", "tmp", "run", ".xedgesim-host"})
      fs::create_directories(config_.root / folder);
    p.old_root = p.root + "/.xedgesim-host";
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"})
      p.devices.push_back(
          {fmt::format("/dev/{}", name), fmt::format("{}/dev/{}", p.root, name), false, true});
  }
  p.argv = c_strings(config_.command);
  p.envp = c_strings(config_.environment);
  p.users = geteuid() != 0;
  auto [ours, theirs] = control_sockets();
  auto [output, their_output] = make_pipe();
  auto [their_input, input] = make_pipe();
  p.control = theirs.get();
  p.input = their_input.get();
  p.output = their_output.get();
  clone_args how{};
  how.flags = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  if (p.users) how.flags |= CLONE_NEWUSER;
  how.exit_signal = SIGCHLD;
  pid_ = static_cast<pid_t>(syscall(SYS_clone3, &how, sizeof how));
  if (pid_ == 0) run_sandbox_init(p);
  if (pid_ < 0)
    throw SimulationError(fmt::format("this host gives no namespaces of their own to processes: {}{}",
                                      std::strerror(errno), p.users ? "; it takes root here" : ""));
  theirs = Descriptor();
  pidfd_ = open_pidfd(pid_);
  if (p.users) map_identity(pid_);
  control_ = std::move(ours);
  const auto step = [&] {
    Told told = listen_to(control_.get());
    if (told.heard && told.word.error == 0) return told;
    const std::string why = failure(told);
    kill(pid_, SIGKILL);
    wait(kPatience);
    throw SimulationError(why);
  };
  send(control_.get(), "m", 1, MSG_NOSIGNAL);
  for (size_t i = 0; i < config_.cards.size(); ++i) cards_.push_back(std::move(step().descriptor));
  step();
  output_ = std::move(output);
  input_ = std::move(input);
}

void Sandbox::go() {
  send(control_.get(), "g", 1, MSG_NOSIGNAL);
  // The socket closes when the command is executed; else it says why not.
  Told told = listen_to(control_.get());
  control_ = Descriptor();
  if (!told.heard || told.word.error == 0) return;
  kill(pid_, SIGKILL);
  wait(kPatience);
  throw ConfigError(fmt::format("cannot start '{}': {}", config_.command[0], std::strerror(told.word.error)));
}

Sandbox::~Sandbox() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  wait(kPatience);
}

void Sandbox::signal(int number) const {
  if (!ended_) kill(pid_, number);
}

void Sandbox::signal_all(int number) const {
  if (ended_) return;
  const pid_t child = fork();
  if (child == 0) {
    // The process namespace holds for children only.
    if (setns(pidfd_.get(), CLONE_NEWPID | (geteuid() != 0 ? CLONE_NEWUSER : 0)) != 0) _exit(1);
    const pid_t inside = fork();
    if (inside == 0) _exit(kill(-1, number) == 0 ? 0 : 1);
    while (waitpid(inside, nullptr, 0) < 0 && errno == EINTR) {
    }
    _exit(0);
  }
  while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Sandbox::wait(Duration patience) {
  const auto reap = [&](int how) {
    int status = 0;
    pid_t r = 0;
    do r = waitpid(pid_, &status, how);
    while (r < 0 && errno == EINTR);
    if (r != pid_) return false;
    status_ = shell_status(status);
    return ended_ = true;
  };
  if (ended_ || reap(WNOHANG)) return true;
  pollfd end{pidfd_.get(), POLLIN, 0};
  poll(&end, 1, static_cast<int>(patience.count_ns() / 1'000'000));
  return reap(WNOHANG);
}

EnteredCommand::EnteredCommand(const Sandbox& sandbox, const std::vector<std::string>& command,
                               const std::vector<std::string>& environment, bool with_input) {
  std::vector<std::string> words = command, variables = environment;
  const auto argv = c_strings(words), envp = c_strings(variables);
  auto [their_input, input] = make_pipe();
  auto [output, their_output] = make_pipe();
  auto [error, their_error] = make_pipe();
  const int all = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
                  (geteuid() != 0 ? CLONE_NEWUSER : 0);
  pid_ = fork();
  if (pid_ < 0) throw SimulationError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    dup2(with_input ? their_input.get() : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    dup2(their_output.get(), 1);
    dup2(their_error.get(), 2);
    if (setns(sandbox.pidfd(), all) != 0) _exit(126);
    close_others(-1, -1, -1);
    const pid_t inside = fork();  // only children are in the other process namespace
    if (inside == 0) {
      signal(SIGPIPE, SIG_DFL);
      environ = const_cast<char**>(envp.data());
      execvp(argv[0], argv.data());
      _exit(127);
    }
    for (const int standard : {0, 1, 2}) close(standard);
    int status = 0;
    while (waitpid(inside, &status, 0) < 0 && errno == EINTR) {
    }
    _exit(shell_status(status));
  }
  pidfd_ = open_pidfd(pid_);
  if (with_input) input_ = std::move(input);
  output_ = std::move(output);
  error_ = std::move(error);
}

EnteredCommand::~EnteredCommand() {
  if (pid_ > 0) kill(-pid_, SIGKILL);
  exit_status();
}

int EnteredCommand::exit_status() {
  if (pid_ < 0) return 255;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return shell_status(status);
}

std::string sandbox_refusal() {
  try {
    char name[] = "/tmp/xedgesim-XXXXXX";
    if (!mkdtemp(name)) return "cannot write to /tmp";
    const struct Remove {
      const char* path;
      ~Remove() {
        std::error_code ec;
        fs::remove_all(path, ec);
      }
    } remove{name};
    Sandbox trial(
        {.hostname = "trial", .cards = {{.mac = {2, 0, 0, 0, 0, 1}}}, .command = {"true"}, .folder = name});
    return {};
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace xedgesim::container
