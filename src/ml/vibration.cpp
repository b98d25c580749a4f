#include "ml/vibration.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace xedgesim::ml {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
/// Impacts are worked out a block at a time; states begin and end with a block.
constexpr Duration kBlock = Duration::ms(50);
constexpr double kBlockS = kBlock.count_s();
constexpr Duration kNoiseStep = Duration::us(50);
constexpr double kKnocksPerBlock = 0.02;
constexpr double kSlip = 0.01;

/// Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): 64 uniform bits from a key and a counter.
uint64_t hash(uint64_t key, uint64_t counter) {
  uint64_t z = key + counter * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double uniform(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

int sum_of_lanes(uint64_t bits) {
  return static_cast<int>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
}

/// Close to a unit normal: the sum of eight uniform 16-bit numbers, whose variance is 8 / 12 * 2^32.
double normal(uint64_t key, uint64_t counter) {
  const int sum = sum_of_lanes(hash(key, 2 * counter)) + sum_of_lanes(hash(key, 2 * counter + 1));
  return (sum - 4 * 65535) * (1.2247448713915890 / 65536.0);
}

/// Uniform on a logarithmic scale.
double log_uniform(RandomStream& random, double low, double high) {
  return low * std::exp(random.uniform() * std::log(high / low));
}

}  // namespace

std::string_view to_string(Label label) {
  constexpr std::string_view kNames[kLabelCount] = {"healthy", "inner_race", "outer_race", "ball"};
  return kNames[static_cast<size_t>(label)];
}

VibrationSignal::VibrationSignal(uint64_t seed, std::string_view device, VibrationOptions options)
    : options_(options), states_random_(seed, device, "vibration/states") {
  if (options_.shortest_state < kBlock || options_.longest_state < options_.shortest_state)
    throw ConfigError("vibration states of device '" + std::string(device) +
                      "': the shortest must last at least 50 ms and no longer than the longest");
  RandomStream keys(seed, device, "vibration/keys");
  noise_key_ = keys.next64();
  impact_key_ = keys.next64();
  knock_key_ = keys.next64();
  RandomStream machine(seed, device, "vibration/machine");
  speed_hz_ = machine.uniform(28.4, 29.6);
  noise_g_ = log_uniform(machine, 0.05, 0.12);
  resonance_hz_ = machine.uniform(300, 380);
  decay_s_ = machine.uniform(0.003, 0.005);
  for (Drift& d : drift_)
    d = {machine.uniform(0.002, 0.006), kTau / machine.uniform(40, 120), machine.uniform(0, kTau)};
  constexpr double kLargest[3] = {0.25, 0.12, 0.08};
  for (int i = 0; i < 3; ++i) {
    const double amplitude = log_uniform(machine, kLargest[i] / 5, kLargest[i]);
    const double phase = machine.uniform(0, kTau);
    harmonics_[i] = {amplitude * std::cos(phase), amplitude * std::sin(phase)};
  }
}

void VibrationSignal::append_state() {
  RandomStream& r = states_random_;
  State s;
  s.start = states_.empty() ? SimTime::zero() : states_.back().end;
  const Duration length =
      Duration::seconds(r.uniform(options_.shortest_state.count_s(), options_.longest_state.count_s()));
  s.end = s.start + kBlock * std::max<int64_t>(1, length / kBlock);
  const bool healthy = r.chance(options_.healthy_fraction);
  s.label = healthy ? Label::healthy : static_cast<Label>(1 + r.below(kLabelCount - 1));
  s.impact_g = noise_g_ * log_uniform(r, 1.5, 9.0);
  s.modulation = s.label == Label::outer_race ? 0 : r.uniform(0.4, 0.8);
  s.modulation_phase = r.uniform(0, kTau);
  s.resonance_hz = resonance_hz_ * r.uniform(0.97, 1.03);
  s.decay_s = decay_s_;
  states_.push_back(s);
}

const VibrationSignal::State& VibrationSignal::state_at(SimTime t) {
  XEDGESIM_ASSERT(t >= SimTime::zero() && !t.is_never());
  while (states_.empty() || t >= states_.back().end) append_state();
  if (t < states_[current_state_].start || t >= states_[current_state_].end) {
    const auto after = std::upper_bound(states_.begin(), states_.end(), t,
                                        [](SimTime time, const State& s) { return time < s.start; });
    current_state_ = static_cast<size_t>(after - states_.begin()) - 1;
  }
  return states_[current_state_];
}

/// Turns of the shaft since time zero: the integral of the drifting speed.
double VibrationSignal::turns(double seconds) const {
  double warped = seconds;
  for (const Drift& d : drift_) warped += d.depth / d.angular * std::sin(d.angular * seconds + d.phase);
  return speed_hz_ * warped;
}

/// Passes of the defect during one block, which may be the one before that being worked out.
void VibrationSignal::add_passes(const State& state, int64_t block_index) {
  double passes_per_turn = 0, modulation_per_turn = 0;
  switch (state.label) {
    case Label::healthy:
      return;
    case Label::inner_race:
      passes_per_turn = bearing_.inner_race();
      modulation_per_turn = 1;
      break;
    case Label::outer_race:
      passes_per_turn = bearing_.outer_race();
      break;
    case Label::ball:
      passes_per_turn = 2 * bearing_.ball_spin();
      modulation_per_turn = bearing_.cage();
      break;
  }
  const double start_s = static_cast<double>(block_index) * kBlockS;
  const double first = passes_per_turn * turns(start_s);
  const double last = passes_per_turn * turns(start_s + kBlockS);
  const double shift_s = static_cast<double>(block_index - block_.index) * kBlockS;
  for (int64_t pass = static_cast<int64_t>(std::ceil(first)); static_cast<double>(pass) < last; ++pass) {
    const uint64_t bits = hash(impact_key_, static_cast<uint64_t>(pass));
    const double slip = kSlip * (2 * uniform(bits) - 1);
    const double within_s = (static_cast<double>(pass) + slip - first) / (last - first) * kBlockS;
    double amplitude = state.impact_g * (0.85 + 0.3 * static_cast<double>(bits & 0x7ff) / 2048.0);
    // A ball's defect strikes both races in turn, the inner one less hard.
    if (state.label == Label::ball && pass % 2 != 0) amplitude *= 0.75;
    const double turn = static_cast<double>(pass) / passes_per_turn;
    amplitude *= 1 + state.modulation * std::cos(kTau * modulation_per_turn * turn + state.modulation_phase);
    block_.impacts.push_back({within_s + shift_s, amplitude, 0, 0});
  }
}

/// Rare knocks from elsewhere in the machine, in every state.
void VibrationSignal::add_knock(int64_t block_index) {
  const uint64_t bits = hash(knock_key_, static_cast<uint64_t>(block_index));
  if (uniform(bits) >= kKnocksPerBlock) return;
  const uint64_t more = hash(knock_key_, bits);
  const double amplitude = noise_g_ * (3 + 9 * uniform(more));
  const double shift_s = static_cast<double>(block_index - block_.index) * kBlockS;
  block_.impacts.push_back({shift_s + kBlockS * static_cast<double>(more & 0x7ff) / 2048.0, amplitude, 0, 0});
}

const VibrationSignal::Block& VibrationSignal::block_at(SimTime t) {
  const int64_t index = t.since_start() / kBlock;
  if (index == block_.index) return block_;
  const State& state = state_at(t);
  block_.index = index;
  const double start_s = static_cast<double>(index) * kBlockS;
  block_.turn = turns(start_s);
  block_.turns_per_s = (turns(start_s + kBlockS) - block_.turn) / kBlockS;
  block_.angular = kTau * state.resonance_hz;
  block_.decay = 1 / state.decay_s;
  block_.impacts.clear();
  // Ringing from before the previous block has decayed to less than 1e-4.
  for (int64_t i = index - 1; i <= index; ++i) {
    if (SimTime::at(kBlock * i) >= state.start) add_passes(state, i);
    add_knock(i);
  }
  std::sort(block_.impacts.begin(), block_.impacts.end(), [](const Impact& a, const Impact& b) {
    return a.offset_s != b.offset_s ? a.offset_s < b.offset_s : a.amplitude < b.amplitude;
  });
  const Impact* before = nullptr;
  for (Impact& i : block_.impacts) {
    i.re = i.amplitude;
    if (before) {
      const double elapsed = i.offset_s - before->offset_s, left = std::exp(-block_.decay * elapsed);
      const double c = left * std::cos(block_.angular * elapsed),
                   s = left * std::sin(block_.angular * elapsed);
      i.re += before->re * c - before->im * s;
      i.im = before->re * s + before->im * c;
    }
    before = &i;
  }
  return block_;
}

double VibrationSignal::acceleration_g(SimTime t) {
  const Block& block = block_at(t);
  const double offset_s = (t.since_start() % kBlock).count_s();

  const double angle = kTau * (block.turn + block.turns_per_s * offset_s);
  const double c1 = std::cos(angle), s1 = std::sin(angle);
  const double c2 = c1 * c1 - s1 * s1, s2 = 2 * c1 * s1;
  const double c3 = c2 * c1 - s2 * s1, s3 = s2 * c1 + c2 * s1;
  double a = harmonics_[0].cosine * c1 + harmonics_[0].sine * s1 + harmonics_[1].cosine * c2 +
             harmonics_[1].sine * s2 + harmonics_[2].cosine * c3 + harmonics_[2].sine * s3;

  a += noise_g_ * normal(noise_key_, static_cast<uint64_t>(t.since_start() / kNoiseStep));

  const auto after = std::upper_bound(block.impacts.begin(), block.impacts.end(), offset_s,
                                      [](double offset, const Impact& i) { return offset < i.offset_s; });
  if (after != block.impacts.begin()) {
    const Impact& last = *(after - 1);
    const double elapsed = offset_s - last.offset_s, phase = block.angular * elapsed;
    a += std::exp(-block.decay * elapsed) * (last.im * std::cos(phase) + last.re * std::sin(phase));
  }
  return a;
}

double VibrationSignal::volts(SimTime t) { return std::clamp(1.5 + 0.2 * acceleration_g(t), 0.0, 3.0); }

Label VibrationSignal::label_at(SimTime t) { return state_at(t).label; }

WindowLabel VibrationSignal::label_of_window(SimTime start, SimTime end) {
  XEDGESIM_ASSERT(start < end);
  Duration held[kLabelCount];
  int order[kLabelCount], seen = 0;
  for (SimTime t = start; t < end;) {
    const State& s = state_at(t);
    const int label = static_cast<int>(s.label);
    const SimTime until = std::min(s.end, end);
    if (std::find(order, order + seen, label) == order + seen) order[seen++] = label;
    held[label] += until - t;
    t = until;
  }
  int best = order[0];
  for (int i = 1; i < seen; ++i)
    if (held[order[i]] > held[best]) best = order[i];
  return {static_cast<Label>(best), seen > 1};
}

int16_t adc_code(double volts) {
  return static_cast<int16_t>(std::clamp(std::floor(volts * (4096.0 / 3.0) + 0.5), 0.0, 4095.0));
}

}  // namespace xedgesim::ml
