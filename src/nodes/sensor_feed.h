#pragma once
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "bus/analog.h"

namespace xedgesim::nodes {

/// One analog signal in volts. Times of successive calls never go back.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  virtual double volts(SimTime t) = 0;
};

/// A time during which a sensor does not tell the truth.
struct SensorFault {
  enum class Mode { stuck, noise, drift, disconnect };
  SimTime from, to = SimTime::never();
  Mode mode = Mode::stuck;
  /// stuck: volts, none: those of the last conversion before, or of the first one within; noise: standard
  /// deviation; drift: volts a second.
  std::optional<double> value;
};

/// What is wired to a device's analog inputs AIN0 to AIN7; an input with nothing on it is at 0 V.
class SensorFeed final : public bus::AnalogSource {
 public:
  void connect(unsigned ain, std::unique_ptr<SignalSource> source) { inputs_.at(ain) = std::move(source); }
  bool connected(unsigned ain) const { return ain < inputs_.size() && inputs_[ain] != nullptr; }
  /// Faults of one input act in the order in which they were added. Noise is keyed by (seed, node, input).
  void add_fault(unsigned ain, SensorFault fault, uint64_t seed, std::string_view node);
  double volts(unsigned ain, SimTime t) override;

 private:
  struct Faulty {
    std::vector<SensorFault> faults;
    RandomStream noise;
    double last_v = 0;  // what the ADC saw last
    bool seen = false;
  };
  std::array<std::unique_ptr<SignalSource>, 8> inputs_;
  std::array<std::unique_ptr<Faulty>, 8> faulty_;  // of inputs that have faults
};

std::unique_ptr<SignalSource> constant_source(double volts);
std::unique_ptr<SignalSource> sine_source(double amplitude_v, double offset_v, double hz);
/// Normal noise, a new value each call; keyed by (seed, node, input).
std::unique_ptr<SignalSource> noise_source(double stddev_v, double offset_v, uint64_t seed,
                                           std::string_view node, unsigned ain);
/// A recording at `rate_hz`, held between samples; after its end it starts again or keeps the last value.
std::unique_ptr<SignalSource> recorded_source(std::shared_ptr<const std::vector<double>> volts,
                                              double rate_hz, bool loop);
/// The bearing vibration generator (ml/vibration.h).
std::unique_ptr<SignalSource> vibration_source(uint64_t seed, std::string_view device);

/// A column of a CSV file as volts: the named one, or the first numeric one. Throws ConfigError with the
/// line.
std::shared_ptr<const std::vector<double>> read_csv_column(const std::string& path,
                                                           const std::optional<std::string>& column);

}  // namespace xedgesim::nodes
