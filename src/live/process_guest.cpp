#include "live/process_guest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "container/process_usage.h"
#include "vm/image/root_tree.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImageEntry = "usr/lib/xedgesim/container";  // images/base/root
constexpr int kMostPipeReads = 16;  // at a time, so that a flooding program does not starve the others

/// What is in a pipe now. False when nobody can write to it any more.
bool read_pipe(int fd, const std::function<void(std::string_view)>& piece) {
  char chunk[16384];
  for (int i = 0; i < kMostPipeReads; ++i) {
    const ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0) return false;
    piece({chunk, static_cast<size_t>(n)});
  }
  return true;
}

void make_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

ProcessGuest::ProcessGuest(EventLoop& loop, Config config, Outside outside)
    : CardGuest(loop, config.setup.id, config.setup.cards.size(), config.console, std::move(outside)),
      config_(std::move(config)) {}

ProcessGuest::~ProcessGuest() { stop(); }

void ProcessGuest::describe(nlohmann::json& out) const {
  const ContainerSetup& s = config_.setup;
  out["kind"] = "process";
  out["arch"] = vm::to_string(vm::host_arch().value_or(vm::Arch::x86_64));
  out["command"] = s.command;
  if (!s.image.empty()) out["image"] = s.image;
  if (!s.unlimited.empty()) out["without_limits"] = s.unlimited;
}

std::optional<Guest::Usage> ProcessGuest::usage() const {
  const auto u = sandbox_ ? container::usage_of_namespace(sandbox_->pid()) : container::ProcessUsage{};
  known_ = std::max(known_, u.cpu);  // of one that has ended nothing can be asked any more
  return Usage{.cpu = spent_ + known_, .memory = u.memory};
}

/// Fresh files at every start, as a container has them.
fs::path ProcessGuest::unpack_root() const {
  const fs::path root = config_.folder / (id() + ".root");
  std::error_code ec;
  fs::remove_all(root, ec);
  vm::RootTree files;
  files.apply(vm::read_initrd(config_.setup.root_archive), config_.setup.root_archive.string());
  files.write_to(root);
  return root;
}

void ProcessGuest::start() {
  if (sandbox_) return;
  const ContainerSetup& s = config_.setup;
  container::Sandbox::Config c{.hostname = s.id,
                               .cards = s.cards,
                               .command = s.command,
                               .environment = with_usual_variables(s.environment),
                               .volumes = s.volumes,
                               .folder = fs::absolute(config_.folder / (id() + ".etc")),
                               .hosts = s.hosts,
                               .resolv = s.resolv};
  if (!s.root_archive.empty()) {
    c.root = fs::absolute(unpack_root());
    std::error_code ec;
    if (fs::exists(c.root / kImageEntry, ec))
      c.command.insert(c.command.begin(), std::string("/") + kImageEntry);
  }
  try {
    auto sandbox = std::make_unique<container::Sandbox>(std::move(c));
    if (s.limits.any()) {
      std::string missed;
      cgroups_ = vm::CgroupHost().apply(fmt::format("{}-{}", config_.group, sandbox->pid()), s.limits,
                                        sandbox->pid(), missed);
    }
    plug(sandbox->take_cards());
    output_ = sandbox->take_output();
    input_ = sandbox->take_input();
    sandbox->go();
    sandbox_ = std::move(sandbox);
  } catch (const Error& e) {
    unplug();
    vm::remove_cgroups(std::exchange(cgroups_, {}));
    if (e.code() == ExitCode::config_error) throw ConfigError(fmt::format("node '{}': {}", id(), e.what()));
    throw SimulationError(fmt::format("node '{}': {}", id(), e.what()));
  }
  make_nonblocking(output_.get());
  make_nonblocking(input_.get());
  loop_.watch(output_.get(), [this](short) { take_output(); });
  loop_.watch(sandbox_->pidfd(), [this](short) { ended(); });
  ++boots_;
  reason_.clear();
  set_state(State::up);
}

void ProcessGuest::take_output() {
  if (!read_pipe(output_.get(), [this](std::string_view b) { console_.feed(b); }))
    loop_.forget(output_.get());
}

void ProcessGuest::ended() {
  if (!sandbox_->wait(Duration::ms(500))) return;
  take_output();
  const int status = sandbox_->exit_status();
  close();
  if (status == 0) return set_state(State::off);
  tell_crash(status > 128 ? fmt::format("ended by signal {}", status - 128)
                          : fmt::format("its command ended with exit code {}", status));
}

void ProcessGuest::close() noexcept {
  if (!sandbox_) return;
  spent_ = usage()->cpu;
  known_ = Duration();
  loop_.forget(sandbox_->pidfd());
  loop_.forget(output_.get());
  while (!commands_.empty()) {
    const auto session = commands_.begin()->second.session;
    drop_command(commands_.begin()->first);
    if (session.ended) session.ended(255);
  }
  sandbox_.reset();
  unplug();
  output_ = Descriptor();
  input_ = Descriptor();
  vm::remove_cgroups(std::exchange(cgroups_, {}));
  std::error_code ec;
  if (!config_.setup.root_archive.empty()) fs::remove_all(config_.folder / (id() + ".root"), ec);
}

void ProcessGuest::stop() noexcept {
  if (!sandbox_) return;
  close();
  set_state(State::off);
}

void ProcessGuest::ask_off() noexcept {
  if (!sandbox_) return;
  if (state_ == State::paused) sandbox_->signal_all(SIGCONT);
  sandbox_->signal(SIGTERM);
}

void ProcessGuest::pause(bool paused) {
  if (!sandbox_ || (state_ == State::paused) == paused) return;
  sandbox_->signal_all(paused ? SIGSTOP : SIGCONT);
  set_state(paused ? State::paused : State::up);
}

void ProcessGuest::to_console(std::string_view bytes) {
  if (sandbox_) [[maybe_unused]]
    const ssize_t n = write(input_.get(), bytes.data(), bytes.size());
}

std::optional<uint64_t> ProcessGuest::run(const std::string& command, CommandSession session) {
  if (commands_.size() >= kMostCommands) return std::nullopt;
  const uint64_t number = ++numbers_;
  Command& c = commands_[number];
  c.process = std::make_unique<container::EnteredCommand>(
      *sandbox_, std::vector<std::string>{"sh", "-c", command},
      with_usual_variables(config_.setup.environment), session.took != nullptr);
  c.session = std::move(session);
  if (c.session.took) {
    c.input = std::make_unique<InputPipe>(loop_, c.session.took);
    c.input->open(c.process->take_input());
  }
  for (const bool error : {false, true}) {
    const int fd = error ? c.process->error() : c.process->output();
    make_nonblocking(fd);
    loop_.watch(fd, [this, number, error](short) { take_command_output(number, error); });
  }
  loop_.watch(c.process->pidfd(), [this, number](short) { command_ended(number); });
  return number;
}

void ProcessGuest::input(uint64_t command, std::string_view bytes) {
  const auto c = commands_.find(command);
  if (c != commands_.end() && c->second.input) c->second.input->write(bytes);
}

void ProcessGuest::take_command_output(uint64_t number, bool error) {
  const auto c = commands_.find(number);
  if (c == commands_.end()) return;
  const int fd = error ? c->second.process->error() : c->second.process->output();
  const auto output = c->second.session.output;  // it may end the session
  if (!read_pipe(fd, [&](std::string_view b) {
        if (output) output(error, b);
      }))
    loop_.forget(fd);
}

void ProcessGuest::command_ended(uint64_t number) {
  // What it wrote last; somebody it left in the background may hold the pipes open for ever.
  take_command_output(number, false);
  take_command_output(number, true);
  const auto c = commands_.find(number);
  if (c == commands_.end()) return;
  const auto session = c->second.session;
  const int status = c->second.process->exit_status();
  drop_command(number);
  if (session.ended) session.ended(status);
}

void ProcessGuest::drop_command(uint64_t number) {
  const auto c = commands_.find(number);
  if (c == commands_.end()) return;
  const container::EnteredCommand& process = *c->second.process;
  for (const int fd : {process.output(), process.error(), process.pidfd()}) loop_.forget(fd);
  commands_.erase(c);
}

void ProcessGuest::kill(uint64_t command) { drop_command(command); }

}  // namespace xedgesim::live
