#pragma once
#include "metrics/decimal.h"
#include "metrics/energy.h"

namespace xedgesim::metrics {

struct Battery {
  double capacity_c = 0;  ///< coulombs (1 mAh = 3.6 C)
};

/// Integrates the current of each named consumer of a node (Board::current: "draws this from now on").
///
/// Exact: currents are whole picoamperes and time is nanoseconds, so charge is a whole number of 10^-21 C, in
/// 128 bits (100 A for 10 years take 105); energy is that at the supply voltage in whole microvolts, rounded
/// down to nanojoules once, when it is asked for.
///
/// Limits: constant supply voltage; the battery is an ideal charge store (no self-discharge, no sag).
class EnergyAccount : public EnergyMeter {
 public:
  using Consumer = size_t;

  EnergyAccount(std::string node, double supply_v, std::optional<Battery> battery = std::nullopt);

  /// Handle of a consumer, created with no current when it is new.
  Consumer consumer(std::string_view name);
  /// It draws `amperes` from `t` on; `t` must not go back. Throws SimulationError for a negative, infinite or
  /// larger than 100 A current.
  void current(Consumer c, double amperes, SimTime t);
  void current(std::string_view name, double amperes, SimTime t) { current(consumer(name), amperes, t); }

  std::vector<CauseEnergy> by_cause(SimTime t) const override;
  /// Charge drawn up to `t`, coulombs.
  double charge_c(SimTime t) const;
  /// 1 when full, 0 when empty; none without a battery.
  std::optional<double> battery_fraction(SimTime t) const;
  /// The instant at which the battery became empty, if it did at or before `t`.
  std::optional<SimTime> depleted_at(SimTime t) const;
  /// How long a full battery lasts at the mean current up to `t`, in seconds; none without battery or
  /// current.
  std::optional<double> battery_life_s(SimTime t) const;

 private:
  struct Integral {
    int64_t picoamperes = 0;
    SimTime since;
    Wide charge = 0;  ///< pA·ns = 10^-21 C, up to `since`
    Wide at(SimTime t) const;
    void set(int64_t pa, SimTime t);
  };
  struct Entry {
    std::string name;
    Integral integral;
  };

  std::string node_;
  int64_t supply_uv_;
  Wide capacity_ = -1;  ///< pA·ns; -1 without a battery
  std::vector<Entry> consumers_;
  Integral total_;
  std::optional<SimTime> depleted_;
};

}  // namespace xedgesim::metrics
