#include "nodes/sensor_feed.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <numbers>
#include <string>
#include <string_view>

#include "base/csv.h"
#include "base/error.h"
#include "base/rng.h"
#include "ml/vibration.h"

namespace xedgesim::nodes {
namespace {

struct Constant final : SignalSource {
  explicit Constant(double volts_in) : level(volts_in) {}
  double volts(SimTime) override { return level; }
  double level;
};

struct Sine final : SignalSource {
  Sine(double a, double o, double f) : amplitude(a), offset(o), hz(f) {}
  double volts(SimTime t) override {
    return offset + amplitude * std::sin(2 * std::numbers::pi * hz * t.count_s());
  }
  double amplitude, offset, hz;
};

struct Noise final : SignalSource {
  Noise(double s, double o, RandomStream r) : stddev(s), offset(o), random(r) {}
  double volts(SimTime) override { return random.normal(offset, stddev); }
  double stddev, offset;
  RandomStream random;
};

struct Recorded final : SignalSource {
  Recorded(std::shared_ptr<const std::vector<double>> v, double r, bool l)
      : values(std::move(v)), rate(r), loop(l) {}
  double volts(SimTime t) override {
    auto i = static_cast<size_t>(t.count_s() * rate);
    if (i >= values->size()) i = loop ? i % values->size() : values->size() - 1;
    return (*values)[i];
  }
  std::shared_ptr<const std::vector<double>> values;
  double rate;
  bool loop;
};

struct Vibration final : SignalSource {
  Vibration(uint64_t seed, std::string_view device) : signal(seed, device) {}
  double volts(SimTime t) override { return signal.volts(t); }
  ml::VibrationSignal signal;
};

std::optional<double> finite_number(std::string_view cell) {
  const auto v = csv_number(cell);
  return v && std::isfinite(*v) ? v : std::nullopt;
}

}  // namespace

void SensorFeed::add_fault(unsigned ain, SensorFault fault, uint64_t seed, std::string_view node) {
  if (!faulty_.at(ain))
    faulty_[ain] = std::make_unique<Faulty>(
        Faulty{.faults = {}, .noise = RandomStream(seed, node, fmt::format("sensor fault AIN{}", ain))});
  faulty_[ain]->faults.push_back(fault);
}

double SensorFeed::volts(unsigned ain, SimTime t) {
  double v = connected(ain) ? inputs_[ain]->volts(t) : 0.0;
  if (ain >= faulty_.size() || !faulty_[ain]) return v;
  Faulty& f = *faulty_[ain];
  for (SensorFault& fault : f.faults) {
    if (t < fault.from || t >= fault.to) continue;
    switch (fault.mode) {
      case SensorFault::Mode::stuck:
        if (!fault.value) fault.value = f.seen ? f.last_v : v;
        v = *fault.value;
        break;
      case SensorFault::Mode::noise:
        v += f.noise.normal(0, fault.value.value_or(0));
        break;
      case SensorFault::Mode::drift:
        v += fault.value.value_or(0) * (t - fault.from).count_s();
        break;
      case SensorFault::Mode::disconnect:
        v = 0;
        break;
    }
  }
  f.last_v = v;
  f.seen = true;
  return v;
}

std::unique_ptr<SignalSource> constant_source(double volts) { return std::make_unique<Constant>(volts); }

std::unique_ptr<SignalSource> sine_source(double amplitude_v, double offset_v, double hz) {
  return std::make_unique<Sine>(amplitude_v, offset_v, hz);
}

std::unique_ptr<SignalSource> noise_source(double stddev_v, double offset_v, uint64_t seed,
                                           std::string_view node, unsigned ain) {
  return std::make_unique<Noise>(stddev_v, offset_v,
                                 RandomStream(seed, node, fmt::format("sensor noise AIN{}", ain)));
}

std::unique_ptr<SignalSource> recorded_source(std::shared_ptr<const std::vector<double>> volts,
                                              double rate_hz, bool loop) {
  return std::make_unique<Recorded>(std::move(volts), rate_hz, loop);
}

std::unique_ptr<SignalSource> vibration_source(uint64_t seed, std::string_view device) {
  return std::make_unique<Vibration>(seed, device);
}

std::shared_ptr<const std::vector<double>> read_csv_column(const std::string& path,
                                                           const std::optional<std::string>& column) {
  std::ifstream in(path);
  if (!in) throw ConfigError(fmt::format("sensor data '{}' cannot be read", path));
  auto values = std::make_shared<std::vector<double>>();
  std::optional<size_t> index;
  std::string line;
  for (size_t n = 1; std::getline(in, line); ++n) {
    if (line.empty() || line == "\r" || line[0] == '#') continue;
    const auto cells = csv_cells(line);
    if (!index) {
      for (size_t i = 0; i < cells.size() && !index; ++i)
        if (column ? cells[i] == *column : finite_number(cells[i]).has_value()) index = i;
      if (column && !index)
        throw ConfigError(fmt::format("sensor data '{}' line {}: there is no column '{}'", path, n, *column));
      if (column || !index) continue;  // a line of names
    }
    const auto v = *index < cells.size() ? finite_number(cells[*index]) : std::nullopt;
    if (!v)
      throw ConfigError(
          fmt::format("sensor data '{}' line {}: column {} is not a number", path, n, *index + 1));
    values->push_back(*v);
  }
  if (values->empty()) throw ConfigError(fmt::format("sensor data '{}' holds no numbers", path));
  return values;
}

}  // namespace xedgesim::nodes
