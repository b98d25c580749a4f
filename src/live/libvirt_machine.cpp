#include "live/libvirt_machine.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "libvirt/domain_parts.h"
#include "libvirt/wall_domain.h"
#include "live/host_process.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr int kNoticeRounds = 20;  // of 100 ms, in which libvirt notices that QEMU has ended

std::string owner_text() {
  const HostProcess me = find_process(getpid()).value_or(HostProcess{});
  return fmt::format("{}:{}", me.pid, me.started);
}

bool owner_lives(const std::string& owner) {
  HostProcess p;
  return std::sscanf(owner.c_str(), "%d:%ld", &p.pid, &p.started) == 2 && alive(p);
}

/// A socket that one QEMU connects to; its name is gone with this object.
class Doorway {
 public:
  Doorway(const fs::path& file, const std::string& node)
      : file_(fs::absolute(file)), socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (file_.string().size() >= sizeof at.sun_path)
      throw ConfigError(fmt::format(
          "node '{}': the path {} is too long for a socket: set XEDGESIM_STATE to a shorter folder", node,
          file_.string()));
    std::strcpy(at.sun_path, file_.c_str());
    unlink(file_.c_str());
    if (socket_.get() < 0 || bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 ||
        listen(socket_.get(), 1) != 0)
      throw SimulationError(fmt::format("cannot listen at {}: {}", file_.string(), std::strerror(errno)));
  }
  ~Doorway() { unlink(file_.c_str()); }
  Doorway(const Doorway&) = delete;
  Doorway& operator=(const Doorway&) = delete;
  const fs::path& file() const { return file_; }
  /// Who has connected, if somebody has.
  Descriptor guest() const { return Descriptor(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  fs::path file_;
  Descriptor socket_;
};

}  // namespace

LibvirtMachine::LibvirtMachine(libvirt::Connection& connection, const std::string& system,
                               const MachineSetup& setup, const vm::Machine& machine,
                               const std::vector<vm::WallDisk>& disks, const fs::path& sockets,
                               MachineSockets& ours)
    : name_(system + "-" + setup.id) {
  if (auto there = connection.find(name_)) {
    const std::string owner = connection.owner_of(name_);
    if (owner.empty() || owner_lives(owner))
      throw ConfigError(fmt::format(
          "node '{}': libvirt at {} has a domain '{}' already{}", setup.id, connection.uri(), name_,
          owner.empty() ? ": rename the node, or give the system another --name"
                        : ": another system of xedgesim is up, give this one another --name"));
    there->remove();
  }
  std::error_code ec;
  fs::create_directories(sockets, ec);
  const Doorway network(sockets / (setup.id + ".net"), setup.id),
      console(sockets / (setup.id + ".con"), setup.id), agent(sockets / (setup.id + ".agent"), setup.id);
  libvirt::WallDomain d{.name = name_,
                        .uuid = libvirt::domain_uuid(system, setup.id),
                        .owner = owner_text(),
                        .machine = machine,
                        .kvm = setup.kvm,
                        .emulator = setup.qemu.binary,
                        .disks = disks,
                        .limits = setup.unlimited.empty() ? setup.limits : vm::Limits{},
                        .network = network.file(),
                        .console = console.file(),
                        .agent = agent.file()};
  for (fs::path* file : {&d.machine.kernel, &d.machine.initrd})
    if (!file->empty()) *file = fs::absolute(*file);
  for (auto& disk : d.disks) disk.file = fs::absolute(disk.file);
  if (connection.sets_user()) d.user = fmt::format("+{}:+{}", geteuid(), getegid());
  try {
    domain_ = connection.define(libvirt::domain_xml(d));
    domain_->start();
  } catch (const Error& e) {
    if (domain_) domain_->remove();
    throw ConfigError(fmt::format("node '{}': {}", setup.id, e.what()));
  }
  // QEMU has connected before libvirt says that it runs.
  ours = {.network = network.guest(), .console = console.guest(), .agent = agent.guest()};
  ucred peer{};
  socklen_t size = sizeof peer;
  if (ours.network.get() >= 0 && getsockopt(ours.network.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
    pid_ = peer.pid;
    pidfd_ = open_pidfd(pid_);
  }
}

bool LibvirtMachine::ended() const {
  using State = libvirt::Domain::State;
  const State s = domain_->state();
  return s != State::running && s != State::paused;
}

RunningMachine::Ending LibvirtMachine::ending() {
  using State = libvirt::Domain::State;
  using Kind = Ending::Kind;
  std::string why;
  State s = domain_->state(&why);
  for (int i = 0; i < kNoticeRounds && (s == State::running || s == State::paused); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    s = domain_->state(&why);
  }
  if (s == State::off) return {.kind = Kind::off, .why = why == "shut down by its guest" ? "" : why};
  if (s == State::gone) return {.kind = Kind::failed, .why = "libvirt does not know it any more"};
  return {.kind = Kind::failed, .why = "libvirt says: " + why};
}

bool LibvirtMachine::pause(bool paused) {
  paused ? domain_->suspend() : domain_->resume();
  return true;
}

void LibvirtMachine::set_link(bool up) {
  if (pid_ > 0)
    domain_->monitor(fmt::format(R"({{"execute":"set_link","arguments":{{"name":"net0","up":{}}}}})", up));
}

std::string refused_by_session(const scenario::LinuxNode& n, const libvirt::Connection& connection) {
  if (!limits_of(n).any() || !connection.is_session()) return {};
  const std::string why =
      fmt::format("{} is a user's own libvirt, which has no control groups", connection.uri());
  if (n.limits == scenario::LinuxNode::LimitPolicy::enforce)
    throw ConfigError(fmt::format(
        "node '{}': these limits cannot be set: {}; use qemu:///system by LIBVIRT_DEFAULT_URI, or "
        "set `limits: best-effort` to go without",
        n.id, why));
  return why;
}

bool remove_domain(const std::string& uri, const std::string& name) noexcept {
  try {
    libvirt::Connection c(uri);
    const auto d = c.find(name);
    if (!d || owner_lives(c.owner_of(name))) return false;
    d->remove();
    return true;
  } catch (const std::exception&) {
    return false;  // the daemon is gone; the next machine of that name removes it
  }
}

size_t remove_orphans(libvirt::Connection& connection) noexcept {
  size_t removed = 0;
  try {
    for (const auto& [name, owner] : connection.owned()) {
      if (owner_lives(owner)) continue;
      if (const auto d = connection.find(name)) d->remove();
      ++removed;
    }
  } catch (const std::exception&) {
    // They stay, and a machine of their name removes them.
  }
  return removed;
}

}  // namespace xedgesim::live
