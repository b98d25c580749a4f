#pragma once
#include <functional>
#include <memory>
#include <string>

#include "control/server.h"
#include "live/lab.h"
#include "live/session_server.h"
#include "live/state_folder.h"
#include "scenario/scenario.h"
#include "system/run_control.h"

namespace xedgesim::live {

/// A scenario that stays up on the wall clock until somebody takes it down: `xedgesim up`. Its faults and
/// typed commands belong to runs, and are left out.
class Resident {
 public:
  struct Options {
    std::string name{};      ///< of the system
    std::string scenario{};  ///< its file, for people
    system::SystemOptions system{};
    std::filesystem::path programs{};  ///< where container-start lies
    std::string k3s_secret{};          ///< of clusters whose token the scenario does not set
    int64_t since_unix_s = 0;
    const std::atomic<bool>* stop = nullptr;        ///< set: end in good order
    std::function<void(const std::string&)> log{};  ///< a line for a person
    Duration grace = Duration::s(10);               ///< wall time that machines have to switch themselves off
  };
  /// Builds the system and makes its folder. `scenario.meta.clock` is wall from now on. Throws ConfigError.
  Resident(scenario::Scenario scenario, Options options);
  ~Resident();

  /// Starts the machines. Throws ConfigError, SimulationError; then nothing is left.
  void start();
  /// Until every machine's agent has answered, at most for `patience` of wall time. Returns who has not.
  std::vector<std::string> wait_up(Duration patience);
  /// Until somebody says stop; then switches the machines off and removes the folder.
  void serve();

  const StateFolder& folder() const { return folder_; }

 private:
  /// Hears what the models tell about a run, and keeps nothing.
  class Silent final : public sim::EventParticipant {
    void handle(const sim::Event&, sim::EventContext&) override {}
  };
  void round(Duration patience);
  bool stopping() const {
    return stopped_ || (options_.stop && options_.stop->load(std::memory_order_relaxed));
  }
  void write_record() const;
  void note_machines();
  nlohmann::json answer(const control::Request& request);
  nlohmann::json machines();
  void take_down() noexcept;

  Options options_;
  StateFolder folder_;
  system::System system_;
  Silent observer_;
  Lab lab_;
  std::unique_ptr<control::Server> server_;
  std::unique_ptr<system::RunControl> control_;
  std::unique_ptr<SessionServer> sessions_;
  bool stopped_ = false, made_ = false;
};

}  // namespace xedgesim::live
