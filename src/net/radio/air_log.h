#pragma once
#include <cstdint>
#include <vector>

#include "net/ieee802154/frame.h"
#include "sim/air.h"

namespace xedgesim::net {

/// One frame on the air.
struct Transmission {
  uint64_t id = 0;        ///< over all frequencies
  uint64_t sequence = 0;  ///< in its log
  uint32_t node = 0;      ///< index of the transmitter among the channel's stations
  SimTime start, end;     ///< as announced
  SimTime air_end{};      ///< end, or when the transmitter was switched off
  SimTime busy_until{};   ///< a receiver that took it up is free again from here on
  int power_cdbm = 0;
  sim::SharedBytes psdu{};  ///< null: noise, which no receiver takes for a frame
  ieee802154::Destination destination{};

  bool aborted() const { return air_end != end; }
  bool noise() const { return psdu == nullptr; }
};

/// The latest transmissions on one frequency in order of start.
class AirLog {
 public:
  static constexpr Duration kLongestFrame = air::frame_duration(air::kMaxPsdu);

  Transmission& add(Transmission t);
  /// Lets go of what ended before `t`; entries go in order of start.
  void forget_before(SimTime t);

  /// Sequence numbers of what is held: [first(), next()).
  uint64_t first() const { return first_; }
  uint64_t next() const { return first_ + size_; }
  /// Valid until the next add().
  const Transmission& at(uint64_t sequence) const { return ring_[sequence & (ring_.size() - 1)]; }
  Transmission& at(uint64_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }
  bool holds(uint64_t sequence) const { return sequence >= first_ && sequence < next(); }
  /// First sequence number whose start is not before `t`.
  uint64_t first_from(SimTime t) const;

  /// Calls f(const Transmission&) for those on the air at any time of [from, to), latest first.
  template <typename F>
  void visit(SimTime from, SimTime to, F&& f) const {
    for (uint64_t s = first_from(to); s-- > first_;) {
      const Transmission& t = at(s);
      if (t.start + kLongestFrame <= from) return;
      if (t.air_end > from) f(t);
    }
  }
  /// ... at the instant `t`, those that begin at `t` included.
  template <typename F>
  void visit_at(SimTime t, F&& f) const {
    visit(t, t + Duration::ns(1), f);
  }

 private:
  // By sequence number modulo its size, a power of two.
  std::vector<Transmission> ring_{64};
  uint64_t first_ = 1, size_ = 0;
};

/// What a receiver tuned to one frequency has to do with: the frames there, and what spills over from other
/// ones.
class AirView {
 public:
  explicit AirView(const AirLog& own) : own_(own) {}
  const AirLog& own() const { return own_; }
  void add_adjacent(const AirLog& log, int rejection_cdb) { adjacent_.push_back({&log, rejection_cdb}); }

  /// Calls f(const Transmission&, int rejection_cdb) for all on the air at any time of [from, to).
  template <typename F>
  void visit(SimTime from, SimTime to, F&& f) const {
    own_.visit(from, to, [&](const Transmission& t) { f(t, 0); });
    for (const Adjacent& a : adjacent_)
      a.log->visit(from, to, [&](const Transmission& t) { f(t, a.rejection_cdb); });
  }
  template <typename F>
  void visit_at(SimTime t, F&& f) const {
    visit(t, t + Duration::ns(1), f);
  }

 private:
  struct Adjacent {
    const AirLog* log;
    int rejection_cdb;
  };
  const AirLog& own_;
  std::vector<Adjacent> adjacent_;
};

}  // namespace xedgesim::net
