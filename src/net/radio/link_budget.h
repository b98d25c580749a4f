#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "net/radio/path_loss.h"
#include "net/radio/variation.h"

namespace xedgesim::net {

/// Where a moving station is at a time; in between it moves evenly in a straight line, and it stays at the
/// last.
struct WayPoint {
  SimTime time{};
  double x_m = 0, y_m = 0, z_m = 0;
};

/// A source of noise whose received level is what is given, not where it stands: what it sends arrives
/// without loss, antenna gain or fading at its targets, and at nobody else.
struct Aim {
  std::vector<sim::ParticipantId> targets;  ///< sorted; empty: all
};

/// A station as the budget sees it.
struct BudgetStation {
  air::Station station{};
  uint64_t key = 0;                  ///< of its name, for the random part of its links
  std::vector<WayPoint> way{};       ///< empty: it stays where it is. In order of time
  std::shared_ptr<const Aim> aim{};  ///< none: by the path loss
};

/// Received powers between stations, in hundredths of a dBm (rounded once per pair, so that every use of a
/// pair sees the same integer) and in mW. Losses that do not change are computed when first asked for and
/// kept while the table stays small; those of moving stations and of fading are taken at the begin of each
/// frame.
class LinkBudget {
 public:
  /// `cutoff_cdbm`: powers below are taken for nothing.
  LinkBudget(std::unique_ptr<PathLoss> loss, std::vector<BudgetStation> stations, Variation variation,
             int cutoff_cdbm);

  int received_cdbm(uint32_t from, uint32_t to, int power_cdbm, SimTime t) const {
    return power_cdbm - loss_cdb(from, to, t);
  }
  bool audible(uint32_t from, uint32_t to, int power_cdbm, SimTime t) const {
    return received_cdbm(from, to, power_cdbm, t) >= cutoff_cdbm_;
  }
  /// Zero when not audible.
  double received_mw(uint32_t from, uint32_t to, int power_cdbm, SimTime t) const;

  /// Nobody farther away hears a frame of that power; infinite when the path loss model sets no bound.
  double range_m(uint32_t from, int power_cdbm) const;
  bool moves(uint32_t node) const { return !stations_[node].way.empty(); }
  air::Station at(uint32_t node, SimTime t) const;

 private:
  int loss_cdb(uint32_t from, uint32_t to, SimTime t) const {
    if (!table_.empty() && !fading_) {
      const int16_t known = table_[size_t{from} * stations_.size() + to];
      if (known > kChanges) return known;
    }
    return find_loss_cdb(from, to, t);
  }
  int find_loss_cdb(uint32_t from, uint32_t to, SimTime t) const;
  int compute_loss_cdb(uint32_t from, uint32_t to, SimTime t) const;

  std::unique_ptr<PathLoss> loss_;
  std::vector<BudgetStation> stations_;
  Variation variation_;
  bool fading_;
  int cutoff_cdbm_;
  double largest_gain_db_ = 0;          // of an antenna
  mutable std::vector<int16_t> table_;  // row = transmitter; empty when there are too many stations
  static constexpr int16_t kUnknown = -32768,
                           kChanges = -32767;  // in the table, which has nothing below -30000
};

/// Between -300 and +300 dBm.
double mw_from_cdbm(int cdbm);
/// Nearest hundredth; -30000 for zero.
int cdbm_from_mw(double mw);

}  // namespace xedgesim::net
