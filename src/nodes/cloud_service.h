#pragma once
#include <functional>
#include <string>

#include "net/link/message.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// The native cloud back end: stores each result and answers with its running number.
class CloudService final : public sim::EventParticipant {
 public:
  struct Config {
    sim::ParticipantId self = sim::kNobody;
    sim::ParticipantId downlink = sim::kNobody;  ///< link back to the edge, or the edge itself
    bool direct = false;                         ///< downlink is the edge itself
    std::function<Duration()> service_time;      ///< from arrival to stored
  };
  explicit CloudService(Config config) : config_(std::move(config)) {}

  void handle(const sim::Event& e, sim::EventContext& context) override;

  sim::Signal<int64_t, std::string_view, SimTime> on_stored;  ///< tag, the stored JSON text
  sim::Signal<int64_t, SimTime> on_lost;                      ///< tag; arrived while the service was down

  struct Counters {
    int64_t requests = 0, stored = 0, answers = 0, failed = 0, rx_bytes = 0, tx_bytes = 0;
    Duration processing;
  };
  const Counters& counters() const { return counters_; }

 private:
  void store(const sim::Event& e, sim::EventContext& context);
  Config config_;
  Counters counters_;
  bool up_ = true;
  int64_t epoch_ = 0;
};

}  // namespace xedgesim::nodes
