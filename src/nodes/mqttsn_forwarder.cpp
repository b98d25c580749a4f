#include "nodes/mqttsn_forwarder.h"

#include "net/mqttsn/codec.h"

namespace xedgesim::nodes {
namespace {

constexpr uint8_t kForwarded = 0xfe;
constexpr size_t kForwardedHead = 5;  // length, type, control, two bytes of address

}  // namespace

void MqttsnForwarder::send(net::ethernet::Mac to, uint16_t type, const sim::Bytes& payload,
                           sim::EventContext& context) {
  const net::ethernet::Header header{.destination = to, .source = config_.mac, .type = type};
  context.post(net::frame_event(std::make_shared<const sim::Bytes>(net::ethernet::build(header, payload)),
                                context.now(), config_.cable, 0));
}

void MqttsnForwarder::publish(uint16_t node, int64_t topic, const sim::Bytes& data,
                              sim::EventContext& context) {
  sim::Bytes datagram{kForwardedHead, kForwarded, 0, static_cast<uint8_t>(node >> 8),
                      static_cast<uint8_t>(node)};
  const sim::Bytes message =
      net::mqttsn::encode(net::mqttsn::Publish{.qos = -1,
                                               .topic_type = net::mqttsn::TopicIdType::predefined,
                                               .topic_id = static_cast<uint16_t>(topic),
                                               .data = data});
  datagram.insert(datagram.end(), message.begin(), message.end());
  send(config_.gateway_mac, net::ethernet::ether_type::kIpv4,
       net::ethernet::udp_packet(
           {.from_ip = config_.ip, .to_ip = config_.gateway_ip, .from_port = kPort, .to_port = kPort},
           identification_++, datagram),
       context);
}

std::optional<MqttsnForwarder::Publication> MqttsnForwarder::receive(const sim::Event& frame,
                                                                     sim::EventContext& context) {
  const auto header = net::ethernet::parse(*frame.data);
  if (!header || (header->destination != config_.mac && header->destination != net::ethernet::kBroadcast))
    return std::nullopt;
  const auto payload = std::span<const uint8_t>(*frame.data).subspan(header->size);
  if (header->type == net::ethernet::ether_type::kArp) {
    if (const auto answer = net::ethernet::answer_arp(payload, config_.ip, config_.mac))
      send(answer->asker, net::ethernet::ether_type::kArp, answer->payload, context);
    return std::nullopt;
  }
  if (header->type != net::ethernet::ether_type::kIpv4) return std::nullopt;
  const auto udp = net::ethernet::parse_udp(payload);
  if (!udp || udp->addresses.to_ip != config_.ip || udp->addresses.to_port != kPort) return std::nullopt;
  const auto d = udp->data;
  if (d.size() <= kForwardedHead || d[0] != kForwardedHead || d[1] != kForwarded) return std::nullopt;
  const auto message = net::mqttsn::decode(d.subspan(kForwardedHead));
  const auto* publish = message ? std::get_if<net::mqttsn::Publish>(&*message) : nullptr;
  if (!publish || publish->topic_type != net::mqttsn::TopicIdType::predefined) return std::nullopt;
  return Publication{
      .node = static_cast<uint16_t>(d[3] << 8 | d[4]), .topic = publish->topic_id, .data = publish->data};
}

}  // namespace xedgesim::nodes
