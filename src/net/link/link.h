#pragma once
#include <array>
#include <memory>
#include <set>
#include <string>

#include "net/link/port_queues.h"
#include "net/link/randomness.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::net {

struct LinkConfig {
  sim::ParticipantId id = sim::kNobody;
  std::string name{};  ///< keys the random streams
  uint64_t seed = 1;
  sim::ParticipantId a = sim::kNobody, b = sim::kNobody;
  LinkParameters a_to_b{}, b_to_a{};
  int64_t a_port = 0, b_port = 0;  ///< frames: the ports of the two ends this link is plugged into
  std::optional<PortQueues> a_queues{}, b_queues{};  ///< an end that is a switch port queues by priority
  bool tells_carrier = false;  ///< the ends get a kCarrierCode event when the link goes down or up
  bool a_outside = false,
       b_outside = false;  ///< the end is a machine that runs ahead: it hears `floor` later
  Duration
      floor{};  ///< no packet arrives sooner after its last bit was sent, whatever jitter and changes say
};

/// What became of a packet that left the queue.
struct WireFate {
  bool lost = false, corrupted = false, duplicated = false, reordered = false;
};

struct LinkStatistics {
  uint64_t messages = 0, bytes = 0, delivered = 0, delivered_bytes = 0, lost = 0, queue_drops = 0,
           down_drops = 0, early_drops = 0, delay_drops = 0, too_large_drops = 0, corrupted = 0,
           duplicated = 0, reordered = 0;
  int64_t most_queued_bytes = 0;
  uint64_t dropped() const {
    return lost + queue_drops + down_drops + early_drops + delay_drops + too_large_drops;
  }
};

/// To an end of a link: its state changed. args: the end's port, 1 up or 0 down.
constexpr uint32_t kCarrierCode = 0x402;

/// A full-duplex point-to-point link with a queue at each end. Packets leave the queue (and its shaper) one
/// at a time at the line's rate, are lost, doubled, spoiled or not on the wire (after they took their time),
/// and arrive latency plus jitter later. Carries Messages and Ethernet frames. A corrupted message is
/// dropped, as its receiver's checksum would; a corrupted frame arrives with one bit turned over, as with
/// netem.
///
/// Parameters come in layers, each on top of the one before: those of LinkConfig, a profile, what was set at
/// run time, and overlays (faults) in the order in which they began. Changes hold for packets whose sending
/// begins, and whose delay is drawn, afterwards; when they touch the queue or the shaper, what waits is
/// queued anew and the buckets are full, as after `tc qdisc change`.
///
/// Differs from netem: impairments come behind the queue and the rate, not before; packets on their way take
/// no room in the queue; correlation keeps shares and distributions (randomness.h); jitter does not reorder
/// unless keep_order is false. Leaves out: shared media, netem's slots.
class Link final : public sim::EventParticipant {
 public:
  /// Throws ConfigError on parameters out of range.
  explicit Link(LinkConfig config);
  /// Tells the ends of a link that begins unplugged.
  void start(sim::EventContext& context) override;
  void handle(const sim::Event& e, sim::EventContext& context) override;

  const LinkConfig& config() const { return config_; }
  /// In force now.
  const LinkParameters& parameters(Direction d) const { return sides_[static_cast<size_t>(d)].parameters; }
  const LinkStatistics& statistics(Direction d) const { return sides_[static_cast<size_t>(d)].statistics; }
  int64_t queued_bytes(Direction d) const;

  /// Keeps a patch for link_change(); throws ConfigError when it does not fit the link as declared.
  int64_t add_patch(const LinkPatch& patch);
  /// Throws ConfigError when a patch does not fit the link as declared, or as it is now.
  void check_patch(const LinkPatch& patch) const;
  /// At these instants LinkAction::profile changes nothing; in place of those named before.
  void keep_profile_at(std::set<SimTime> times) { profile_kept_ = std::move(times); }

  sim::Signal<const LinkRecord&> sent;  ///< accepted into the queue
  sim::Signal<const LinkRecord&>
      delivered;  ///< handed over; record.time is the time of arrival, which lies ahead
  sim::Signal<const LinkRecord&, DropReason> dropped;
  sim::Signal<const LinkRecord&, const WireFate&> on_wire;  ///< its last bit is on the wire at record.time

 private:
  struct Side {
    Side(const LinkConfig& link, const LinkParameters& p, const std::optional<PortQueues>& port,
         const std::string& direction);
    void make_egress(SimTime now);
    LinkParameters declared, parameters;
    std::optional<PortQueues> queues;
    int64_t profile = -1;
    std::vector<int64_t> set, overlays;  // patches
    std::unique_ptr<Egress> egress;
    std::optional<LinkRecord> sending;
    SimTime wake = SimTime::never();  // when an alarm is on its way
    SimTime last_arrival;
    int64_t since_reordered = 0;
    LinkStatistics statistics;
    LossModel loss;
    JitterSource jitter;
    CorrelatedChance corrupt, duplicate, reorder;
    RandomStream loss_random, jitter_random, corrupt_random, duplicate_random, reorder_random, queue_random;
  };
  Side& side(Direction d) { return sides_[static_cast<size_t>(d)]; }
  Direction direction_of(const sim::Event& e) const;
  void accept(const sim::Event& e, sim::EventContext& context);
  void send_next(Direction d, sim::EventContext& context);
  void last_bit(Direction d, LinkRecord record, sim::EventContext& context);
  void arrive(Direction d, LinkRecord record, bool now, sim::EventContext& context);
  bool overtakes(Side& s);
  void spoil(Side& s, LinkRecord& record);
  void drop(Side& s, LinkRecord& record, DropReason reason, SimTime now);
  void change(const sim::Event& e, sim::EventContext& context);
  void tell_carrier(Direction d, sim::EventContext& context);
  void refresh(Direction d, sim::EventContext& context);

  LinkConfig config_;
  std::vector<LinkPatch> patches_;
  std::set<SimTime> profile_kept_;
  uint64_t numbers_ = 0;
  std::array<Side, 2> sides_;
};

enum class LinkSide : int64_t { a_to_b = 0, b_to_a = 1, both = 2 };

enum class LinkAction : int64_t {
  set,            ///< on top of what was set before
  profile,        ///< in place of the profile in force; patch -1: none
  begin_overlay,  ///< until end_overlay with the same patch
  end_overlay,
};

/// The control event that does it at `when`, with a patch from Link::add_patch().
sim::Event link_change(sim::ParticipantId link, SimTime when, LinkSide side, LinkAction action,
                       int64_t patch);

}  // namespace xedgesim::net
