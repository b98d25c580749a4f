#include "nodes/traffic_host.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "net/ethernet/acl.h"
#include "net/link/link.h"

namespace xedgesim::nodes {
namespace {

namespace ethernet = net::ethernet;
using sim::Bytes;

constexpr uint32_t kSendCode = 0x700;  // args: stream
constexpr uint32_t kAnnounceCode = 0x701;
constexpr Duration kAnnounceEvery = Duration::s(60);
constexpr uint16_t kUdpPort = 7001;
constexpr uint32_t kMagic = 0x5853464C;  // "XSFL"
constexpr size_t kIpHeader = 20, kUdpHeader = 8, kStamp = 24;
constexpr uint8_t kIcmp = 1, kUdp = 17, kEchoRequest = 8, kEchoReply = 0;

void put(Bytes& out, uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

uint64_t get(std::span<const uint8_t> b, size_t at, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v = v << 8 | b[at + static_cast<size_t>(i)];
  return v;
}

void set16(Bytes& b, size_t at, uint16_t v) {
  b[at] = static_cast<uint8_t>(v >> 8);
  b[at + 1] = static_cast<uint8_t>(v);
}

/// One's complement sum of 16-bit words (RFC 1071).
uint32_t sum16(std::span<const uint8_t> b, uint32_t start = 0) {
  uint64_t sum = start;
  for (size_t i = 0; i + 1 < b.size(); i += 2) sum += uint32_t{b[i]} << 8 | b[i + 1];
  if (b.size() % 2) sum += uint32_t{b.back()} << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint32_t>(sum);
}

uint32_t pseudo_header(std::span<const uint8_t> ip, size_t length) {
  return sum16(ip.subspan(12, 8), static_cast<uint32_t>(kUdp + length));
}

/// An IPv4 packet without options around `body`.
Bytes ip_packet(uint32_t from, uint32_t to, uint8_t protocol, uint8_t dscp, uint16_t id, const Bytes& body) {
  Bytes p;
  p.reserve(kIpHeader + body.size());
  put(p, 0x45, 1);
  put(p, static_cast<uint64_t>(dscp << 2), 1);
  put(p, kIpHeader + body.size(), 2);
  put(p, id, 2);
  put(p, 0x4000, 2);  // not to be fragmented
  put(p, 64, 1);
  put(p, protocol, 1);
  put(p, 0, 2);
  put(p, from, 4);
  put(p, to, 4);
  set16(p, 10, static_cast<uint16_t>(~sum16(p)));
  p.insert(p.end(), body.begin(), body.end());
  return p;
}

}  // namespace

TrafficHost::TrafficHost(Config config) : config_(std::move(config)) {
  for (const TrafficFlow& f : config_.flows) {
    if (f.frame_bytes < kMinFlowFrame || f.frame_bytes > 1514)
      throw ConfigError(
          fmt::format("node '{}': a frame of flow '{}' has {} bytes: from {} to 1514 are possible",
                      config_.name, f.name, f.frame_bytes, kMinFlowFrame));
    if (f.interval <= Duration())
      throw ConfigError(
          fmt::format("node '{}': the packets of flow '{}' follow each other without time between them: "
                      "choose a lower rate",
                      config_.name, f.name));
    streams_.push_back({.flow = f, .random = RandomStream(config_.seed, config_.name, "traffic." + f.name)});
  }
}

void TrafficHost::start(sim::EventContext& context) {
  context.post(
      {.time = context.now(), .kind = sim::EventKind::timer, .target = config_.self, .code = kAnnounceCode});
  for (size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].burst_begin = streams_[i].flow.start;
    SimTime first = streams_[i].flow.start;
    if (streams_[i].flow.pattern == TrafficFlow::Pattern::poisson) first = following(streams_[i], first);
    schedule(i, first, context);
  }
}

void TrafficHost::schedule(size_t stream, SimTime at, sim::EventContext& context) {
  if (at >= streams_[stream].flow.stop) return;
  context.post({.time = at,
                .kind = sim::EventKind::timer,
                .target = config_.self,
                .code = kSendCode,
                .args = {static_cast<int64_t>(stream)}});
}

SimTime TrafficHost::following(Stream& s, SimTime t) {
  switch (s.flow.pattern) {
    case TrafficFlow::Pattern::constant:
      return t + s.flow.interval;
    case TrafficFlow::Pattern::poisson:
      return t +
             std::max(Duration::ns(1), Duration::seconds(s.random.exponential(s.flow.interval.count_s())));
    case TrafficFlow::Pattern::bursty:
      t = t + s.flow.interval;
      if (t >= s.burst_begin + s.flow.on) t = s.burst_begin = s.burst_begin + s.flow.on + s.flow.off;
      return t;
  }
  return SimTime::never();
}

void TrafficHost::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.code) {
    case kSendCode:
      return send_packet(static_cast<size_t>(e.args[0]), context);
    case kAnnounceCode:
      announce(context);
      context.post({.time = context.now() + kAnnounceEvery,
                    .kind = sim::EventKind::timer,
                    .target = config_.self,
                    .code = kAnnounceCode});
      return;
    case net::kFrameCode:
      return receive(e, context);
    case net::kCarrierCode:
      if (e.args[1] != 0) announce(context);
      return;
    case static_cast<uint32_t>(ControlCode::fail):
      failed_ = true;
      return;
    case static_cast<uint32_t>(ControlCode::recover):
      failed_ = false;
      return announce(context);
    default:
      throw SimulationError(
          fmt::format("The host '{}' got an event it does not know (code {:#x}) from participant {}.",
                      config_.name, e.code, static_cast<uint32_t>(e.source)));
  }
}

ethernet::Header TrafficHost::header(ethernet::Mac to, uint16_t type, uint8_t pcp) const {
  ethernet::Header h{.destination = to, .source = config_.mac, .type = type};
  if (config_.vlan != 0) h.tags[h.tag_count++] = {.pcp = pcp, .vid = config_.vlan};
  return h;
}

void TrafficHost::transmit(Bytes frame, int64_t tag, sim::EventContext& context) {
  ++counters_.frames_out;
  context.post(net::frame_event(std::make_shared<const Bytes>(std::move(frame)), context.now(), config_.cable,
                                0, tag));
}

void TrafficHost::announce(sim::EventContext& context) {
  if (failed_) return;
  Bytes body;
  put(body, 1, 2);
  put(body, ethernet::ether_type::kIpv4, 2);
  put(body, 6, 1);
  put(body, 4, 1);
  put(body, 1, 2);  // request for our own address
  put(body, static_cast<uint64_t>(config_.mac), 6);
  put(body, config_.ip, 4);
  put(body, 0, 6);
  put(body, config_.ip, 4);
  transmit(ethernet::build(header(ethernet::kBroadcast, ethernet::ether_type::kArp, 0), body), 0, context);
}

void TrafficHost::send_packet(size_t stream, sim::EventContext& context) {
  Stream& s = streams_[stream];
  const SimTime now = context.now();
  schedule(stream, following(s, now), context);
  if (failed_) return;
  const TrafficFlow& f = s.flow;
  Bytes stamp;
  put(stamp, kMagic, 4);
  put(stamp, f.id, 4);
  put(stamp, s.next, 8);
  put(stamp, static_cast<uint64_t>(now.count_ns()), 8);
  const size_t tail = static_cast<size_t>(f.frame_bytes) - ethernet::kHeader - kIpHeader - kUdpHeader;
  stamp.resize(std::max(kStamp, tail));
  Bytes body;
  const bool udp = f.type == TrafficFlow::Type::udp;
  if (udp) {
    put(body, kUdpPort, 2);
    put(body, kUdpPort, 2);
    put(body, kUdpHeader + stamp.size(), 2);
    put(body, 0, 2);
  } else {
    put(body, kEchoRequest, 1);
    put(body, 0, 3);
    put(body, f.id & 0xffff, 2);
    put(body, s.next & 0xffff, 2);
    body.reserve(kUdpHeader + stamp.size());
  }
  body.insert(body.end(), stamp.begin(), stamp.end());
  if (!udp) set16(body, 2, static_cast<uint16_t>(~sum16(body)));
  Bytes packet = ip_packet(config_.ip, f.to_ip, udp ? kUdp : kIcmp, f.dscp, ip_id_++, body);
  if (udp) {
    const uint32_t sum = sum16(std::span(packet).subspan(kIpHeader), pseudo_header(packet, body.size()));
    const auto check = static_cast<uint16_t>(~sum);
    set16(packet, kIpHeader + 6, check ? check : 0xffff);
  }
  Bytes frame = ethernet::build(header(f.to, ethernet::ether_type::kIpv4, f.pcp), packet);
  on_sent({.flow = f.id, .sequence = s.next, .time = now, .bytes = static_cast<int64_t>(frame.size())});
  ++s.next;
  transmit(std::move(frame), 0, context);
}

void TrafficHost::receive(const sim::Event& e, sim::EventContext& context) {
  ++counters_.frames_in;
  if (failed_) return;
  const auto h = ethernet::parse(*e.data);
  const bool tagged = h && h->tag_count > 0 && h->tags[0].vid != 0;
  if (!h || (h->destination != config_.mac && h->destination != ethernet::kBroadcast) ||
      (tagged ? h->tags[0].vid : 0) != config_.vlan) {
    ++counters_.not_for_us;
    return;
  }
  if (h->type == ethernet::ether_type::kArp) return receive_arp(std::span(*e.data).subspan(h->size), context);
  if (h->type == ethernet::ether_type::kIpv4) return receive_ip(e, *h, context);
  ++counters_.other;
}

void TrafficHost::receive_arp(std::span<const uint8_t> b, sim::EventContext& context) {
  if (b.size() < 28 || get(b, 0, 8) != 0x0001080006040001 || get(b, 24, 4) != config_.ip ||
      get(b, 14, 4) == config_.ip)
    return;
  Bytes body;
  put(body, 0x0001080006040002, 8);
  put(body, static_cast<uint64_t>(config_.mac), 6);
  put(body, config_.ip, 4);
  body.insert(body.end(), b.begin() + 8, b.begin() + 18);
  transmit(ethernet::build(header(ethernet::Mac{get(b, 8, 6)}, ethernet::ether_type::kArp, 0), body), 0,
           context);
}

void TrafficHost::receive_ip(const sim::Event& e, const ethernet::Header& h, sim::EventContext& context) {
  const std::span<const uint8_t> frame(*e.data);
  const auto ip = ethernet::ipv4_of(h, frame);
  if (!ip || sum16(frame.subspan(h.size, ip->payload_offset - h.size)) != 0xffff) {
    ++counters_.bad_checksum;
    return;
  }
  if (ip->destination != config_.ip) {
    ++counters_.not_for_us;
    return;
  }
  const auto body = frame.subspan(ip->payload_offset, ip->payload_size);
  if (ip->protocol == kUdp && body.size() >= kUdpHeader && ip->destination_port == kUdpPort) {
    if (get(body, 4, 2) != body.size() ||
        sum16(body, pseudo_header(frame.subspan(h.size), body.size())) != 0xffff) {
      ++counters_.bad_checksum;
      return;
    }
    return got(body.subspan(kUdpHeader), e);
  }
  if (ip->protocol != kIcmp || body.size() < kUdpHeader) {
    ++counters_.other;
    return;
  }
  if (sum16(body) != 0xffff) {
    ++counters_.bad_checksum;
    return;
  }
  if (body[0] == kEchoReply) return got(body.subspan(kUdpHeader), e);
  if (body[0] != kEchoRequest) return;
  Bytes answer(body.begin(), body.end());
  answer[0] = kEchoReply;
  set16(answer, 2, 0);
  set16(answer, 2, static_cast<uint16_t>(~sum16(answer)));
  const uint8_t pcp = h.tag_count > 0 ? h.tags[0].pcp : uint8_t{0};
  transmit(
      ethernet::build(header(h.source, ethernet::ether_type::kIpv4, pcp),
                      ip_packet(config_.ip, ip->source, kIcmp, frame[h.size + 1] >> 2, ip_id_++, answer)),
      0, context);
}

void TrafficHost::got(std::span<const uint8_t> p, const sim::Event& e) {
  if (p.size() < kStamp || get(p, 0, 4) != kMagic) {
    ++counters_.other;
    return;
  }
  on_received({.flow = static_cast<uint32_t>(get(p, 4, 4)),
               .sequence = get(p, 8, 8),
               .sent = SimTime::from_ns(static_cast<int64_t>(get(p, 16, 8))),
               .time = e.time,
               .bytes = static_cast<int64_t>(e.data->size())});
}

}  // namespace xedgesim::nodes
