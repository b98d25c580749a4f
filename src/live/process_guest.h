#pragma once
#include <map>
#include <memory>

#include "container/sandbox.h"
#include "live/card_guest.h"
#include "live/container_setup.h"
#include "live/input_pipe.h"

namespace xedgesim::live {

/// Programs of the host, or of an image's files, in namespaces of their own, with a network card on our
/// switch. Its console is the command's input and output. A command that ends with 0 leaves it off; with
/// anything else it is a crash.
class ProcessGuest final : public CardGuest {
 public:
  struct Config {
    ContainerSetup setup{};
    std::filesystem::path folder{};   ///< its own files
    std::filesystem::path console{};  ///< what it prints
    std::string group{};              ///< of its control groups
  };
  ProcessGuest(EventLoop& loop, Config config, Outside outside);
  ~ProcessGuest() override;

  void start() override;
  void stop() noexcept override;
  void ask_off() noexcept override;
  /// By SIGSTOP to everything in it.
  void pause(bool paused) override;
  void to_console(std::string_view bytes) override;
  std::optional<uint64_t> run(const std::string& command, CommandSession session) override;
  void kill(uint64_t command) override;
  void input(uint64_t command, std::string_view bytes) override;
  pid_t pid() const override { return sandbox_ ? sandbox_->pid() : -1; }
  bool running() const override { return sandbox_ != nullptr; }
  std::vector<std::filesystem::path> cgroups() const override { return cgroups_; }
  void describe(nlohmann::json& out) const override;
  std::optional<Usage> usage() const override;

 private:
  struct Command {
    std::unique_ptr<container::EnteredCommand> process;
    CommandSession session;
    std::unique_ptr<InputPipe> input;  ///< none: it has no standard input
  };
  std::filesystem::path unpack_root() const;
  void take_output();
  void ended();
  void take_command_output(uint64_t number, bool error);
  void command_ended(uint64_t number);
  void drop_command(uint64_t number);
  void close() noexcept;

  Config config_;
  std::unique_ptr<container::Sandbox> sandbox_;
  Descriptor output_, input_;
  std::map<uint64_t, Command> commands_;
  uint64_t numbers_ = 0;
  std::vector<std::filesystem::path> cgroups_;
  Duration spent_;          // processor time before it was last switched on
  mutable Duration known_;  // and since then
};

}  // namespace xedgesim::live
