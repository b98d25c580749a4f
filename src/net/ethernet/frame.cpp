#include "net/ethernet/frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::net::ethernet {
namespace {

uint16_t u16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }

Mac mac_at(const uint8_t* p) {
  uint64_t m = 0;
  for (int i = 0; i < 6; ++i) m = m << 8 | p[i];
  return Mac{m};
}

bool is_tag(uint16_t type) { return type == ether_type::kCustomerTag || type == ether_type::kServiceTag; }

void put16(sim::Bytes& out, uint16_t v) {
  out.push_back(static_cast<uint8_t>(v >> 8));
  out.push_back(static_cast<uint8_t>(v));
}

void put_mac(sim::Bytes& out, Mac m) {
  for (int shift = 40; shift >= 0; shift -= 8)
    out.push_back(static_cast<uint8_t>(static_cast<uint64_t>(m) >> shift));
}

void put_tag(sim::Bytes& out, const Tag& t) {
  put16(out, t.type);
  put16(out, t.tci());
}

int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

}  // namespace

std::string to_string(Mac m) {
  const auto v = static_cast<uint64_t>(m);
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", v >> 40 & 255, v >> 32 & 255, v >> 24 & 255,
                     v >> 16 & 255, v >> 8 & 255, v & 255);
}

std::optional<Mac> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  uint64_t m = 0;
  for (size_t i = 0; i < 17; ++i) {
    if (i % 3 == 2) {
      if (text[i] != ':' && text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex(text[i]);
    if (digit < 0) return std::nullopt;
    m = m << 4 | static_cast<uint64_t>(digit);
  }
  return Mac{m};
}

std::optional<Header> parse(std::span<const uint8_t> f) {
  if (f.size() < kHeader) return std::nullopt;
  Header h{.destination = mac_at(f.data()), .source = mac_at(f.data() + 6)};
  size_t at = 12;
  while (h.tag_count < h.tags.size() && is_tag(u16(&f[at]))) {
    if (f.size() < at + kTag + 2) return std::nullopt;
    const uint16_t tci = u16(&f[at + 2]);
    h.tags[h.tag_count++] = {.type = u16(&f[at]),
                             .pcp = static_cast<uint8_t>(tci >> 13),
                             .dei = (tci >> 12 & 1) != 0,
                             .vid = static_cast<uint16_t>(tci & 0xfff)};
    at += kTag;
  }
  h.type = u16(&f[at]);
  h.size = at + 2;
  return h;
}

sim::Bytes build(const Header& h, std::span<const uint8_t> payload) {
  sim::Bytes out;
  out.reserve(std::max(kMinFrame, kHeader + h.tag_count * kTag + payload.size()));
  put_mac(out, h.destination);
  put_mac(out, h.source);
  for (size_t i = 0; i < h.tag_count; ++i) put_tag(out, h.tags[i]);
  put16(out, h.type);
  out.insert(out.end(), payload.begin(), payload.end());
  if (out.size() < kMinFrame) out.resize(kMinFrame);
  return out;
}

sim::Bytes retagged(std::span<const uint8_t> f, size_t have, std::span<const Tag> tags) {
  sim::Bytes out;
  out.reserve(f.size() + tags.size() * kTag);
  out.insert(out.end(), f.begin(), f.begin() + 12);
  for (const Tag& t : tags) put_tag(out, t);
  out.insert(out.end(), f.begin() + static_cast<std::ptrdiff_t>(12 + have * kTag), f.end());
  if (out.size() < kMinFrame) out.resize(kMinFrame);
  return out;
}

Priority priority_of(std::span<const uint8_t> f) {
  Priority out;
  const auto h = parse(f);
  if (!h) return out;
  if (h->tag_count > 0) {
    out.pcp = h->tags[0].pcp;
    out.vid = h->tags[0].vid;
  }
  if (f.size() < h->size + 2) return out;
  if (h->type == ether_type::kIpv4) out.dscp = f[h->size + 1] >> 2;
  if (h->type == ether_type::kIpv6)
    out.dscp = static_cast<uint8_t>((f[h->size] << 2 | f[h->size + 1] >> 6) & 0x3f);
  return out;
}

}  // namespace xedgesim::net::ethernet
