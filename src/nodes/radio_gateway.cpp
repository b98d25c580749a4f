#include "nodes/radio_gateway.h"

#include "net/mqttsn/codec.h"
#include "sim/air.h"

namespace xedgesim::nodes {

RadioGateway::RadioGateway(Config config) : config_(std::move(config)), mac_(config_.mac, *this) {}

void RadioGateway::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::control) {
    const bool up = static_cast<ControlCode>(e.code) == ControlCode::recover;
    if (up == up_) return;
    up_ = up;
    const auto code = up ? air::Code::listen : air::Code::unlisten;
    context.post(air::make(code, sim::EventKind::state, context.now(), config_.mac.channel,
                           {net::ieee802154::frequency_mhz(config_.mac.radio_channel), 0, 0, 0}));
    return;
  }
  // A gateway that is down hears nothing; what its MAC had begun runs into the void.
  if (!up_ && e.kind == sim::EventKind::delivery && e.code == static_cast<uint32_t>(air::Code::frame_end)) {
    ++statistics_.dropped_while_down;
    return;
  }
  if (e.code == net::kMessageCode && e.kind == sim::EventKind::delivery)
    send_back(net::to_message(e), context);
  else
    mac_.handle(e, context);
}

/// A service's verdict, as an MQTT-SN PUBLISH with QoS -1 to the device.
void RadioGateway::send_back(const net::Message& m, sim::EventContext& context) {
  const auto address = up_ && config_.address_of ? config_.address_of(m.tag) : std::nullopt;
  if (!address) {
    ++statistics_.dropped_while_down;
    return;
  }
  const sim::Bytes message = net::mqttsn::encode(net::mqttsn::Publish{.qos = -1,
                                                                      .topic_type = net::mqttsn::TopicIdType::predefined,
                                                                      .topic_id = static_cast<uint16_t>(m.port),
                                                                      .data = *m.bytes});
  mac_.send(*address, message, true, context);
}

void RadioGateway::mac_received(const net::ieee802154::RxFrame& frame, sim::EventContext& context) {
  on_frame(frame, context.now());
  // Most of what is no MQTT-SN does not begin with its own length (5.2.1): no need to ask the decoder.
  const auto& payload = frame.frame.payload;
  if (payload.empty() || (payload[0] != payload.size() && payload[0] != 1)) {
    ++statistics_.not_mqttsn;
    return;
  }
  const auto message = net::mqttsn::decode(payload);
  if (!message) {
    ++statistics_.not_mqttsn;
    return;
  }
  const auto* publish = std::get_if<net::mqttsn::Publish>(&*message);
  if (!publish || publish->topic_type != net::mqttsn::TopicIdType::predefined) {
    ++statistics_.refused;
    return;
  }
  ++statistics_.published;
  Received r{.source = static_cast<uint16_t>(frame.frame.header.source.value),
             .mac_sequence = frame.frame.header.sequence,
             .port = publish->topic_id,
             .payload = std::make_shared<sim::Bytes>(publish->data),
             .time = context.now()};
  on_publish(r);
  if (config_.edge == sim::kNobody) return;
  const net::Message out{
      .from = config_.mac.self, .to = config_.edge, .port = r.port, .tag = r.tag, .bytes = r.payload};
  context.post(
      net::to_event(out, context.now(), config_.next,
                    config_.next == config_.edge ? sim::EventKind::delivery : sim::EventKind::state));
}

}  // namespace xedgesim::nodes
