#include "net/radio/spatial_index.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr double kFarthest = 1e9;  // cells

}  // namespace

int64_t SpatialIndex::coordinate(double m) const {
  return static_cast<int64_t>(std::clamp(std::floor(m / cell_m_), -kFarthest, kFarthest));
}

void SpatialIndex::insert(uint32_t node, double x_m, double y_m, bool moves) {
  if (contains(node)) return;
  if (places_.size() <= node) places_.resize(node + 1);
  const Cell cell = moves || std::isinf(cell_m_) ? kEverywhere : cell_of(coordinate(x_m), coordinate(y_m));
  auto& members = cells_[cell];
  places_[node] = {.cell = cell, .slot = static_cast<uint32_t>(members.size()), .in = true};
  members.push_back(node);
  ++size_;
}

void SpatialIndex::erase(uint32_t node) {
  if (!contains(node)) return;
  Place& p = places_[node];
  auto& members = cells_[p.cell];
  const uint32_t last = members.back();
  members[p.slot] = last;
  places_[last].slot = p.slot;
  members.pop_back();
  p.in = false;
  --size_;
}

void SpatialIndex::add(Cell cell, std::vector<uint32_t>& out) const {
  const auto it = cells_.find(cell);
  if (it != cells_.end()) out.insert(out.end(), it->second.begin(), it->second.end());
}

void SpatialIndex::near(double x_m, double y_m, double radius_m, std::vector<uint32_t>& out) const {
  out.clear();
  if (size_ == 0) return;
  const int64_t x0 = coordinate(x_m - radius_m), x1 = coordinate(x_m + radius_m);
  const int64_t y0 = coordinate(y_m - radius_m), y1 = coordinate(y_m + radius_m);
  const double cells = static_cast<double>(x1 - x0 + 1) * static_cast<double>(y1 - y0 + 1);
  if (std::isinf(cell_m_) || cells > static_cast<double>(cells_.size())) {
    for (const auto& [cell, members] : cells_) out.insert(out.end(), members.begin(), members.end());
  } else {
    add(kEverywhere, out);
    for (int64_t x = x0; x <= x1; ++x)
      for (int64_t y = y0; y <= y1; ++y) add(cell_of(x, y), out);
  }
  std::sort(out.begin(), out.end());
}

}  // namespace xedgesim::net
