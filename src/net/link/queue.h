#pragma once
#include <deque>
#include <functional>
#include <optional>

#include "base/rng.h"
#include "net/link/parameters.h"
#include "net/link/record.h"

namespace xedgesim::net {

/// Random early detection (Floyd, Jacobson 1993) as tc red counts: the average is taken of the queue before
/// each arrival; between the limits packets are dropped at random distances, uniform from 1 to 1/p.
class Red {
 public:
  bool drop(const RedSettings& s, int64_t backlog_bytes, SimTime now, int64_t rate_bps, RandomStream& random);
  void became_empty(SimTime now) { idle_since_ = now; }
  double average() const { return average_; }

 private:
  RedSettings known_;
  double weight_ = 0;
  double average_ = 0;
  int64_t since_drop_ = -1;
  double threshold_ = 0;
  SimTime idle_since_ = SimTime::zero();  // never(): not idle
};

/// Controlled delay (RFC 8289, section 5): says of each packet that is to leave whether it is dropped.
class Codel {
 public:
  /// `sojourn` of the packet, `backlog_bytes` left behind it.
  bool drop(const CodelSettings& s, Duration sojourn, int64_t backlog_bytes, SimTime now);

 private:
  bool above_target_long(const CodelSettings& s, Duration sojourn, int64_t backlog_bytes, SimTime now);
  SimTime control_law(const CodelSettings& s, SimTime t) const;

  SimTime first_above_ = SimTime::zero();
  SimTime drop_next_ = SimTime::zero();
  int64_t count_ = 0, last_count_ = 0;
  bool dropping_ = false;
};

/// Packets in order of arrival, with a limit and a discipline. The limits count what is in service too.
class PacketQueue {
 public:
  using Dropped = std::function<void(LinkRecord&, DropReason)>;

  bool empty() const { return !head_ && packets_.empty(); }
  size_t size() const { return packets_.size() + (head_ ? 1 : 0); }
  int64_t bytes() const { return bytes_; }

  /// Takes the packet, or says why not and leaves it. Nothing in the queue or in service: takes any size.
  std::optional<DropReason> push(LinkRecord& packet, SimTime now, const LinkParameters& p,
                                 int64_t limit_bytes, int64_t limit_packets, int64_t in_service_bytes,
                                 int64_t in_service_packets, RandomStream& random);
  /// The packet that leaves next, or null. CoDel's drops happen here; the packet shown is then safe.
  const LinkRecord* peek(SimTime now, const LinkParameters& p, const Dropped& dropped);
  /// After a peek() that was not null.
  LinkRecord pop(SimTime now);
  /// Everything, in order; the discipline's memory stays.
  std::deque<LinkRecord> take_all();

 private:
  std::deque<LinkRecord> packets_;
  std::optional<LinkRecord> head_;
  int64_t bytes_ = 0;
  Red red_;
  Codel codel_;
};

}  // namespace xedgesim::net
