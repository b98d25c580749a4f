#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nodes/external/child.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::nodes {

/// A program that computes the model of an edge or cloud node: a Python service (the SDK's
/// xedgesim.cloud_service), the TorchScript back end, or the user's own. It computes in zero simulated time; how
/// long an inference takes is the node's compute model, plus what the program says it waited.
///
/// One JSON object a line over a socket whose address is in XEDGESIM_SOCKET; xedgesim asks, the program answers
/// each with one DONE, or ERROR with a `message`:
///
///     > {"type":"INIT","protocol":"xedgesim-inference","version":1,"node":"cloud_ml","seed":42,"model":"/…/m.pt",
///        "classes":["healthy",…]}
///     < {"type":"DONE","version":1,"macs":1088}                     macs may be absent
///     > {"type":"INFER","t_ns":1200000000,"input":[0.5,…]}
///     < {"type":"DONE","output":[1.25,…],"elapsed_ns":0}            elapsed_ns may be absent: 0
///     > {"type":"SHUTDOWN","reason":"end"}
///     < {"type":"DONE"}
///
/// Numbers are decimals that read back as the same floats. A program that breaks this, dies, or does not answer in
/// time (wall time) ends the run with a SimulationError that names the node.
class InferenceProgram {
 public:
  static constexpr int kVersion = 1;
  struct Config {
    std::string node;
    std::vector<std::string> command;
    std::vector<std::string> environment;  ///< NAME=value
    std::string model;                     ///< file; empty: the program has its own
    std::vector<std::string> classes;
    uint64_t seed = 1;
    Duration timeout = Duration::s(30);
    Duration start_timeout = Duration::s(60);  ///< loading libraries and a model takes longer than an answer
  };
  explicit InferenceProgram(Config config) : config_(std::move(config)) {}
  ~InferenceProgram();

  /// Starts the program and greets it. What it prints goes to <folder>/<node>.log.
  void connect(const std::filesystem::path& folder);
  void shut_down(const std::string& reason) noexcept;

  struct Answer {
    std::vector<float> output;
    Duration elapsed;  ///< that the program waited, in simulated time
  };
  /// At simulated time `t`. SimulationError also when it does not answer one number a class.
  Answer infer(std::span<const float> input, SimTime t);
  /// Multiply-accumulates of an inference, when the program knows them; after connect().
  std::optional<uint64_t> macs() const { return macs_; }
  const Config& config() const { return config_; }

 private:
  struct Message;
  Message ask(const std::string& line, const char* what, Duration timeout);
  [[noreturn]] void fail(const std::string& what);

  Config config_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Child> child_;
  std::optional<LineChannel> channel_;
  std::optional<uint64_t> macs_;
};

}  // namespace xedgesim::nodes
