#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "live/agent.h"
#include "live/byte_channel.h"
#include "live/frame_stream.h"
#include "live/guest.h"
#include "live/machine_setup.h"
#include "vm/qemu_process.h"

namespace xedgesim::live {

/// A machine on the wall clock: QEMU, and the other ends of its network card, console and agent. Started,
/// watched and ended here; a guest that resets itself boots again.
class Machine final : public Guest {
 public:
  struct Config {
    MachineSetup setup{};
    std::filesystem::path folder{};   ///< QEMU's own files
    std::filesystem::path console{};  ///< what it prints
    std::string group{};              ///< of its control groups
  };
  Machine(EventLoop& loop, Config config, Outside outside);
  ~Machine() override;

  void start() override;
  void stop() noexcept override;
  /// By the agent, else by its power button.
  void ask_off() noexcept override;
  void pause(bool paused) override;
  void set_carrier(bool up) override;
  bool to_network(const sim::Bytes& frame) override;
  void to_console(std::string_view bytes) override;
  void flush() override;
  bool ready() const override { return agent_.ready(); }
  std::optional<uint64_t> run(const std::string& command, CommandSession session) override {
    return agent_.run(command, std::move(session));
  }
  void kill(uint64_t command) override { agent_.kill(command); }
  pid_t pid() const override { return qemu_ ? qemu_->process().pid() : -1; }
  bool running() const override { return qemu_ != nullptr; }
  std::vector<std::filesystem::path> cgroups() const override { return cgroups_; }
  void describe(nlohmann::json& out) const override;

 private:
  std::filesystem::path write_initrd() const;
  std::vector<vm::WallDisk> disks() const;
  void ended();
  void crash(const std::string& why);
  void close() noexcept;
  vm::QmpClient* monitor();

  EventLoop& loop_;
  Config config_;
  Agent agent_;
  FrameSplitter frames_;
  std::unique_ptr<vm::QemuProcess> qemu_;
  std::unique_ptr<ByteChannel> network_, serial_, port_;
  std::vector<std::filesystem::path> cgroups_;
  uint64_t short_boots_ = 0;
  bool broken_ = false;   // its frame stream makes no sense
  bool printed_ = false;  // since it was switched on
  bool carrier_ = true;
};

}  // namespace xedgesim::live
