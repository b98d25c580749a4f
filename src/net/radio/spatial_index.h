#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace xedgesim::net {

/// A changing set of stations that can be asked who is near a point. Stations lie in square cells; a question
/// looks at the cells within its radius, so it costs what is near and not what there is.
class SpatialIndex {
 public:
  /// `cell_m`: width of a cell, about the usual radius; infinite: there is one cell.
  explicit SpatialIndex(double cell_m) : cell_m_(cell_m) {}

  /// A node that moves is near everywhere.
  void insert(uint32_t node, double x_m, double y_m, bool moves);
  void erase(uint32_t node);
  bool contains(uint32_t node) const { return node < places_.size() && places_[node].in; }
  size_t size() const { return size_; }

  /// All nodes within the radius, and perhaps some beyond, in ascending order.
  void near(double x_m, double y_m, double radius_m, std::vector<uint32_t>& out) const;

 private:
  using Cell = int64_t;
  static constexpr Cell kEverywhere = INT64_MIN;
  struct Place {
    Cell cell = 0;
    uint32_t slot = 0;
    bool in = false;
  };
  int64_t coordinate(double m) const;
  static Cell cell_of(int64_t x, int64_t y) { return x * (int64_t{1} << 32) + y; }
  void add(Cell cell, std::vector<uint32_t>& out) const;

  double cell_m_;
  std::unordered_map<Cell, std::vector<uint32_t>> cells_;  // never iterated in an order that shows
  std::vector<Place> places_;                              // by node
  size_t size_ = 0;
};

}  // namespace xedgesim::net
