#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "metrics/energy_account.h"
#include "metrics/seed_energy_model.h"

namespace xedgesim::metrics {
namespace {

SimTime at_ms(int64_t ms) { return SimTime::zero() + Duration::ms(ms); }

TEST(EnergyAccount, IntegratesByCause) {
  EnergyAccount account("vib_1", 3.0);
  account.current("sleep", 1.5e-6, at_ms(0));
  account.current("sleep", 0, at_ms(1000));
  account.current("cpu_active", 3.3e-3, at_ms(1000));
  account.current("radio_tx", 4.8e-3, at_ms(1002));
  account.current("radio_tx", 0, at_ms(1004));
  account.current("cpu_active", 0, at_ms(1010));
  const auto causes = account.by_cause(at_ms(2000));
  ASSERT_EQ(causes.size(), 3u);
  EXPECT_EQ(causes[0].cause, "sleep");
  EXPECT_EQ(causes[0].nanojoules, 4'500);   // 1.5 µA · 1 s · 3 V
  EXPECT_EQ(causes[1].nanojoules, 99'000);  // 3.3 mA · 10 ms · 3 V
  EXPECT_EQ(causes[2].nanojoules, 28'800);  // 4.8 mA · 2 ms · 3 V
  EXPECT_EQ(total_nanojoules(causes), 132'300);
  EXPECT_DOUBLE_EQ(account.charge_c(at_ms(2000)), 44.1e-6);
}

TEST(EnergyAccount, CountsTheRunningSegment) {
  EnergyAccount account("vib_1", 3.0);
  account.current("cpu_active", 1e-3, at_ms(0));
  EXPECT_EQ(account.by_cause(at_ms(10))[0].nanojoules, 30'000);
  EXPECT_EQ(account.by_cause(at_ms(20))[0].nanojoules, 60'000);
}

TEST(EnergyAccount, EqualsTheClosedFormOfARampBitByBit) {
  // Current k pA from k² ns on, to K² ns: the sum of k·(2k+1) over k < K, = (K-1)K(4K+1)/6.
  EnergyAccount account("n", 1.0);
  const int64_t last = 100'000;
  for (int64_t k = 0; k <= last; ++k) {
    account.current("c", static_cast<double>(k) * 1e-12, SimTime::from_ns(k * k));
  }
  const Wide closed = Wide{last - 1} * last * (4 * last + 1) / 6;
  // pA·ns·µV at 1 V: 10^6; a nanojoule is 10^18 of them.
  EXPECT_EQ(account.by_cause(SimTime::from_ns(last * last))[0].nanojoules,
            static_cast<int64_t>(closed * 1'000'000 / (Wide{1'000'000'000} * 1'000'000'000)));
  EXPECT_EQ(account.charge_c(SimTime::from_ns(last * last)), static_cast<double>(closed) / 1e21);
}

TEST(EnergyAccount, DoesNotDependOnHowItIsAskedOrCutUp) {
  EnergyAccount one("n", 1.8), many("n", 1.8);
  RandomStream random(3, "energy", "test");
  one.current("c", 7.7e-3, SimTime::zero());
  SimTime t;
  while (t < SimTime::zero() + Duration::s(1)) {
    many.current("c", 7.7e-3, t);
    many.by_cause(t);
    t = t + Duration::ns(1 + random.below(1'000'000));
  }
  EXPECT_EQ(one.by_cause(t)[0].nanojoules, many.by_cause(t)[0].nanojoules);
  EXPECT_EQ(one.charge_c(t), many.charge_c(t));
}

TEST(EnergyAccount, LastsTenYearsAtAHundredAmperes) {
  EnergyAccount account("heater", 3.0);
  account.current("c", 100, SimTime::zero());
  const SimTime end = SimTime::zero() + Duration::s(10ll * 365 * 86'400);
  EXPECT_DOUBLE_EQ(account.charge_c(end), 100.0 * 10 * 365 * 86'400);
  // 94.6 GJ are 9.46e19 nJ: more than 64 bits of nanojoules hold, so a plausible node is asked in energy.
  EnergyAccount node("vib_1", 3.0);
  node.current("c", 15e-3, SimTime::zero());
  EXPECT_EQ(node.by_cause(end)[0].nanojoules, 45'000'000ll * 10 * 365 * 86'400);
}

TEST(EnergyAccount, TellsHowLongAChargeLasts) {
  EnergyAccount account("vib_1", 3.0);
  EXPECT_FALSE(account.life_s(3.6, at_ms(1'000)));
  account.current("a", 1e-3, at_ms(0));
  account.current("b", 2e-3, at_ms(0));
  EXPECT_DOUBLE_EQ(*account.life_s(3.6, at_ms(600'000)), 1200);  // 1 mAh
}

TEST(EnergyAccount, RefusesImpossibleFigures) {
  EnergyAccount account("vib_1", 3.0);
  for (const double wrong : {-1e-6, 101.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(account.current("c", wrong, at_ms(0)), SimulationError) << wrong;
  }
  EXPECT_THROW(EnergyAccount("n", 0), ConfigError);
}

TEST(SeedEnergyModel, HasTheGuidesConstants) {
  SeedEnergyModel model;
  model.cpu(64'000'000, Duration::s(100));
  model.transmitted(0, 60);
  model.received();
  const auto causes = model.by_cause(SimTime::zero());
  EXPECT_EQ(causes[0].nanojoules, 640'000'000);     // 10 nJ a cycle
  EXPECT_EQ(causes[1].nanojoules, 500'000);         // 5 µW · 100 s
  EXPECT_EQ(causes[2].nanojoules, 50'000 + 6'000);  // 50 µJ + 0.1 µJ a byte
  EXPECT_EQ(causes[3].nanojoules, 30'000);
}

TEST(SeedEnergyModel, ScalesTransmissionsWithTheirPower) {
  for (int64_t cdbm = -4000; cdbm <= 800; cdbm += 37) {
    SeedEnergyModel model;
    model.transmitted(cdbm, 0);
    const double expected = 50'000 * std::pow(10.0, static_cast<double>(cdbm) / 1000);
    EXPECT_NEAR(static_cast<double>(model.by_cause(SimTime::zero())[2].nanojoules), expected, 0.5 + 1e-9)
        << cdbm;
  }
}

}  // namespace
}  // namespace xedgesim::metrics
