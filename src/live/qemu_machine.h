#pragma once
#include <memory>

#include "live/machine_setup.h"
#include "live/running_machine.h"
#include "vm/qemu_process.h"

namespace xedgesim::live {

/// A machine whose QEMU is a child of ours.
class QemuMachine final : public RunningMachine {
 public:
  /// Throws ConfigError when QEMU cannot be started. Its own files go to `folder`, its console to `console`.
  QemuMachine(const MachineSetup& setup, const vm::Machine& machine, const std::vector<vm::WallDisk>& disks,
              const std::filesystem::path& folder, const std::filesystem::path& console,
              const std::optional<vm::UefiFirmware>& uefi, MachineSockets& ours);

  pid_t pid() const override { return qemu_->process().pid(); }
  int pidfd() const override { return qemu_->process().pidfd(); }
  bool ended() const override { return qemu_->process().wait(Duration()); }
  Ending ending() override;
  bool pause(bool paused) override;
  void set_link(size_t card, bool up) override;
  void press_power_button() override;
  void kill() noexcept override { qemu_->end(); }

 private:
  std::unique_ptr<vm::QemuProcess> qemu_;
};

}  // namespace xedgesim::live
