#include "lan/responder.h"

#include <algorithm>

#include "net/ethernet/network_order.h"
#include "net/ethernet/udp.h"

namespace xedgesim::lan {
namespace {

constexpr size_t kIpHead = 20, kIcmpHead = 8;
constexpr uint8_t kProtocolIcmp = 1, kEchoAsked = 8, kEchoAnswered = 0;
constexpr uint32_t kEverybody = 0xffffffffu;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

}  // namespace

Responder::Responder(Config config) : config_(std::move(config)) {
  for (const Host& h : config_.hosts) {
    by_mac_[h.mac] = &h;
    add_name(h);
  }
  for (const Host& h : config_.elsewhere) add_name(h);
  table_.address = [this](const std::string& name) -> std::optional<uint32_t> {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? std::nullopt : std::optional(found->second);
  };
  table_.name = [this](uint32_t ip) -> std::optional<std::string> {
    const auto found = by_ip_.find(ip);
    return found == by_ip_.end() ? std::nullopt : std::optional(found->second);
  };
}

void Responder::add_name(const Host& h) {
  const std::string full = config_.domain.empty() ? h.name : h.name + "." + config_.domain;
  by_name_[lower(h.name)] = h.ip;
  by_name_[lower(full)] = h.ip;
  by_ip_[h.ip] = full;
}

/// Locally administered, with its IPv4 address behind: 02:fe:c0:a8:64:01.
ethernet::Mac Responder::mac() const { return ethernet::Mac{uint64_t{0x02fe} << 32 | config_.ip}; }

uint64_t Responder::leases(ethernet::Mac mac) const {
  const auto found = leases_.find(mac);
  return found == leases_.end() ? 0 : found->second;
}

sim::Bytes Responder::framed(ethernet::Mac to, uint16_t type, std::span<const uint8_t> payload) const {
  return ethernet::build({.destination = to, .source = mac(), .type = type}, payload);
}

Responder::Outcome Responder::take(std::span<const uint8_t> frame) {
  namespace type = ethernet::ether_type;
  const auto h = ethernet::parse(frame);
  if (!h || h->tag_count > 0) return {};
  const auto payload = frame.subspan(h->size);
  if (h->type == type::kArp) {
    const auto answer = ethernet::answer_arp(payload, config_.ip, mac());
    if (!answer) return {.taken = h->destination == mac()};
    return {.taken = true, .answers = {framed(answer->asker, type::kArp, answer->payload)}};
  }
  const bool mine = h->destination == mac();
  if (h->type != type::kIpv4) return {.taken = mine};
  const auto udp = ethernet::parse_udp(payload);
  const bool dhcp = udp && udp->addresses.to_port == dhcp::kServerPort;
  if (!mine && !(dhcp && h->destination == ethernet::kBroadcast)) return {};
  Outcome out{.taken = true};
  const bool ours = dhcp || (udp && udp->addresses.to_ip == config_.ip &&
                             udp->addresses.to_port == kDnsPort && !foreign(udp->data));
  if (udp && !ours) return {.taken = true, .outward = true};
  auto packet = udp ? datagram(payload) : echo(payload);
  out.outward = !udp && !packet;
  if (packet) out.answers.push_back(framed(h->source, type::kIpv4, *packet));
  return out;
}

/// A name that neither is in the table nor could be: outside the domain, with a dot.
bool Responder::foreign(std::span<const uint8_t> query) const {
  if (!config_.foreign_names) return false;
  const auto name = asked_name(query);
  if (!name || by_name_.contains(*name)) return false;
  if (const auto ip = reverse_name(*name)) return !in_network(*ip);
  const std::string domain = lower(config_.domain);
  return name->find('.') != std::string::npos && (domain.empty() || !name->ends_with("." + domain));
}

bool Responder::in_network(uint32_t ip) const {
  return config_.prefix == 0 || (ip ^ config_.ip) >> (32 - config_.prefix) == 0;
}

std::optional<sim::Bytes> Responder::datagram(std::span<const uint8_t> packet) {
  const auto udp = ethernet::parse_udp(packet);
  ethernet::UdpAddresses back{.from_ip = config_.ip,
                              .to_ip = udp->addresses.from_ip,
                              .from_port = udp->addresses.to_port,
                              .to_port = udp->addresses.from_port};
  if (udp->addresses.to_port == kDnsPort && udp->addresses.to_ip == config_.ip) {
    const auto answer = answer_dns(udp->data, table_);
    return answer ? std::optional(ethernet::udp_packet(back, identification_++, *answer)) : std::nullopt;
  }
  if (udp->addresses.to_port != dhcp::kServerPort) return std::nullopt;
  const auto answer = dhcp_answer(udp->data);
  if (!answer) return std::nullopt;
  // RFC 2131, 4.1: to its address when it has one, else to the one it is given, or to everybody.
  if (back.to_ip == 0) back.to_ip = kEverybody;
  back.to_port = dhcp::kClientPort;
  return ethernet::udp_packet(back, identification_++, *answer);
}

std::optional<sim::Bytes> Responder::dhcp_answer(std::span<const uint8_t> data) {
  const auto r = parse_dhcp(data);
  if (!r || r->relay_ip != 0) return std::nullopt;
  const auto host = by_mac_.find(r->client);
  if (host == by_mac_.end()) return std::nullopt;
  if (r->server && *r->server != config_.ip) return std::nullopt;  // it chose another server
  const DhcpLease lease{.ip = host->second->ip,
                        .server = config_.ip,
                        .prefix = config_.prefix,
                        .router = host->second->router ? host->second->router
                                  : config_.gateway    ? config_.ip
                                                       : 0,
                        .hostname = host->second->name,
                        .domain = config_.domain};
  switch (r->type) {
    case dhcp::Type::discover:
      return dhcp_reply(*r, dhcp::Type::offer, lease);
    case dhcp::Type::request:
      if (r->requested_ip.value_or(r->client_ip) != lease.ip) return dhcp_nak(*r, config_.ip);
      ++leases_[r->client];
      return dhcp_reply(*r, dhcp::Type::ack, lease);
    case dhcp::Type::inform:
      return dhcp_reply(*r, dhcp::Type::ack, lease, false);
    default:
      return std::nullopt;
  }
}

std::optional<sim::Bytes> Responder::echo(std::span<const uint8_t> p) const {
  // Only the plain case: no options, not a fragment.
  if (p.size() < kIpHead + kIcmpHead || p[0] != 0x45 || p[9] != kProtocolIcmp ||
      ethernet::number_at(p, 16, 4) != config_.ip || (ethernet::number_at(p, 6, 2) & 0x3fff) != 0 ||
      p[kIpHead] != kEchoAsked)
    return std::nullopt;
  const size_t total = ethernet::number_at(p, 2, 2);
  if (total > p.size() || total < kIpHead + kIcmpHead) return std::nullopt;
  sim::Bytes out(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(total));
  for (size_t i = 0; i < 4; ++i) std::swap(out[12 + i], out[16 + i]);  // the header's sum stays
  out[kIpHead] = kEchoAnswered;
  // The sum over the message, of which 8 in the upper byte of the first word went away (RFC 1624, eqn. 3).
  uint32_t sum =
      static_cast<uint32_t>(ethernet::number_at(out, kIpHead + 2, 2)) + (uint32_t{kEchoAsked} << 8);
  sum = (sum & 0xffff) + (sum >> 16);
  out[kIpHead + 2] = static_cast<uint8_t>(sum >> 8);
  out[kIpHead + 3] = static_cast<uint8_t>(sum);
  return out;
}

}  // namespace xedgesim::lan
