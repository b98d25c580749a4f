#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/ieee802154/frame.h"
#include "net/radio/medium.h"
#include "nodes/ns3/ns3_peer.h"
#include "sim/air.h"

namespace xedgesim::nodes {

/// The 802.15.4 medium computed by ns-3: propagation, interference, reception and clear channel assessment
/// are those of its LrWpanPhy on a SingleModelSpectrumChannel; the transceivers and their MAC are ours, as
/// with net::Channel, and speak the same messages (sim/air.h).
///
/// Time is exact. What a radio does reaches ns-3 with its own time. Every outcome of LrWpanPhy comes a time
/// after its cause that is known at once (a CCA after 128 us, a frame after its length; there is no
/// propagation delay), so the process is advanced exactly to those instants, as decisions of this
/// participant: all that radios did until then is known, and ns-3 never gets ahead of them. An outcome at any
/// other instant ends the run.
///
/// What differs from net::Channel: CCA is LrWpanPhy's (energy 10 dB above its sensitivity, -96.58 dBm, or a
/// frame being received), whatever mode and threshold the radio asks for; sensitivity is LrWpanPhy's; LQI is
/// its success rate; after a transmission a receiver is deaf for 192 us, and one that comes on in mid-frame
/// until that frame ends; a frame that was broken off stays on ns-3's air to its announced end, and spoilt,
/// at its receivers. Broken frames come without their bits: the FCS is inverted. Of frames that were not
/// taken up, only those addressed to a station are recorded, and "receiver busy" counts as a collision.
/// Interferers, fading, shadowing, capture and adjacent channels are not there.
class Ns3Medium final : public net::Medium {
 public:
  struct Station {
    sim::ParticipantId id = sim::kNobody;
    std::string name{};
    int channel = 26;  ///< ns-3's PHY begins on; the radio may tune elsewhere
  };
  struct Config {
    sim::ParticipantId id = sim::kNobody;
    std::vector<Station> stations;  ///< numbered in this order for the process
    Ns3Peer::Config peer;
  };
  explicit Ns3Medium(Config config);

  void connect(const std::filesystem::path& folder) { peer_.connect(folder); }
  void shut_down() noexcept { peer_.shut_down(); }
  void handle(const sim::Event& e, sim::EventContext& context) override;

 private:
  struct Node {
    int channel = 26;
    bool listening = false, ever_plain = false;
    SimTime since{};  ///< listening
    int64_t frequency_mhz = 0;
    air::Filter filter = air::Filter::none;
    SimTime acks_until{};
    std::optional<uint32_t> address{};
    int64_t frame = 0;  ///< id of the one sent last
  };
  struct Frame {
    int64_t id;
    size_t source;
    SimTime start, end, air_end;
    int64_t frequency_mhz;
    int power_cdbm;
    sim::SharedBytes psdu;
    net::ieee802154::Destination destination;
    std::vector<size_t> received;  ///< stations told about its end
  };

  size_t station_of(sim::ParticipantId id) const;
  void decide(SimTime when, sim::EventContext& context, int64_t frame = 0);
  void tune(size_t station, int64_t frequency_mhz, SimTime now);
  void begin_frame(size_t station, const sim::Event& e, sim::EventContext& context);
  void abort_frame(size_t station, SimTime now);
  void listen(size_t station, const sim::Event& e);
  void advance(sim::EventContext& context);
  void header_received(const Ns3Event& e, sim::EventContext& context);
  void frame_received(const Ns3Event& e, sim::EventContext& context);
  void end_frame(Frame& f, sim::EventContext& context);
  void lost(const Frame& f, size_t station, SimTime now);
  bool wants(const Node& n, const Frame& f) const;
  bool addressed(const Node& n, const Frame& f) const;
  bool listened_throughout(const Node& n, const Frame& f) const;
  bool overlapped(const Frame& f) const;
  net::Outcome why_lost(const Frame& f, size_t station) const;
  Frame* find(int64_t id);
  net::TransmissionRecord record_of(const Frame& f) const;

  Config config_;
  Ns3Peer peer_;
  std::vector<Node> nodes_;
  std::map<sim::ParticipantId, size_t> index_;
  std::map<uint32_t, std::vector<size_t>> addressees_;
  std::deque<Frame> frames_;               // the latest, in order of id
  std::map<int64_t, air::Code> requests_;  // measurements under way, by the number the process knows
  std::map<int64_t, int64_t> tokens_;      // ... and the number the radio knows
  int64_t last_id_ = 0, last_request_ = 0;
  bool plain_listeners_ = false;
  std::optional<SimTime> reached_;  // with nothing said since
};

}  // namespace xedgesim::nodes
