#pragma once
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "net/link/message.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// The native edge service: takes reports, classifies their features with the real model, and sends the
/// result on to the cloud. Requests wait in one queue for `parallel` workers; how long one takes on the
/// declared target comes from a compute model, what it answers from the model itself.
class EdgeService final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    sim::ParticipantId cloud = sim::kNobody;   ///< kNobody: results stay here
    sim::ParticipantId uplink = sim::kNobody;  ///< link towards the cloud, or the cloud itself
    int parallel = 1;
    size_t queue_limit = 100'000;                                     ///< requests waiting
    std::function<std::vector<float>(std::span<const float>)> infer;  ///< features -> logits
    std::function<Duration()> compute_time;                           ///< of the next inference on the target
    std::vector<std::string> classes;                                 ///< names of the model's outputs
    std::function<std::string(int64_t)> device_name;                  ///< of a message's tag
    int64_t model_bytes = 0;
  };
  explicit EdgeService(Config config);

  void handle(const sim::Event& e, sim::EventContext& context) override;

  struct Result {
    int64_t tag = 0;
    int predicted = -1;
    double confidence = 0;  ///< softmax of the winner
    SimTime arrived, begun, ended;
  };
  sim::Signal<int64_t, SimTime> on_arrival;  ///< tag
  sim::Signal<const Result&> on_result;
  sim::Signal<int64_t, std::string_view, SimTime> on_lost;  ///< tag, cause
  sim::Signal<int64_t, SimTime> on_answer;                  ///< the cloud has answered for this tag

  struct Counters {
    int64_t processed = 0, failed = 0, rx_bytes = 0, tx_bytes = 0;
    Duration busy, processing;
  };
  const Counters& counters() const { return counters_; }
  size_t queue_depth() const { return queue_.size(); }
  int64_t memory_bytes() const;
  bool up() const { return up_; }

 private:
  struct Request {
    int64_t tag;
    sim::SharedBytes payload;
    SimTime arrived;
    SimTime begun{};
  };
  void accept(const net::Message& m, sim::EventContext& context);
  void begin_next(sim::EventContext& context);
  void finish(size_t worker, sim::EventContext& context);
  void fail(sim::EventContext& context);

  Config config_;
  std::deque<Request> queue_;
  struct Worker {
    bool busy = false;
    Request request{};
    int64_t epoch = 0;
  };
  std::vector<Worker> workers_;
  Counters counters_;
  bool up_ = true;
  int64_t epoch_ = 0;  // outdates timers of work lost in a failure
};

}  // namespace xedgesim::nodes
