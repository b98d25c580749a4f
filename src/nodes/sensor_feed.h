#pragma once
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "bus/analog.h"

namespace xedgesim::nodes {

/// One analog signal in volts. Times of successive calls never go back.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  virtual double volts(SimTime t) = 0;
};

/// What is wired to a device's analog inputs AIN0 to AIN7; an input with nothing on it is at 0 V.
class SensorFeed final : public bus::AnalogSource {
 public:
  void connect(unsigned ain, std::unique_ptr<SignalSource> source) { inputs_.at(ain) = std::move(source); }
  double volts(unsigned ain, SimTime t) override {
    return ain < inputs_.size() && inputs_[ain] ? inputs_[ain]->volts(t) : 0.0;
  }

 private:
  std::array<std::unique_ptr<SignalSource>, 8> inputs_;
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
