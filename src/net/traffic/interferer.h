#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sim/participant.h"

namespace xedgesim::net {

struct InterfererConfig {
  /// constant: a tone or a jammer; wifi: bursts of 0.2 to 2 ms (uniform) with exponential gaps, so that it is
  /// on for the duty cycle on average; periodic: on for the duty cycle of each period, from its begin.
  enum class Shape { constant, wifi, periodic };
  sim::ParticipantId self = sim::kNobody, channel = sim::kNobody;
  std::string name{};
  uint64_t seed = 1;
  Shape shape = Shape::constant;
  std::vector<int64_t> frequencies_mhz{};  ///< on all of them at once
  double power_dbm = 0;                    ///< within each
  double duty_cycle = 1;                   ///< (0, 1]
  Duration period = Duration::ms(10);
  SimTime start{}, stop = SimTime::never();
  /// Of `constant`, in place of start and stop: on from each first time to its second one; in order, apart.
  std::vector<std::pair<SimTime, SimTime>> windows{};
};

/// A station of the radio channel that makes noise no receiver takes for a frame: it raises levels, keeps
/// CCAs busy and breaks frames. Limits: its power is even over a channel and constant; it does not listen
/// before it sends.
class Interferer final : public sim::EventParticipant {
 public:
  /// Throws ConfigError on a duty cycle or period that makes no sense.
  explicit Interferer(InterfererConfig config);
  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;

 private:
  void begin_burst(sim::EventContext& context);
  InterfererConfig config_;
  RandomStream random_;
  SimTime burst_end_;
};

}  // namespace xedgesim::net
