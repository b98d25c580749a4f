#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "ml/bearing.h"

namespace xedgesim::ml {

/// State of the bearing; the values are the classes of the trained models.
enum class Label : uint8_t { healthy = 0, inner_race = 1, outer_race = 2, ball = 3 };
constexpr int kLabelCount = 4;
std::string_view to_string(Label label);

/// Ground truth of a span of time: the state that held longest, and whether there was another beside it.
struct WindowLabel {
  Label label;
  bool mixed;
};

struct VibrationOptions {
  Duration shortest_state = Duration::s(20);
  Duration longest_state = Duration::s(60);  ///< >= shortest_state; lengths are uniform between the two
  double healthy_fraction = 0.5;  ///< probability that a state is healthy; the faults share the rest
};

/// Acceleration of a bearing housing on one machine, for ever: a pure function of (seed, device, options,
/// time), whatever the order of the calls. The object only remembers what it computed last, so it is cheap
/// for times that mostly go forward (about 0.1 us a call) and not to be shared between threads.
///
/// Model: shaft at 29 Hz +-3.3 % (device and slow drift) with three harmonics; white sensor noise; rare
/// knocks; in a fault state one impact per pass of the defect, with 1 % slip, exciting a decaying resonance
/// of the housing between 290 and 390 Hz, modulated by the shaft (inner race) or the cage (ball). Severity,
/// resonance and noise differ from device to device and state to state. Limits: resonances lie below 450 Hz
/// so that sampling at 1 kHz shows them (real housings ring at kilohertz); one defect at a time, no growth
/// within a state; ringing ends at the border between two states.
class VibrationSignal {
 public:
  VibrationSignal(uint64_t seed, std::string_view device, VibrationOptions options = {});

  /// t >= 0. Noise is constant within 50 us steps and independent between them.
  double acceleration_g(SimTime t);
  /// What an analogue accelerometer puts on the ADC's pin: 1.5 V + 0.2 V/g, clipped to [0, 3] V.
  double volts(SimTime t);
  Label label_at(SimTime t);
  /// State that covers most of [start, end); of equals the earlier. Needs start < end.
  WindowLabel label_of_window(SimTime start, SimTime end);

 private:
  struct State {
    SimTime start, end;
    Label label;
    double impact_g, modulation, modulation_phase, resonance_hz, decay_s;
  };
  struct Impact {
    double offset_s, amplitude;  ///< from the start of the block
    double re, im;               ///< ringing just after this impact, earlier ones included
  };
  struct Block {
    int64_t index = -1;
    double turn, turns_per_s;  ///< of the shaft at the start of the block
    double angular, decay;     ///< of the resonance
    std::vector<Impact> impacts;
  };

  const State& state_at(SimTime t);
  void append_state();
  double turns(double seconds) const;
  const Block& block_at(SimTime t);
  void add_passes(const State& state, int64_t block_index);
  void add_knock(int64_t block_index);

  VibrationOptions options_;
  Bearing bearing_;
  RandomStream states_random_;
  uint64_t noise_key_, impact_key_, knock_key_;
  double speed_hz_, noise_g_, resonance_hz_, decay_s_;
  struct Drift {
    double depth, angular, phase;
  } drift_[2];
  struct Harmonic {
    double cosine, sine;
  } harmonics_[3];
  std::vector<State> states_;
  size_t current_state_ = 0;
  Block block_;
};

/// The code a 12-bit converter with a full scale of 3.0 V gives (nRF52840 SAADC: internal reference, gain
/// 1/5).
int16_t adc_code(double volts);

}  // namespace xedgesim::ml
