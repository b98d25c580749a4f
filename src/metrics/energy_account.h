#pragma once
#include "metrics/decimal.h"
#include "metrics/energy.h"

namespace xedgesim::metrics {

/// Integrates the current of each named consumer of a node (Board::current: "draws this from now on").
///
/// Exact: currents are whole picoamperes and time is nanoseconds, so charge is a whole number of 10^-21 C, in
/// 128 bits (100 A for 10 years take 105); energy is that at the supply voltage in whole microvolts, rounded
/// down to nanojoules once, when it is asked for.
///
/// Limits: constant supply voltage.
class EnergyAccount : public EnergyMeter {
 public:
  using Consumer = size_t;

  EnergyAccount(std::string node, double supply_v);

  /// Handle of a consumer, created with no current when it is new.
  Consumer consumer(std::string_view name);
  /// It draws `amperes` from `t` on; `t` must not go back. Throws SimulationError for a negative, infinite or
  /// larger than 100 A current.
  void current(Consumer c, double amperes, SimTime t);
  void current(std::string_view name, double amperes, SimTime t) { current(consumer(name), amperes, t); }

  std::vector<CauseEnergy> by_cause(SimTime t) const override;
  /// Charge drawn up to `t`, coulombs.
  double charge_c(SimTime t) const;
  /// How long `coulombs` last at the mean current up to `t`, in seconds; none without a current.
  std::optional<double> life_s(double coulombs, SimTime t) const;

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
  std::vector<Entry> consumers_;
  Integral total_;
};

}  // namespace xedgesim::metrics
