#pragma once
#include <optional>

#include "net/ethernet/udp.h"
#include "net/link/message.h"
#include "net/mqttsn/messages.h"
#include "sim/participant.h"

namespace xedgesim::nodes {

/// The wired side of a border gateway: MQTT-SN messages of nodes in UDP datagrams to an MQTT-SN gateway on
/// another host, in the forwarder's encapsulation (MQTT-SN 1.2, 5.5), the node's short address as its
/// wireless node id. Part of a participant that has the cable.
///
/// Limits: one gateway, whose address is given (no discovery); answers ARP for itself and asks for nobody;
/// PUBLISH with predefined topic ids in both directions, QoS -1.
class MqttsnForwarder {
 public:
  static constexpr uint16_t kPort = 10'000;
  struct Config {
    sim::ParticipantId cable = sim::kNobody;
    net::ethernet::Mac mac{}, gateway_mac{};
    uint32_t ip = 0, gateway_ip = 0;
  };
  explicit MqttsnForwarder(Config config) : config_(config) {}

  /// Sends what `node` published.
  void publish(uint16_t node, int64_t topic, const sim::Bytes& data, sim::EventContext& context);

  struct Publication {
    uint16_t node = 0;
    int64_t topic = 0;
    sim::Bytes data;
  };
  /// A frame from the cable; what it publishes to a node, if it does. Answers ARP.
  std::optional<Publication> receive(const sim::Event& frame, sim::EventContext& context);

  const Config& config() const { return config_; }

 private:
  void send(net::ethernet::Mac to, uint16_t type, const sim::Bytes& payload, sim::EventContext& context);
  Config config_;
  uint16_t identification_ = 0;
};

}  // namespace xedgesim::nodes
