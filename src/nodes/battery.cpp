#include "nodes/battery.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::nodes {

Battery::Battery(const Config& config)
    : config_(config),
      // Whole nanocoulombs, so that no product of large doubles decides the last digits.
      capacity_(Wide{std::llround(config.capacity_c * 1e9)} * 1'000'000'000'000) {
  XEDGESIM_ASSERT(capacity_ > 0);
  set_fraction(config.initial, SimTime::zero());
}

Battery::Wide Battery::left(SimTime t) const {
  const Wide used = Wide{picoamperes_} * (std::max(t, since_) - since_).count_ns();
  return std::max(Wide{0}, left_ - used);
}

void Battery::draw(int64_t picoamperes, SimTime t) {
  XEDGESIM_ASSERT(t >= since_);
  left_ = left(t);
  since_ = t;
  picoamperes_ = picoamperes;
}

double Battery::fraction(SimTime t) const {
  return static_cast<double>(left(t)) / static_cast<double>(capacity_);
}

double Battery::volts(SimTime t) const {
  return config_.cutoff_v + (config_.full_v - config_.cutoff_v) * fraction(t);
}

SimTime Battery::empty_at() const {
  if (left_ == 0) return since_;
  if (picoamperes_ == 0) return SimTime::never();
  const Wide ns = (left_ + picoamperes_ - 1) / picoamperes_;
  const Wide most = (SimTime::never() - since_).count_ns();
  return ns >= most ? SimTime::never() : since_ + Duration::ns(static_cast<int64_t>(ns));
}

void Battery::set_fraction(double fraction, SimTime t) {
  since_ = std::max(t, since_);
  left_ = std::clamp(static_cast<Wide>(fraction * static_cast<double>(capacity_)), Wide{0}, capacity_);
}

}  // namespace xedgesim::nodes
