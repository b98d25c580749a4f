#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "live/agent.h"
#include "live/byte_channel.h"
#include "live/firmware_words.h"
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
  std::string no_input() const override;
  void input(uint64_t command, std::string_view bytes) override { agent_.input(command, bytes); }
  pid_t pid() const override { return qemu_ ? qemu_->process().pid() : -1; }
  bool running() const override { return qemu_ != nullptr; }
  std::vector<std::filesystem::path> cgroups() const override { return cgroups_; }
  void describe(nlohmann::json& out) const override;

 private:
  std::filesystem::path variables() const;
  std::optional<vm::UefiFirmware> uefi() const;
  std::vector<vm::WallDisk> disks() const;
  void first_words();
  /// QEMU's monitor, unless it is about to end.
  void tell(const char* command, const nlohmann::json& arguments);
  void give_up();
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
  bool broken_ = false;                    // its frame stream makes no sense
  std::optional<FirmwareWords> firmware_;  // until it was switched on again
  bool nothing_boots_ = false;
  bool printed_ = false;  // since it was switched on
  bool carrier_ = true;
};

}  // namespace xedgesim::live
