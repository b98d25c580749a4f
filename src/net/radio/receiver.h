#pragma once
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "net/radio/air_log.h"
#include "net/radio/link_budget.h"

namespace xedgesim::net {

/// What receivers of a channel have in common.
struct ReceiverEnvironment {
  const LinkBudget& budget;
  double noise_mw;
  double lock_ratio;  ///< linear SINR
  /// ns-3's way: a chunk ends when a frame begins only, and is judged by what is on the air when it ends.
  bool forgets_ended_interference = false;
  /// Linear SINR from which a frame takes over a receiver that is in another one; 0: never.
  double capture_ratio = 0;
};

/// One station's receiver. Whether it is locked on a frame is worked out when somebody asks, from the log of
/// the air: a receiver nobody asks about costs nothing.
class Receiver {
 public:
  Receiver(uint32_t node, int sensitivity_cdbm) : node_(node), sensitivity_cdbm_(sensitivity_cdbm) {}

  void listen(const AirView& air, SimTime now);
  void stop() { listening_ = false; }
  bool listening() const { return listening_; }
  SimTime listening_since() const { return since_; }

  /// The frame being received at `now`, one that ends right then included; null when there is none.
  /// Transmissions that begin at `now` have not had their effect. `now` must not go back between calls.
  const Transmission* locked(const AirView& air, const ReceiverEnvironment& env, SimTime now);

  /// SINR of `t` at its first symbol.
  double sinr_at_start(const AirView& air, const ReceiverEnvironment& env, const Transmission& t) const;
  /// Strong enough to be taken up when nothing else is on the air.
  bool reachable(const ReceiverEnvironment& env, const Transmission& t) const;
  int received_cdbm(const ReceiverEnvironment& env, const Transmission& t) const {
    return env.budget.received_cdbm(t.node, node_, t.power_cdbm, t.start);
  }

  struct Quality {
    double lowest_sinr = 0;   ///< linear
    bool interfered = false;  ///< another frame overlapped
    bool errors = false;
    SimTime error_from, error_to;  ///< first chunk with errors
    double error_rate = 0;         ///< bit error rate there
  };
  /// Draws the fate of a frame that was locked from start to end.
  Quality receive(const AirView& air, const ReceiverEnvironment& env, const Transmission& t,
                  RandomStream& random);

  /// Power of everything but the station itself, noise included: mean over [from, to), or at an instant (with
  /// what begins right then).
  double mean_power_mw(const AirView& air, const ReceiverEnvironment& env, SimTime from, SimTime to) const;
  double power_at_mw(const AirView& air, const ReceiverEnvironment& env, SimTime t) const;
  /// A frame of at least `shortest` on the air within [from, to) with a SINR above the lock threshold, judged
  /// at `to`.
  bool correlates(const AirView& air, const ReceiverEnvironment& env, SimTime from, SimTime to,
                  Duration shortest) const;

 private:
  double received_mw(const ReceiverEnvironment& env, const Transmission& t, int rejection_cdb = 0) const {
    return env.budget.received_mw(t.node, node_, t.power_cdbm - rejection_cdb, t.start);
  }
  bool can_lock(const AirView& air, const ReceiverEnvironment& env, const Transmission& t) const;

  uint32_t node_;
  int sensitivity_cdbm_;
  bool listening_ = false;
  SimTime since_;
  // Every transmission with a sequence below processed_ has had its effect; locked_ is the frame taken up
  // last.
  uint64_t processed_ = 0;
  uint64_t locked_ = 0;
  struct Interferer {
    SimTime start, end;
    double mw;
  };
  // Scratch, kept for its memory.
  std::vector<uint64_t> chain_;
  std::vector<Interferer> others_;
  std::vector<SimTime> cuts_;
};

}  // namespace xedgesim::net
