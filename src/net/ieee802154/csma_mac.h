#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/rng.h"
#include "net/ieee802154/frame.h"
#include "sim/air.h"
#include "sim/participant.h"

namespace xedgesim::net::ieee802154 {

/// Attributes of the MAC PIB (IEEE 802.15.4-2006 table 86) and of the transceiver below.
struct MacConfig {
  sim::ParticipantId self = sim::kNobody;     ///< the participant that owns the MAC
  sim::ParticipantId channel = sim::kNobody;  ///< the medium
  std::string name{};                         ///< keys the backoff stream
  uint64_t seed = 1;
  int radio_channel = 26;  ///< 11..26
  uint16_t pan_id = 0;
  uint16_t short_address = 0;
  double tx_power_dbm = 0.0;
  int min_be = 3, max_be = 5;
  int max_csma_backoffs = 4;
  int max_frame_retries = 3;
  air::CcaMode cca_mode = air::CcaMode::carrier_or_energy;
  double cca_threshold_dbm = -96.58;
  bool rx_on_when_idle = true;  ///< false: the receiver is on for CCA and acknowledgements only
  bool suppress_duplicates =
      false;             ///< drop (but acknowledge) a data frame with its source's last sequence number
  int queue_limit = 64;  ///< frames waiting, the one in progress included; at least 1
  std::optional<uint8_t> first_sequence{};  ///< macDSN; random when not given, as the standard wants it
};

constexpr Duration kUnitBackoff = Duration::us(320);
constexpr Duration kTurnaround = Duration::us(192);
constexpr Duration kAckWait = Duration::us(864);  ///< macAckWaitDuration, 54 symbols
constexpr Duration kSifs = Duration::us(192), kLifs = Duration::us(640);
constexpr int kMaxSifsFrame = 18;  ///< aMaxSIFSFrameSize, bytes of MPDU

/// Centre frequency of channels 11..26; throws ConfigError for others.
int frequency_mhz(int radio_channel);

enum class TxStatus : uint8_t { success, no_ack, channel_access_failure, queue_full };
std::string_view to_string(TxStatus status);

struct TxReport {
  uint64_t handle = 0;
  TxStatus status = TxStatus::success;
  uint8_t sequence = 0;
  int transmissions = 0;  ///< how often the frame went on the air
  int cca_attempts = 0;
};

struct RxFrame {
  Frame frame{};  ///< its payload is valid during the call only
  int rssi_cdbm = 0;
  uint8_t lqi = 0;
  sim::SharedBytes psdu{};
};

/// The layer above a MAC.
class MacUser {
 public:
  virtual ~MacUser() = default;
  virtual void mac_received(const RxFrame& frame, sim::EventContext& context) = 0;
  virtual void mac_confirmed(const TxReport& report, sim::EventContext& context) = 0;
};

struct MacStatistics {
  uint64_t requests = 0, transmissions = 0, retries = 0, confirmed_ok = 0, no_ack = 0, access_failures = 0,
           queue_drops = 0;
  uint64_t cca_attempts = 0, cca_busy = 0;
  uint64_t acks_sent = 0, acks_received = 0, wrong_acks = 0;
  uint64_t received = 0, duplicates = 0, broken = 0;
  int64_t bytes_sent = 0;  ///< PSDU bytes, acknowledgements included
  Duration transmitting;   ///< time on the air
  /// Time the receiver was needed: each CCA, and from the end of a frame to its acknowledgement or the end of
  /// the wait. With rx_on_when_idle it is on the rest of the time too.
  Duration receiving;
};

/// Unslotted CSMA/CA with acknowledgements (non-beacon PAN), for gateways and behavioural nodes. Not a
/// participant: its owner calls start() once, hands it every event (handle() says whether it was the MAC's)
/// and sends through it. It behaves as ns-3's lr-wpan where the standard leaves room: an acknowledgement of a
/// wrong sequence number ends the wait at once, an acknowledgement to send breaks off a backoff in progress
/// (which begins anew), a reception never defers a transmission that found the channel clear. Leaves out:
/// beacons, indirect transmission, association, security.
class CsmaMac {
 public:
  /// Throws ConfigError on values out of the standard's range.
  CsmaMac(MacConfig config, MacUser& user);

  void start(sim::EventContext& context);
  /// True when `e` was for the MAC (a delivery of sim/air.h or a timer of its own).
  bool handle(const sim::Event& e, sim::EventContext& context);

  /// Queues a data frame; its report comes later through mac_confirmed with the handle returned here (at
  /// once, with queue_full, when there is no room). Destination kBroadcast is never acknowledged. Throws
  /// SimulationError when the payload does not fit.
  uint64_t send(uint16_t destination, std::span<const uint8_t> payload, bool ack_request,
                sim::EventContext& context);

  /// Switches off: what waits is forgotten without a report. A frame whose turnaround has begun still goes
  /// out.
  void stop(sim::EventContext& context);
  /// In a shielded box: nobody hears what it sends, and it hears nobody. Its CCAs are not affected.
  void isolate(bool on) { isolated_ = on; }

  const MacConfig& config() const { return config_; }
  const MacStatistics& statistics() const { return statistics_; }
  /// Sequence number of the next frame that is queued.
  uint8_t next_sequence() const { return sequence_; }
  int queue_length() const { return static_cast<int>(queue_.size()); }

 private:
  enum class State : uint8_t { idle, backoff, sending, ack_wait, ifs, sending_ack };
  struct Pending {
    uint64_t handle;
    sim::SharedBytes psdu{};
    uint8_t sequence;
    bool ack_request;
    int transmissions = 0;
    int cca_attempts = 0;
  };

  void begin_csma(sim::EventContext& context);
  void back_off(sim::EventContext& context);
  void cca_done(bool busy, sim::EventContext& context);
  void retry(sim::EventContext& context);
  void finish(TxStatus status, sim::EventContext& context);
  void next(sim::EventContext& context);
  void frame_received(const sim::Event& e, sim::EventContext& context);
  void ack_received(uint8_t sequence, sim::EventContext& context);
  void send_ack(uint8_t sequence, sim::EventContext& context);
  void after_ack(sim::EventContext& context);
  /// For acknowledgements too that end before `acks_until`; zero: for none.
  void listen(SimTime when, SimTime acks_until, sim::EventContext& context);
  void transmit(SimTime begin, sim::SharedBytes psdu, sim::EventContext& context);
  void end_ack_wait(SimTime now) { statistics_.receiving += now - sent_at_; }
  void post_radio(air::Code code, SimTime when, std::array<int64_t, 4> args, sim::SharedBytes data,
                  sim::EventContext& context);
  void arm(uint32_t code, SimTime when, sim::EventContext& context);

  MacConfig config_;
  MacUser& user_;
  RandomStream random_;
  int64_t frequency_;
  State state_ = State::idle;
  std::deque<Pending> queue_;
  int be_ = 0, nb_ = 0, retries_ = 0;
  bool retry_after_ack_ = false;
  bool isolated_ = false;
  SimTime sent_at_;    // end of the last frame that asks for an acknowledgement
  int64_t epoch_ = 0;  // outdates timers and CCA results of an abandoned attempt
  uint8_t sequence_;
  uint64_t next_handle_ = 1;
  std::unordered_map<uint64_t, uint8_t> last_sequence_;  // by source; looked up, never iterated
  MacStatistics statistics_;
};

}  // namespace xedgesim::net::ieee802154
