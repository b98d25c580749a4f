#pragma once
#include <optional>
#include <vector>

#include "net/ethernet/frame.h"

namespace xedgesim::net::ethernet {

/// Which port a station was last heard at, by VLAN. Open addressing; an entry that is older than the ageing
/// time counts as free. When all places are taken by young ones, new stations are not learned.
class MacTable {
 public:
  MacTable(size_t capacity, Duration ageing);
  /// Notes that `mac` is at `port`. False when there is no room.
  bool learn(uint16_t vlan, Mac mac, int port, SimTime now);
  std::optional<int> find(uint16_t vlan, Mac mac, SimTime now) const;
  void flush_port(int port);
  void flush_all_but(int port);
  /// Stations that are not too old.
  size_t size(SimTime now) const;

 private:
  struct Entry {
    uint64_t key = kFree;  // VLAN << 48 | address
    int port = -1;         // -1: flushed, still part of its chain
    SimTime seen;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};
  size_t slot(uint64_t key) const;
  bool young(const Entry& e, SimTime now) const { return e.port >= 0 && now - e.seen <= ageing_; }
  void rebuild(SimTime now);

  size_t capacity_, used_ = 0;
  Duration ageing_;
  std::vector<Entry> entries_;  // a power of two, at most half full
};

}  // namespace xedgesim::net::ethernet
