#include "net/ethernet/mac_table.h"

#include <algorithm>
#include <bit>

namespace xedgesim::net::ethernet {
namespace {

uint64_t key_of(uint16_t vlan, Mac mac) { return uint64_t{vlan} << 48 | static_cast<uint64_t>(mac); }

}  // namespace

MacTable::MacTable(size_t capacity, Duration ageing)
    : capacity_(capacity), ageing_(ageing), entries_(std::bit_ceil(std::max<size_t>(16, 2 * capacity))) {}

size_t MacTable::slot(uint64_t key) const {
  // Fibonacci hashing: the place depends on the value alone.
  size_t i = (key * 0x9E3779B97F4A7C15ull) >> (64 - std::countr_zero(entries_.size()));
  while (entries_[i].key != key && entries_[i].key != kFree) i = (i + 1) & (entries_.size() - 1);
  return i;
}

bool MacTable::learn(uint16_t vlan, Mac mac, int port, SimTime now) {
  const uint64_t key = key_of(vlan, mac);
  Entry* e = &entries_[slot(key)];
  if (e->key == kFree) {
    if (used_ >= capacity_) {
      rebuild(now);
      if (used_ >= capacity_) return false;
      e = &entries_[slot(key)];
    }
    e->key = key;
    ++used_;
  }
  e->port = port;
  e->seen = now;
  return true;
}

std::optional<int> MacTable::find(uint16_t vlan, Mac mac, SimTime now) const {
  const Entry& e = entries_[slot(key_of(vlan, mac))];
  if (e.key == kFree || !young(e, now)) return std::nullopt;
  return e.port;
}

void MacTable::flush_port(int port) {
  for (Entry& e : entries_)
    if (e.port == port) e.port = -1;
}

void MacTable::flush_all_but(int port) {
  for (Entry& e : entries_)
    if (e.port != port) e.port = -1;
}

size_t MacTable::size(SimTime now) const {
  size_t n = 0;
  for (const Entry& e : entries_) n += e.key != kFree && young(e, now);
  return n;
}

void MacTable::rebuild(SimTime now) {
  std::vector<Entry> old(entries_.size());
  old.swap(entries_);
  used_ = 0;
  for (const Entry& e : old) {
    if (e.key == kFree || !young(e, now)) continue;
    entries_[slot(e.key)] = e;
    ++used_;
  }
}

}  // namespace xedgesim::net::ethernet
