#pragma once
#include <cstdint>
#include <span>

#include "base/error.h"
#include "net/ethernet/igmp.h"
#include "net/ethernet/rstp.h"
#include "net/ethernet/switch.h"
#include "net/ieee802154/frame.h"
#include "net/mqttsn/codec.h"

/// One body a parser, shared by the libFuzzer targets and the test with random bytes: whatever is accepted is
/// written again and must be understood as the same.
namespace xedgesim::fuzz {

inline void ieee802154_frame(std::span<const uint8_t> bytes) {
  using namespace net::ieee802154;
  peek_destination(bytes);
  // A random FCS is nearly always wrong: also try the bytes with the right one.
  sim::Bytes fixed(bytes.begin(), bytes.end());
  if (fixed.size() >= 2) {
    const uint16_t f = fcs(std::span(fixed).first(fixed.size() - 2));
    fixed[fixed.size() - 2] = static_cast<uint8_t>(f);
    fixed[fixed.size() - 1] = static_cast<uint8_t>(f >> 8);
  }
  for (const auto psdu : {bytes, std::span<const uint8_t>(fixed)}) {
    ParseError why = ParseError::none;
    const auto frame = parse(psdu, &why);
    XEDGESIM_ASSERT(frame.has_value() == (why == ParseError::none));
    if (!frame || overhead_bytes(frame->header) + static_cast<int>(frame->payload.size()) > kMaxPsdu)
      continue;
    const sim::Bytes again = build(frame->header, frame->payload);
    const auto back = parse(again);
    XEDGESIM_ASSERT(back && back->header == frame->header);
    XEDGESIM_ASSERT(sim::Bytes(back->payload.begin(), back->payload.end()) ==
                    sim::Bytes(frame->payload.begin(), frame->payload.end()));
  }
}

/// Header, tags, IPv4, IGMP and BPDU parsers, and a switch that uses all of them.
inline void ethernet_frame(std::span<const uint8_t> bytes) {
  using namespace net::ethernet;
  const auto header = parse(bytes);
  priority_of(bytes);
  if (header) {
    XEDGESIM_ASSERT(header->size <= bytes.size());
    const sim::Bytes again = build(*header, bytes.subspan(header->size));
    // A third tag is payload behind two, and would be read as the second one's type otherwise.
    XEDGESIM_ASSERT(parse(again) == header);
    if (const auto ip = ipv4_of(*header, bytes)) {
      XEDGESIM_ASSERT(ip->payload_offset + ip->payload_size <= bytes.size());
      parse_igmp(*ip, bytes);
    }
    if (const auto bpdu = parse_bpdu(*header, bytes)) {
      const sim::Bytes b = build_bpdu(header->source, *bpdu);
      const auto back = parse_bpdu(*parse(b), b);
      XEDGESIM_ASSERT(back && back->vector == bpdu->vector);
    }
  }
  SwitchConfig config{.name = "fuzz", .address = Mac{0x020000000001}};
  config.ports.resize(3);
  config.ports[1].vlan = {.mode = VlanPort::Mode::trunk, .native = 1};
  config.ports[1].vlan.carries.set();
  config.ports[2].vlan = {.mode = VlanPort::Mode::tunnel, .vlan = 1};
  config.table_size = 16;
  config.spanning_tree = config.igmp_snooping = config.trust_dscp = true;
  config.acl = {{.permit = false, .ip_source = AclRule::Prefix{0x0a000000, 8}, .destination_port = 80}};
  Switch s(config);
  std::vector<Departure> out;
  s.start(SimTime::zero(), out);
  const auto frame = std::make_shared<const sim::Bytes>(bytes.begin(), bytes.end());
  for (int port = 0; port < 3; ++port) s.receive(port, frame, SimTime::from_ns(port), out);
  for (const Departure& d : out) XEDGESIM_ASSERT(d.port >= 0 && d.port < 3 && d.frame);
}

inline void mqttsn_message(std::span<const uint8_t> bytes) {
  using namespace net::mqttsn;
  DecodeError why = DecodeError::none;
  const auto message = decode(bytes, &why);
  XEDGESIM_ASSERT(message.has_value() == (why == DecodeError::none));
  if (message) XEDGESIM_ASSERT(decode(encode(*message)) == message);
}

}  // namespace xedgesim::fuzz
