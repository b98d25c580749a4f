#pragma once
#include <array>
#include <deque>
#include <optional>
#include <string>

#include "base/rng.h"
#include "net/link/message.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::net {

/// What one direction of a link does to messages. Changes at run time hold for messages that enter
/// afterwards.
struct LinkParameters {
  int64_t rate_bps = 0;  ///< 0: unlimited
  Duration latency{};    ///< propagation, after the last bit has been sent
  enum class Jitter : uint8_t { none, uniform, normal } distribution = Jitter::none;
  Duration jitter{};  ///< uniform: latency +- jitter; normal: its standard deviation. Never below zero in sum
  double loss = 0;    ///< probability in [0, 1], each message by itself
  /// Gilbert-Elliott bursts instead of `loss`: a message first moves the state, then is lost with the state's
  /// probability.
  struct Bursts {
    double good_to_bad = 0, bad_to_good = 1, loss_good = 0, loss_bad = 1;
  };
  std::optional<Bursts> bursts{};
  int64_t queue_bytes = 0;     ///< waiting or being sent; 0: unlimited
  int64_t queue_packets = 0;   ///< likewise
  bool keep_order = true;      ///< a message is never delivered before one sent earlier
  int64_t overhead_bytes = 0;  ///< framing added to each message when its sending time is computed
};

/// Which direction: from end a to end b or back.
enum class Direction : uint8_t { a_to_b = 0, b_to_a = 1 };

struct LinkConfig {
  sim::ParticipantId id = sim::kNobody;
  std::string name{};  ///< keys the random streams
  uint64_t seed = 1;
  sim::ParticipantId a = sim::kNobody, b = sim::kNobody;
  LinkParameters a_to_b{}, b_to_a{};
};

enum class DropReason : uint8_t { loss, queue_full, down };
std::string_view to_string(DropReason reason);

struct LinkRecord {
  SimTime time{};  ///< of the happening
  Direction direction = Direction::a_to_b;
  Message message{};
  SimTime entered{};  ///< when the message was handed to the link
};

struct LinkStatistics {
  uint64_t messages = 0, bytes = 0, delivered = 0, delivered_bytes = 0, lost = 0, queue_drops = 0,
           down_drops = 0;
};

/// A full-duplex point-to-point link with a transmit queue at each end (tail drop). Messages leave the queue
/// one at a time at the direction's rate, are lost or not on the wire (after they took their time), and
/// arrive latency plus jitter later. Leaves out: corruption, duplication, shared media.
class Link final : public sim::EventParticipant {
 public:
  /// Throws ConfigError on negative values and probabilities outside [0, 1].
  explicit Link(LinkConfig config);
  void handle(const sim::Event& e, sim::EventContext& context) override;

  const LinkConfig& config() const { return config_; }
  const LinkParameters& parameters(Direction d) const { return sides_[static_cast<size_t>(d)].parameters; }
  const LinkStatistics& statistics(Direction d) const { return sides_[static_cast<size_t>(d)].statistics; }

  sim::Signal<const LinkRecord&> sent;  ///< accepted into the queue
  sim::Signal<const LinkRecord&>
      delivered;  ///< handed over; record.time is the time of arrival, which lies ahead
  sim::Signal<const LinkRecord&, DropReason> dropped;

 private:
  struct Side {
    Side(const LinkConfig& link, const LinkParameters& p, const std::string& direction)
        : parameters(p),
          loss_random(link.seed, link.name, "link.loss." + direction),
          jitter_random(link.seed, link.name, "link.jitter." + direction) {}
    LinkParameters parameters;
    bool up = true;
    bool bad_state = false;
    int64_t queued_bytes = 0;
    SimTime last_arrival;
    std::deque<LinkRecord> queue;  // its first message is being sent
    LinkStatistics statistics;
    RandomStream loss_random, jitter_random;
  };
  static int64_t size_of(const LinkRecord& r) {
    return r.message.bytes ? static_cast<int64_t>(r.message.bytes->size()) : 0;
  }
  void accept(const sim::Event& e, sim::EventContext& context);
  void send_next(Direction d, sim::EventContext& context);
  void sent_last_bit(Direction d, sim::EventContext& context);
  void change(const sim::Event& e);
  bool lose(Side& side);
  Duration delay(Side& side);

  LinkConfig config_;
  std::array<Side, 2> sides_;
};

/// What can be changed while the run goes on.
enum class LinkSetting : int64_t {
  rate_bps,
  latency_ns,
  jitter_ns,
  distribution,
  loss_ppb,
  queue_bytes,
  queue_packets,
  up,
};
enum class LinkSide : int64_t { a_to_b = 0, b_to_a = 1, both = 2 };

/// The control event that sets one thing at `when`: distribution as LinkParameters::Jitter, loss in parts per
/// billion (which also ends bursts), up as 0 or 1 (a link that is down drops what enters; what it holds goes
/// on).
sim::Event make_link_change(sim::ParticipantId link, SimTime when, LinkSide side, LinkSetting setting,
                            int64_t value);

}  // namespace xedgesim::net
