#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "sim/air.h"

namespace xedgesim::net {

/// Loss in dB, without antenna gains, between two stations. Symmetric unless a model says otherwise; the
/// result may be any finite number, and +infinity says that nothing arrives.
class PathLoss {
 public:
  virtual ~PathLoss() = default;
  virtual double loss_db(const air::Station& from, const air::Station& to) const = 0;
  /// Two stations farther apart than this lose more than `loss_db`; infinite when nothing can be said.
  virtual double range_m(double loss_db) const;
};

/// L(d) = reference_loss + 10 n log10(d / reference_distance); the reference loss below that distance.
struct LogDistance final : PathLoss {
  double exponent = 3.0;
  double reference_distance_m = 1.0;
  double reference_loss_db = 40.0;
  LogDistance() = default;
  LogDistance(double n, double d0_m, double loss_db)
      : exponent(n), reference_distance_m(d0_m), reference_loss_db(loss_db) {}
  double loss_db(const air::Station& from, const air::Station& to) const override;
  double range_m(double loss_db) const override;
};

/// Friis: 20 log10(4 pi d / lambda), never less than 0 dB.
struct FreeSpace final : PathLoss {
  double frequency_hz = 2.44e9;
  explicit FreeSpace(double f_hz = 2.44e9) : frequency_hz(f_hz) {}
  double loss_db(const air::Station& from, const air::Station& to) const override;
  double range_m(double loss_db) const override;
};

/// No loss up to a distance, nothing arrives beyond it (ns-3's RangePropagationLossModel).
struct RangeLoss final : PathLoss {
  double max_range_m = 100;
  explicit RangeLoss(double m) : max_range_m(m) {}
  double loss_db(const air::Station& from, const air::Station& to) const override;
  double range_m(double) const override { return max_range_m; }
};

/// Flat earth: free space up to the crossover distance 4 pi h1 h2 / lambda, then 40 log10 d - 20 log10(h1
/// h2). Heights are the stations' z_m; a station at 0 m or below counts as `default_height_m`.
struct TwoRay final : PathLoss {
  double frequency_hz = 2.44e9;
  double default_height_m = 1.5;
  TwoRay() = default;
  TwoRay(double f_hz, double height_m) : frequency_hz(f_hz), default_height_m(height_m) {}
  double loss_db(const air::Station& from, const air::Station& to) const override;
};

/// Measured losses, row = transmitter. Pairs that were not set hear nothing.
class LossMatrix final : public PathLoss {
 public:
  /// Both directions at once unless `one_way`. Throws ConfigError when db is not finite.
  void set(sim::ParticipantId from, sim::ParticipantId to, double db, bool one_way = false);
  double loss_db(const air::Station& from, const air::Station& to) const override;

 private:
  std::vector<std::vector<double>> rows_;
};

double distance_m(const air::Station& a, const air::Station& b);

}  // namespace xedgesim::net
