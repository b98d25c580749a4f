#include "live/libvirt_machine.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "libvirt/domain_parts.h"
#include "libvirt/wall_domain.h"
#include "live/host_process.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr int kNoticeRounds = 20;  // of 100 ms, in which libvirt notices that QEMU has ended

/// A socket that one QEMU connects to; its name is gone with this object.
class Doorway {
 public:
  Doorway(const fs::path& file, const std::string& node) try
      : file_(fs::absolute(file)), listener_("unix:" + file_.string(), true) {
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("node '{}': {} (XEDGESIM_STATE chooses another folder)", node, e.what()));
  }
  const fs::path& file() const { return file_; }
  /// Who has connected, if somebody has.
  Descriptor guest() const {
    return Descriptor(accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  fs::path file_;
  nodes::Listener listener_;
};

}  // namespace

LibvirtMachine::LibvirtMachine(libvirt::Connection& connection, const std::string& system,
                               const MachineSetup& setup, const vm::Machine& machine,
                               const std::vector<vm::WallDisk>& disks, const fs::path& sockets,
                               MachineSockets& ours)
    : name_(system + "-" + setup.id) {
  if (auto there = connection.find(name_)) {
    const std::string owner = connection.owner_of(name_);
    if (owner.empty() || program_lives(owner))
      throw ConfigError(fmt::format(
          "node '{}': libvirt at {} has a domain '{}' already{}", setup.id, connection.uri(), name_,
          owner.empty() ? ": rename the node, or give the system another --name"
                        : ": another system of xedgesim is up, give this one another --name"));
    there->remove();
  }
  std::error_code ec;
  fs::create_directories(sockets, ec);
  const Doorway console(sockets / (setup.id + ".con"), setup.id),
      agent(sockets / (setup.id + ".agent"), setup.id);
  std::vector<std::unique_ptr<Doorway>> networks;
  for (size_t i = 0; i < machine.macs.size(); ++i)
    networks.push_back(std::make_unique<Doorway>(
        sockets / (setup.id + (i == 0 ? ".net" : fmt::format(".net{}", i))), setup.id));
  libvirt::WallDomain d{.name = name_,
                        .uuid = libvirt::domain_uuid(system, setup.id),
                        .owner = this_program(),
                        .machine = machine,
                        .kvm = setup.kvm,
                        .emulator = setup.qemu.binary,
                        .disks = disks,
                        .limits = setup.unlimited.empty() ? setup.limits : vm::Limits{},
                        .networks = {},
                        .console = console.file(),
                        .agent = agent.file()};
  for (const auto& n : networks) d.networks.push_back(n->file());
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
  ours = {.networks = {}, .console = console.guest(), .agent = agent.guest()};
  for (const auto& n : networks) ours.networks.push_back(n->guest());
  ucred peer{};
  socklen_t size = sizeof peer;
  if (ours.console.get() >= 0 && getsockopt(ours.console.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
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

void LibvirtMachine::set_link(size_t card, bool up) {
  if (pid_ > 0)
    domain_->monitor(
        fmt::format(R"({{"execute":"set_link","arguments":{{"name":"net{}","up":{}}}}})", card, up));
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
    if (!d || program_lives(c.owner_of(name))) return false;
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
      if (program_lives(owner)) continue;
      if (const auto d = connection.find(name)) d->remove();
      ++removed;
    }
  } catch (const std::exception&) {
    // They stay, and a machine of their name removes them.
  }
  return removed;
}

}  // namespace xedgesim::live
