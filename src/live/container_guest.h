#pragma once
#include <map>
#include <memory>

#include "container/engine.h"
#include "live/card_guest.h"
#include "live/container_setup.h"
#include "live/engine_call.h"
#include "live/input_listener.h"
#include "live/input_pipe.h"

namespace xedgesim::live {

/// Labels of what we make in an engine.
constexpr const char* kSystemLabel = "org.xedgesim.system";
constexpr const char* kNodeLabel = "org.xedgesim.node";
constexpr const char* kOwnerLabel = "org.xedgesim.owner";  ///< PID:START of the program that made it
/// container-start, in the container.
constexpr const char* kStarter = "/.xedgesim-start";

/// A container of an engine (Docker or Podman). The engine gives it no network; its card is a TAP device that
/// is made in its network namespace as soon as there is one, and its program is held until then
/// (container-start). Each start makes a new container. One that ends with 0 is off; with anything else it
/// has crashed.
///
/// Limits: the engine's clock is the host's, so a start takes the loop as long as the engine takes for it;
/// there is no terminal, and its program has no standard input; commands may have one.
class ContainerGuest final : public CardGuest {
 public:
  struct Config {
    ContainerSetup setup{};
    std::string system{};  ///< name, for labels
    container::Engine engine;
    std::filesystem::path folder{};    ///< files that are laid over the container's
    std::filesystem::path console{};   ///< what it prints
    std::filesystem::path programs{};  ///< where container-start lies
    bool best_effort = false;          ///< limits that the engine cannot set are left out
  };
  /// Throws ConfigError when the engine has no such image, or one for another processor.
  ContainerGuest(EventLoop& loop, Config config, Outside outside);
  ~ContainerGuest() override;

  void start() override;
  void stop() noexcept override;
  /// SIGTERM; the engine's SIGKILL comes after ten seconds.
  void ask_off() noexcept override;
  void pause(bool paused) override;
  void to_console(std::string_view) override {}
  std::optional<uint64_t> run(const std::string& command, CommandSession session) override;
  void kill(uint64_t command) override;
  std::string no_input() const override { return {}; }
  void input(uint64_t command, std::string_view bytes) override;
  pid_t pid() const override { return pid_; }
  bool running() const override { return pid_ > 0; }
  void describe(nlohmann::json& out) const override;
  std::optional<Usage> usage() const override;
  std::string container() const override { return container_; }
  std::filesystem::path engine_socket() const override { return config_.engine.socket(); }

 private:
  struct Command {
    std::string exec;  ///< the engine's id
    CommandSession session;
    std::unique_ptr<container::StreamSplitter> streams;
    std::unique_ptr<EngineCall> call;
    std::unique_ptr<InputPipe> input;  ///< none: it has no standard input
    std::string pass;                  ///< for its pipe, until it has fetched it
  };
  nlohmann::json limits() const;
  nlohmann::json creation() const;
  void write_files() const;
  void ended();
  void bury(const nlohmann::json& state);
  void take_rest_of_log();
  void forget_all() noexcept;
  void order(const std::string& what, const std::string& target);
  void start_command(uint64_t number, const std::string& exec);
  void end_command(uint64_t number, int status);
  void drop_command(uint64_t number);
  void take_statistics(const std::string& body) const;

  Config config_;
  container::Engine::Image image_;
  std::string container_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
  std::unique_ptr<container::StreamSplitter> log_streams_;
  std::unique_ptr<EngineCall> logs_, last_words_;
  size_t log_bytes_ = 0;
  bool log_ended_ = false;
  std::unique_ptr<InputListener> inputs_;
  std::map<uint64_t, Command> commands_;
  std::map<uint64_t, std::unique_ptr<EngineCall>> orders_;
  uint64_t numbers_ = 0;
  mutable std::unique_ptr<EngineCall> statistics_;
  mutable Usage usage_;  // the engine's latest figures
  Duration spent_;       // processor time of the containers before this one
};

/// Removes the containers of programs that are gone. Returns how many there were. Throws nothing.
size_t remove_orphans(const container::Engine& engine) noexcept;

}  // namespace xedgesim::live
