#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/radio/air_log.h"
#include "net/radio/link_budget.h"
#include "net/radio/medium.h"
#include "net/radio/path_loss.h"
#include "net/radio/receiver.h"
#include "net/radio/spatial_index.h"
#include "sim/air.h"

namespace xedgesim::net {

/// Where the standard leaves room, or ns-3 differs from it.
enum class Convention {
  /// CCA as the standard words it: energy is averaged over the eight symbols; carrier is a frame on the air
  /// for at least
  /// half of them, or one being received. Interference counts for as long as it lasts.
  standard,
  /// As ns-3's lr-wpan does it, for comparisons with it. CCA: energy is the highest of the levels, without
  /// the
  /// noise, just after each frame begun in the window and at its end; carrier is a frame being received when
  /// the window ends; frames that end in the window go unseen. Errors: a chunk lasts until the next frame
  /// begins and is judged by what is on the air when it ends, so interference that ended before is forgotten.
  /// Sensitivity has no say in which frames are taken up: SINR has.
  ns3,
};

struct ChannelConfig {
  sim::ParticipantId id = sim::kNobody;
  uint64_t seed = 1;
  double noise_figure_db = 0.0;  ///< of every receiver
  double bandwidth_hz = 5e6;
  double lock_threshold_db = -5.0;  ///< SINR at the first symbol of a frame below which no receiver tries it
  Convention convention = Convention::standard;
  Variation variation{};
  double capture_threshold_db = -1;  ///< SINR from which a frame takes over a busy receiver; negative: never
  /// Attenuation of what is on the air 5, 10, … MHz away; beyond the list it is not heard.
  std::vector<double> adjacent_rejection_db{};
};

struct ChannelStation {
  air::Station station{};
  std::string name{};  ///< keys its random stream and the random part of its links
  std::vector<WayPoint> way{};
  std::shared_ptr<const Aim> aim{};
};

/// The 2.4 GHz IEEE 802.15.4 medium: all channels in one object, told apart by centre frequency in MHz. It
/// speaks the messages of sim/air.h with the stations given at construction.
///
/// What it models. A receiver that listens and is idle takes up the first frame whose SINR at its first
/// symbol exceeds the lock threshold and whose power reaches its sensitivity (of frames that begin at the
/// same instant, the strongest); it is then busy until that frame ends, whatever else arrives, unless capture
/// is on: then a later frame whose SINR reaches the capture threshold takes over, and the first one is lost.
/// Every change of interference begins a new chunk with its own SINR, BER and random draw; SHR and PHR count
/// as error-prone as the PSDU. Outcomes are decided at the end of the interval they concern, from
/// transmissions and listening periods known by then, so the order in which equal-time messages arrive does
/// not matter. A receiver in mid-frame whose transmitter is switched off runs on to the announced length and
/// reports a bad CRC; before the end of the PHR it just resumes its search. What it leaves out: propagation
/// delay (0.3 us at 100 m), preamble detection errors other than the threshold, clock offset between
/// stations, changes of position or fading within a frame. Power 30 dB below the noise floor is nothing.
///
/// Cost: per frame, the plain listeners in its reach on its frequency and its addressees, each times the
/// frames that overlap; receivers with a filter (air::Filter) are looked at only when they ask or are
/// addressed. A broadcast costs the listeners in its reach.
class Channel final : public Medium {
 public:
  /// Throws ConfigError on two stations of one id or a position that is not finite.
  Channel(ChannelConfig config, std::unique_ptr<PathLoss> loss, std::vector<ChannelStation> stations);

  void handle(const sim::Event& e, sim::EventContext& context) override;

  /// What a station receives from another one with that transmit power, antenna gains included.
  int received_cdbm(sim::ParticipantId from, sim::ParticipantId to, int power_cdbm,
                    SimTime t = SimTime::zero()) const;
  double noise_floor_mw() const { return environment_.noise_mw; }

 private:
  struct Band {
    explicit Band(double cell_m) : air(log), plain(cell_m), filtered(cell_m) {}
    AirLog log;
    AirView air;                        // that log and its neighbours
    SpatialIndex plain, filtered;       // listeners
    std::vector<uint32_t> ack_waiters;  // node indices in order; some may have given up
    bool had_plain_listeners = false;
    std::vector<SimTime>
        scans;  // begins of energy detections under way: the log reaches back to the earliest
  };
  struct Node {
    air::Station station;
    Receiver receiver;
    RandomStream random;
    Band* band = nullptr;  // listening on
    air::Filter filter = air::Filter::none;
    SimTime acks_until{};
    uint32_t address = 0;
    bool has_address = false;
    Band* tx_band = nullptr;
    uint64_t tx_sequence = 0;  // of the frame being or last sent
  };

  uint32_t index_of(sim::ParticipantId id) const;
  Band& band_of(int64_t frequency_mhz);
  void begin_noise(uint32_t node, const sim::Event& e);
  /// The members of an index that may hear `t`, and perhaps others; valid until the next call.
  const std::vector<uint32_t>& hearers(const SpatialIndex& index, const Transmission& t);
  void forget(Band& band, SimTime now);
  void begin_transmission(uint32_t node, const sim::Event& e, sim::EventContext& context);
  void abort_transmission(uint32_t node, SimTime now);
  void begin_listening(uint32_t node, const sim::Event& e);
  void stop_listening(uint32_t node);
  void end_of_header(const sim::Event& e, sim::EventContext& context);
  void end_of_frame(const sim::Event& e, sim::EventContext& context);
  void receive(uint32_t node, Band& band, const Transmission& t, bool addressed, sim::EventContext& context);
  Outcome why_not_taken(uint32_t node, const Band& band, const Transmission& t) const;
  void end_of_cca(const sim::Event& e, sim::EventContext& context);
  void end_of_energy_detection(const sim::Event& e, sim::EventContext& context);
  void end_of_rssi_sample(const sim::Event& e, sim::EventContext& context);
  bool energy_above(const Receiver& receiver, const Band& band, SimTime now, int64_t threshold_cdbm,
                    int& level) const;
  bool carrier_seen(Receiver& receiver, const Band& band, SimTime now, bool tuned) const;
  TransmissionRecord record_of(const Transmission& t, int64_t frequency_mhz) const;

  ChannelConfig config_;
  LinkBudget budget_;
  ReceiverEnvironment environment_;
  std::vector<Node> nodes_;                                         // in order of id
  std::vector<uint32_t> index_of_id_;                               // by participant id
  std::map<int64_t, Band> bands_;                                   // by frequency
  std::unordered_map<uint32_t, std::vector<uint32_t>> addressees_;  // by address; looked up, never iterated
  uint64_t last_id_ = 0;
  double cell_m_ = 0;
  std::vector<uint32_t> hearers_;
};

}  // namespace xedgesim::net
