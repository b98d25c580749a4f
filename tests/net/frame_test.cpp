#include "net/ieee802154/frame.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"

namespace xedgesim::net::ieee802154 {
namespace {

sim::Bytes with_fcs(sim::Bytes b) {
  const uint16_t f = fcs(b);
  b.push_back(static_cast<uint8_t>(f));
  b.push_back(static_cast<uint8_t>(f >> 8));
  return b;
}

ParseError why(const sim::Bytes& b) {
  ParseError e = ParseError::none;
  parse(b, &e);
  return e;
}

TEST(Frame, FcsIsTheCatalogueCrc) {
  // CRC-16/KERMIT of the catalogue of parametrised CRC algorithms: the same polynomial, order and initial
  // value.
  const std::string_view digits = "123456789";
  EXPECT_EQ(fcs({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()}), 0x2189);
  // The acknowledgement printed in IEEE 802.15.4-2006, 7.2.1.9: 0100 0000 0000 0000 0101 0110, FCS 0010 0111
  // 1001 1110 in order of transmission.
  const sim::Bytes ack = {0x02, 0x00, 0x6a};
  EXPECT_EQ(fcs(ack), 0x79e4);
}

TEST(Frame, DataWithShortAddressesIsThreeAndSixAndTwoBytes) {
  const Header h{.type = FrameType::data,
                 .ack_request = true,
                 .sequence = 7,
                 .destination = Address::make_short(0xabcd, 0),
                 .source = Address::make_short(0xabcd, 0x1234)};
  const sim::Bytes payload(64, 0x55);
  const sim::Bytes psdu = build(h, payload);
  EXPECT_EQ(psdu.size(), 75u);
  EXPECT_EQ(overhead_bytes(h), 11);
  EXPECT_EQ(sim::Bytes(psdu.begin(), psdu.begin() + 9),
            (sim::Bytes{0x61, 0x88, 7, 0xcd, 0xab, 0x00, 0x00, 0x34, 0x12}));
  const auto frame = parse(psdu);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->header, h);
  EXPECT_EQ(sim::Bytes(frame->payload.begin(), frame->payload.end()), payload);
}

TEST(Frame, RoundTripsEveryCombinationOfAddresses) {
  RandomStream r(1, "frame", "test");
  for (int n = 0; n < 2000; ++n) {
    const auto address = [&]() -> Address {
      const auto pan = static_cast<uint16_t>(r.below(3));
      switch (r.below(3)) {
        case 0:
          return Address::none();
        case 1:
          return Address::make_short(pan, static_cast<uint16_t>(r()));
        default:
          return Address::make_extended(pan, r.next64());
      }
    };
    Header h{.type = r.chance(0.5) ? FrameType::data : FrameType::command,
             .frame_pending = r.chance(0.5),
             .ack_request = r.chance(0.5),
             .version = static_cast<uint8_t>(r.below(2)),
             .sequence = static_cast<uint8_t>(r()),
             .destination = address(),
             .source = address()};
    if (h.destination.mode == AddressMode::none && h.source.mode == AddressMode::none) continue;
    sim::Bytes payload(r.below(static_cast<uint32_t>(kMaxPsdu - overhead_bytes(h) + 1)));
    for (auto& b : payload) b = static_cast<uint8_t>(r());
    const sim::Bytes psdu = build(h, payload);
    ASSERT_EQ(static_cast<int>(psdu.size()), overhead_bytes(h) + static_cast<int>(payload.size()));
    const auto frame = parse(psdu);
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->header, h);
    ASSERT_EQ(sim::Bytes(frame->payload.begin(), frame->payload.end()), payload);
    // A truncated frame passes only in the one of 65536 cases in which its FCS happens to fit; a flipped bit
    // never does.
    for (size_t cut = 0; cut < psdu.size(); ++cut) {
      const auto part = std::span(psdu).first(cut);
      ASSERT_TRUE(fcs_ok(part) || !parse(part));
    }
    sim::Bytes flipped = psdu;
    flipped[r.below(static_cast<uint32_t>(psdu.size()))] ^= static_cast<uint8_t>(1u << r.below(8));
    ASSERT_EQ(why(flipped), ParseError::bad_fcs);
  }
}

TEST(Frame, RefusesWhatTheStandardReserves) {
  EXPECT_EQ(why({}), ParseError::too_short);
  EXPECT_EQ(why(with_fcs({0x02, 0x00})), ParseError::too_short);
  EXPECT_EQ(why(sim::Bytes(128, 0)), ParseError::too_long);
  EXPECT_EQ(why({0x02, 0x00, 1, 0, 0}), ParseError::bad_fcs);
  EXPECT_EQ(why(with_fcs({0x04, 0x88, 1, 0, 0, 0, 0, 0, 0})), ParseError::reserved_type);
  EXPECT_EQ(why(with_fcs({0x41, 0xa8, 1, 0, 0, 0, 0, 0, 0})), ParseError::unsupported_version);
  EXPECT_EQ(why(with_fcs({0x49, 0x88, 1, 0, 0, 0, 0, 0, 0})), ParseError::secured);
  EXPECT_EQ(why(with_fcs({0x41, 0x84, 1, 0, 0, 0, 0, 0, 0})), ParseError::reserved_address_mode);
  EXPECT_EQ(why(with_fcs({0x41, 0x08, 1, 0, 0, 0, 0})), ParseError::bad_pan_compression);
  EXPECT_EQ(why(with_fcs({0x02, 0x00, 1, 9})), ParseError::bad_acknowledgement);
  EXPECT_EQ(why(with_fcs({0x01, 0x00, 1})), ParseError::missing_address);
  EXPECT_EQ(why(with_fcs({0x41, 0x88, 1, 0xcd, 0xab, 0, 0, 1})), ParseError::too_short);
  EXPECT_EQ(why(build_ack(9)), ParseError::none);
}

TEST(Frame, BuildRefusesWhatCannotBeSent) {
  const Header h{.destination = Address::make_short(1, 2), .source = Address::make_short(1, 3)};
  EXPECT_EQ(build(h, sim::Bytes(116)).size(), 127u);
  EXPECT_THROW(build(h, sim::Bytes(117)), SimulationError);
  EXPECT_THROW(build(Header{.type = FrameType::ack}, sim::Bytes(1)), SimulationError);
  EXPECT_THROW(build(Header{.destination = {AddressMode::short_address, 1, 0x10000}}, {}), SimulationError);
}

TEST(Frame, PeeksAtDestinationsWithoutReadingBeyondTheEnd) {
  using Kind = Destination::Kind;
  const sim::Bytes psdu = build(
      Header{.destination = Address::make_short(0xabcd, 0x12), .source = Address::make_short(0xabcd, 3)}, {});
  EXPECT_EQ(peek_destination(psdu).kind, Kind::one);
  EXPECT_EQ(peek_destination(psdu).address, 0xabcd0012u);
  EXPECT_EQ(peek_destination(build_ack(1)).kind, Kind::acknowledgement);
  EXPECT_EQ(peek_destination(build(Header{.destination = Address::make_short(1, kBroadcast)}, {})).kind,
            Kind::everybody);
  EXPECT_EQ(peek_destination(build(Header{.destination = Address::make_extended(1, 5)}, {})).kind,
            Kind::unknown);
  for (size_t n = 0; n < 7; ++n) EXPECT_EQ(peek_destination(std::span(psdu).first(n)).kind, Kind::unknown);
}

}  // namespace
}  // namespace xedgesim::net::ieee802154
