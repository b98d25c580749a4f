// UDP datagrams and ARP answers, and what must be refused. Real stacks judge the former in tests/system
// (machines).
#include "net/ethernet/udp.h"

#include <gtest/gtest.h>

namespace xedgesim::net::ethernet {
namespace {

const std::vector<uint8_t> kData{'h', 'e', 'l', 'l', 'o'};
const UdpAddresses kAddresses{.from_ip = 0x0a000001, .to_ip = 0x0a000002, .from_port = 10'000, .to_port = 7};

TEST(Udp, WhatIsBuiltIsUnderstood) {
  const auto packet = udp_packet(kAddresses, 5, kData);
  const auto v = parse_udp(packet);
  ASSERT_TRUE(v);
  EXPECT_EQ(v->addresses.from_ip, 0x0a000001u);
  EXPECT_EQ(v->addresses.to_port, 7);
  EXPECT_EQ(std::vector<uint8_t>(v->data.begin(), v->data.end()), kData);
}

TEST(Udp, EveryTurnedBitIsNoticed) {
  const auto packet = udp_packet(kAddresses, 5, kData);
  for (size_t bit = 0; bit < packet.size() * 8; ++bit) {
    auto wrong = packet;
    wrong[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(parse_udp(wrong)) << bit;
  }
}

TEST(Udp, EveryCutIsNoticedAndPaddingIsNot) {
  auto packet = udp_packet(kAddresses, 5, kData);
  for (size_t n = 0; n < packet.size(); ++n) EXPECT_FALSE(parse_udp(std::span(packet).first(n))) << n;
  packet.resize(46);  // a short frame is padded
  ASSERT_TRUE(parse_udp(packet));
  EXPECT_EQ(parse_udp(packet)->data.size(), kData.size());
}

TEST(Arp, AnswersForItsOwnAddressOnly) {
  const std::vector<uint8_t> request{0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 9,
                                     10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1};
  const auto answer = answer_arp(request, 0x0a000001, Mac{0x020000000001});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->asker, Mac{0x020000000009});
  EXPECT_EQ(answer->payload, (std::vector<uint8_t>{0,  1, 8, 0, 6, 4, 0, 2, 2, 0, 0,  0, 0, 1,
                                                   10, 0, 0, 1, 2, 0, 0, 0, 0, 9, 10, 0, 0, 2}));
  EXPECT_FALSE(answer_arp(request, 0x0a000003, Mac{1}));
  EXPECT_FALSE(answer_arp(std::span(request).first(27), 0x0a000001, Mac{1}));
}

}  // namespace
}  // namespace xedgesim::net::ethernet
