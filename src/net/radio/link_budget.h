#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "net/radio/path_loss.h"

namespace xedgesim::net {

/// Received powers between stations, in hundredths of a dBm (rounded once per pair, so that every use of a
/// pair sees the same integer) and in mW. Losses are computed when first asked for and kept while the table
/// stays small.
class LinkBudget {
 public:
  /// `cutoff_cdbm`: powers below are taken for nothing.
  LinkBudget(std::unique_ptr<PathLoss> loss, std::vector<air::Station> stations, int cutoff_cdbm);

  int received_cdbm(uint32_t from, uint32_t to, int power_cdbm) const {
    return power_cdbm - loss_cdb(from, to);
  }
  bool audible(uint32_t from, uint32_t to, int power_cdbm) const {
    return received_cdbm(from, to, power_cdbm) >= cutoff_cdbm_;
  }
  /// Zero when not audible.
  double received_mw(uint32_t from, uint32_t to, int power_cdbm) const;

 private:
  int loss_cdb(uint32_t from, uint32_t to) const;
  int compute_loss_cdb(uint32_t from, uint32_t to) const;

  std::unique_ptr<PathLoss> loss_;
  std::vector<air::Station> stations_;
  int cutoff_cdbm_;
  mutable std::vector<int16_t> table_;  // row = transmitter; empty when there are too many stations
};

/// Between -300 and +300 dBm.
double mw_from_cdbm(int cdbm);
/// Nearest hundredth; -30000 for zero.
int cdbm_from_mw(double mw);

}  // namespace xedgesim::net
