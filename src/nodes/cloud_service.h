#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/link/message.h"
#include "nodes/classify.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// The native cloud back end: stores each result and answers with its running number. Reports and intermediate
/// tensors that come to be classified here are classified first; their verdict goes back to the edge when a device waits for it.
class CloudService final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    sim::ParticipantId downlink = sim::kNobody;  ///< link back to the edge, or the edge itself
    bool direct = false;                         ///< downlink is the edge itself
    std::function<Duration()> service_time;      ///< from arrival to stored
    std::function<const ServiceModel*(int64_t tag)> model = {};  ///< null, or no function: no model here
    std::function<bool(int64_t tag)> wants_return = {};          ///< the device waits for the verdict
    std::vector<std::string> classes = {};
    std::function<std::string(int64_t)> device_name = {};
  };
  explicit CloudService(Config config) : config_(std::move(config)) {}

  void handle(const sim::Event& e, sim::EventContext& context) override;

  sim::Signal<int64_t, std::string_view, SimTime> on_stored;  ///< tag, the stored JSON text
  /// tag, cause, and whether the sample had no verdict yet
  sim::Signal<int64_t, std::string_view, bool, SimTime> on_lost;
  sim::Signal<int64_t, SimTime> on_report;                    ///< tag; what is to be classified here has arrived
  sim::Signal<const Classification&> on_result;

  struct Counters {
    int64_t requests = 0, stored = 0, answers = 0, failed = 0, rx_bytes = 0, tx_bytes = 0;
    Duration processing;
  };
  const Counters& counters() const { return counters_; }

 private:
  void store(const sim::Event& e, sim::EventContext& context);
  void classify_question(const sim::Event& e, sim::EventContext& context);
  void tell_verdict(const sim::Event& e, const std::vector<float>& scores, sim::EventContext& context);
  void send(int64_t port, int64_t tag, sim::ParticipantId edge, sim::Bytes bytes, sim::EventContext& context);
  Config config_;
  Counters counters_;
  std::map<int64_t, std::vector<float>> waiting_;  // scores of services that wait for something, by tag
  bool up_ = true;
  int64_t epoch_ = 0;
  int64_t slowness_ = 1'000'000'000;  // billionths of the usual time
};

}  // namespace xedgesim::nodes
