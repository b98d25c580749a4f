#pragma once
#include <filesystem>
#include <memory>

#include "libvirt/connection.h"
#include "live/machine_setup.h"
#include "live/running_machine.h"

namespace xedgesim::live {

/// A machine that libvirt runs: defined, started, watched, destroyed and undefined by its C library. It is
/// the domain SYSTEM-NODE there. QEMU connects to sockets in a folder of ours.
///
/// Limits: calls take the loop as long as libvirt takes for them (a start 1 to 2 s). A guest that resets
/// itself is reset by QEMU in place: boots does not count it, and one that does so over and over is not
/// stopped.
class LibvirtMachine final : public RunningMachine {
 public:
  /// Throws ConfigError for a domain of that name that is not ours, or what libvirt does not take;
  /// SimulationError when it does not start. `sockets`: a folder for sockets, of a short name.
  LibvirtMachine(libvirt::Connection& connection, const std::string& system, const MachineSetup& setup,
                 const vm::Machine& machine, const std::vector<vm::WallDisk>& disks,
                 const std::filesystem::path& sockets, MachineSockets& ours);

  pid_t pid() const override { return pid_; }
  int pidfd() const override { return pidfd_.get(); }
  /// Asks libvirt when there is no process to watch.
  bool ended() const override;
  Ending ending() override;
  bool pause(bool paused) override;
  void set_link(size_t card, bool up) override;
  void press_power_button() override { domain_->press_power_button(); }
  void kill() noexcept override { domain_->remove(); }
  std::string domain() const override { return name_; }

 private:
  std::string name_;
  std::unique_ptr<libvirt::Domain> domain_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
};

/// Which limits of a node its user's own libvirt cannot set; throws ConfigError when it must.
std::string refused_by_session(const scenario::LinuxNode& node, const libvirt::Connection& connection);

/// Removes a domain of the program that is gone. True when it was still there.
bool remove_domain(const std::string& uri, const std::string& name) noexcept;
/// Removes the domains of programs that are gone. Returns how many there were.
size_t remove_orphans(libvirt::Connection& connection) noexcept;

}  // namespace xedgesim::live
