// The bodies of the libFuzzer targets with a fixed sequence of random bytes: pure noise, and valid messages
// with a few bytes changed, cut off or added.
#include <gtest/gtest.h>

#include "../../fuzz/parsers.h"
#include "spoiled_bytes.h"

namespace xedgesim {
namespace {

TEST(ParserFuzz, Ieee802154Frames) {
  using namespace net::ieee802154;
  RandomStream r(20, "fuzz", "802.15.4");
  for (int i = 0; i < 100'000; ++i) fuzz::ieee802154_frame(noise(r, 140));
  for (int i = 0; i < 100'000; ++i) {
    sim::Bytes b =
        build({.ack_request = true,
               .sequence = 1,
               .destination = Address::make_short(1, 2),
               .source = r.chance(0.5) ? Address::make_short(1, 3) : Address::make_extended(2, r.next64())},
              noise(r, 100));
    spoil(b, r);
    fuzz::ieee802154_frame(b);
  }
}

TEST(ParserFuzz, EthernetFrames) {
  using namespace net::ethernet;
  RandomStream r(20, "fuzz", "ethernet");
  for (int i = 0; i < 20'000; ++i) fuzz::ethernet_frame(noise(r, 120));
  // A corpus of every kind of frame, spoiled.
  const sim::Bytes ip{0x45, 0, 0,    36,   0, 0,  0, 0,  64, 17, 0, 0, 10, 0, 0, 1, 10, 1,
                      2,    3, 0x30, 0x39, 0, 80, 0, 16, 0,  0,  1, 2, 3,  4, 5, 6, 7,  8};
  const sim::Bytes igmp{0x46, 0, 0, 40, 0,    0, 0,    0,    1, 2, 0, 0, 10, 0, 0, 1, 0xe0, 0, 0, 22,
                        0x94, 4, 0, 0,  0x22, 0, 0xea, 0x03, 0, 0, 0, 1, 4,  0, 0, 0, 0xef, 1, 2, 3};
  const auto frame = [](std::initializer_list<Tag> tags, uint16_t type, const sim::Bytes& payload) {
    Header h{.destination = kBroadcast, .source = Mac{0x020000000002}, .type = type};
    for (const Tag& t : tags) h.tags[h.tag_count++] = t;
    return build(h, payload);
  };
  const sim::Bytes corpus[] = {
      frame({}, ether_type::kIpv4, ip),
      frame({{.pcp = 5, .vid = 7}}, ether_type::kIpv4, ip),
      frame({{.type = ether_type::kServiceTag, .vid = 100}, {.vid = 7}}, ether_type::kIpv4, ip),
      frame({}, ether_type::kIpv4, igmp),
      frame({}, ether_type::kArp, sim::Bytes(28)),
      build_bpdu(Mac{0x020000000003},
                 {.vector = {.root = 1, .cost = 2, .bridge = 3, .port = 4}, .proposal = true})};
  for (int i = 0; i < 60'000; ++i) {
    sim::Bytes b = corpus[r.below(std::size(corpus))];
    spoil(b, r);
    fuzz::ethernet_frame(b);
  }
}

TEST(ParserFuzz, MqttSnMessages) {
  using namespace net::mqttsn;
  RandomStream r(20, "fuzz", "mqttsn");
  for (int i = 0; i < 100'000; ++i) {
    sim::Bytes b = noise(r, 60);
    // Noise with the right length gets past the first check.
    if (!b.empty() && r.chance(0.8)) b[0] = static_cast<uint8_t>(b.size());
    fuzz::mqttsn_message(b);
  }
  const Message seeds[] = {
      Publish{.qos = -1, .topic_type = TopicIdType::predefined, .topic_id = 1, .data = sim::Bytes(40)},
      Connect{.client_id = "device_1"}, Register{1, 2, "a/b"}, Subscribe{.topic = "a/#"},
      Disconnect{true, 5}};
  for (int i = 0; i < 100'000; ++i) {
    sim::Bytes b = encode(seeds[r.below(std::size(seeds))]);
    spoil(b, r);
    fuzz::mqttsn_message(b);
  }
}

}  // namespace
}  // namespace xedgesim
