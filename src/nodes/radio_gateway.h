#pragma once
#include <functional>
#include <map>
#include <optional>

#include "net/ieee802154/csma_mac.h"
#include "net/link/message.h"
#include "nodes/codes.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::nodes {

/// The border gateway: an 802.15.4 MAC on one side; on the other, the MQTT-SN PUBLISH messages it receives go
/// on as messages with the predefined topic id as their port (MQTT-SN 1.2, 6.5 and 6.8: QoS -1, no
/// connection).
///
/// Limits: predefined topics and QoS -1 and 0 only; other MQTT-SN messages are counted and dropped. Takes no
/// time between the last symbol of a frame and the message.
class RadioGateway final : public sim::EventParticipant, private net::ieee802154::MacUser {
 public:
  struct Config {
    net::ieee802154::MacConfig mac;
    sim::ParticipantId edge = sim::kNobody;  ///< who the messages are for; kNobody: they end here
    sim::ParticipantId next = sim::kNobody;  ///< link on the way there, or the edge itself
    /// Short address of the device a message back is for, by its tag; none: it is dropped.
    std::function<std::optional<uint16_t>(int64_t tag)> address_of = {};
  };
  explicit RadioGateway(Config config);

  void start(sim::EventContext& context) override { mac_.start(context); }
  void handle(const sim::Event& e, sim::EventContext& context) override;

  struct Received {
    uint16_t source = 0;  ///< short address
    uint8_t mac_sequence = 0;
    int64_t port = 0;
    sim::SharedBytes payload;
    SimTime time;
    int64_t tag = 0;  ///< may be set by a listener; travels with the message
  };
  /// Each data frame, once, whatever it carries; before on_publish.
  sim::Signal<const net::ieee802154::RxFrame&, SimTime> on_frame;
  /// Each publication, once.
  sim::Signal<Received&> on_publish;

  struct Statistics {
    int64_t published = 0, not_mqttsn = 0, refused = 0, dropped_while_down = 0;
  };
  const Statistics& statistics() const { return statistics_; }
  const net::ieee802154::CsmaMac& mac() const { return mac_; }
  bool up() const { return up_; }

 private:
  void send_back(const net::Message& m, sim::EventContext& context);
  void mac_received(const net::ieee802154::RxFrame& frame, sim::EventContext& context) override;
  void mac_confirmed(const net::ieee802154::TxReport&, sim::EventContext&) override {}

  Config config_;
  net::ieee802154::CsmaMac mac_;
  Statistics statistics_;
  bool up_ = true;
};

}  // namespace xedgesim::nodes
