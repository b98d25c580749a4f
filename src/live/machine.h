#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libvirt/connection.h"
#include "live/agent.h"
#include "live/byte_channel.h"
#include "live/firmware_words.h"
#include "live/frame_stream.h"
#include "live/guest.h"
#include "live/machine_setup.h"
#include "live/running_machine.h"

namespace xedgesim::live {

/// A machine on the wall clock: QEMU, our child's or libvirt's, and the other ends of its network cards,
/// console and agent. Started, watched and ended here; a guest that resets itself boots again.
class Machine final : public Guest {
 public:
  struct Config {
    MachineSetup setup{};
    std::filesystem::path folder{};                  ///< QEMU's own files
    std::filesystem::path console{};                 ///< what it prints
    std::string group{};                             ///< of its control groups
    std::shared_ptr<libvirt::Connection> libvirt{};  ///< who runs it; null: we do
    std::string system{};                            ///< name of the system, for libvirt
    std::filesystem::path sockets{};                 ///< folder for sockets, of a short name
  };
  Machine(EventLoop& loop, Config config, Outside outside);
  ~Machine() override;

  void start() override;
  void stop() noexcept override;
  /// By the agent, else by its power button.
  void ask_off() noexcept override;
  void pause(bool paused) override;
  void set_carrier(size_t card, bool up) override;
  bool to_network(size_t card, const sim::Bytes& frame) override;
  void to_console(std::string_view bytes) override;
  void flush() override;
  bool ready() const override { return agent_.ready(); }
  std::optional<uint64_t> run(const std::string& command, CommandSession session) override {
    return agent_.run(command, std::move(session));
  }
  void kill(uint64_t command) override { agent_.kill(command); }
  std::string no_input() const override;
  void input(uint64_t command, std::string_view bytes) override { agent_.input(command, bytes); }
  pid_t pid() const override { return runs_ ? runs_->pid() : -1; }
  bool running() const override { return runs_ != nullptr; }
  std::string domain() const override { return runs_ ? runs_->domain() : ""; }
  std::string libvirt_uri() const override { return config_.libvirt ? config_.libvirt->uri() : ""; }
  std::vector<std::filesystem::path> cgroups() const override { return cgroups_; }
  void describe(nlohmann::json& out) const override;

 private:
  std::filesystem::path variables() const;
  std::optional<vm::UefiFirmware> uefi() const;
  std::vector<vm::WallDisk> disks() const;
  void first_words();
  void give_up();
  vm::WallDisk overlay_of(const vm::WallDisk& disk, size_t index) const;
  struct Card;
  Card fresh_card(size_t i);
  void connect(MachineSockets sockets);
  void ended();
  void crash(const std::string& why);
  void close() noexcept;

  EventLoop& loop_;
  Config config_;
  Agent agent_;
  std::unique_ptr<RunningMachine> runs_;
  struct Card {
    FrameSplitter frames;
    std::unique_ptr<ByteChannel> channel;
    bool carrier = true;
    bool broken = false;  // its frame stream makes no sense
  };
  std::vector<Card> cards_;
  std::unique_ptr<ByteChannel> serial_, port_;
  std::vector<std::filesystem::path> cgroups_;
  uint64_t short_boots_ = 0;
  std::optional<FirmwareWords> firmware_;  // until it was switched on again
  bool nothing_boots_ = false;
  bool printed_ = false;                            // since it was switched on
  std::chrono::steady_clock::time_point looked_{};  // when it was last asked whether it still runs
};

}  // namespace xedgesim::live
