#include "lan/dns.h"

#include <algorithm>
#include <charconv>

#include "net/ethernet/network_order.h"

namespace xedgesim::lan {
namespace {

// RFC 1035, 4.1.
constexpr size_t kDnsHead = 12, kLongestLabel = 63, kLongestDnsName = 253;
constexpr uint16_t kResponse = 0x8000, kAuthoritative = 0x0400, kRecursionDesired = 0x0100, kOpcode = 0x7800;
constexpr uint16_t kNoError = 0, kFormatError = 1, kNoSuchName = 3, kNotImplemented = 4;
constexpr uint16_t kTypeA = 1, kTypePtr = 12, kClassIn = 1;
constexpr uint16_t kNameAtQuestion = 0xc000 | kDnsHead;  // a pointer to the question's name
constexpr uint32_t kSecondsToLive = 60;

struct Question {
  std::string name{};
  uint16_t type = 0, klass = 0;
  size_t end = 0;
};

/// No compression: there is nothing before the first question to point to.
std::optional<Question> parse_question(std::span<const uint8_t> b) {
  Question q;
  size_t at = kDnsHead;
  for (;;) {
    if (at >= b.size() || b[at] > kLongestLabel) return std::nullopt;
    const size_t length = b[at++];
    if (length == 0) break;
    if (at + length > b.size()) return std::nullopt;
    if (!q.name.empty()) q.name += '.';
    for (size_t i = 0; i < length; ++i) {
      const auto c = static_cast<char>(b[at + i]);
      q.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += length;
    if (q.name.size() > kLongestDnsName) return std::nullopt;
  }
  if (at + 4 > b.size()) return std::nullopt;
  q.type = static_cast<uint16_t>(ethernet::number_at(b, at, 2));
  q.klass = static_cast<uint16_t>(ethernet::number_at(b, at + 2, 2));
  q.end = at + 4;
  return q;
}

sim::Bytes dns_name(const std::string& text) {
  sim::Bytes out;
  for (size_t begin = 0; begin < text.size();) {
    const size_t dot = std::min(text.find('.', begin), text.size());
    const size_t length = std::min(dot - begin, kLongestLabel);
    out.push_back(static_cast<uint8_t>(length));
    out.insert(out.end(), text.begin() + static_cast<std::ptrdiff_t>(begin),
               text.begin() + static_cast<std::ptrdiff_t>(begin + length));
    begin = dot + 1;
  }
  out.push_back(0);
  return out;
}

}  // namespace

std::optional<uint32_t> reverse_name(const std::string& name) {
  constexpr std::string_view kZone = ".in-addr.arpa";
  if (!name.ends_with(kZone)) return std::nullopt;
  const char* at = name.data();
  const char* const stop = name.data() + name.size() - kZone.size();
  uint32_t ip = 0;
  for (int i = 0; i < 4; ++i) {
    uint8_t octet = 0;
    const auto [next, error] = std::from_chars(at, stop, octet);
    if (error != std::errc{} || (i < 3 && (next == stop || *next != '.')) || (i == 3 && next != stop))
      return std::nullopt;
    ip |= uint32_t{octet} << (8 * i);
    at = next + 1;
  }
  return ip;
}

std::optional<std::string> asked_name(std::span<const uint8_t> b) {
  if (b.size() < kDnsHead || (ethernet::number_at(b, 2, 2) & kResponse) || ethernet::number_at(b, 4, 2) != 1)
    return std::nullopt;
  const auto question = parse_question(b);
  return question ? std::optional(question->name) : std::nullopt;
}

std::optional<sim::Bytes> answer_dns(std::span<const uint8_t> b, const DnsTable& table) {
  if (b.size() < kDnsHead) return std::nullopt;
  const auto flags = static_cast<uint16_t>(ethernet::number_at(b, 2, 2));
  if (flags & kResponse) return std::nullopt;
  const auto question = ethernet::number_at(b, 4, 2) == 1 ? parse_question(b) : std::nullopt;
  uint16_t result = kNoError;
  sim::Bytes data;
  if (!question) {
    result = kFormatError;
  } else if ((flags & kOpcode) != 0 || question->klass != kClassIn) {
    result = kNotImplemented;
  } else if (const auto reverse = reverse_name(question->name)) {
    const auto name = table.name(*reverse);
    if (!name) result = kNoSuchName;
    if (name && question->type == kTypePtr) data = dns_name(*name);
  } else {
    const auto ip = table.address(question->name);
    if (!ip) result = kNoSuchName;
    if (ip && question->type == kTypeA) ethernet::append_number(data, *ip, 4);
  }
  sim::Bytes out;
  ethernet::append_number(out, ethernet::number_at(b, 0, 2), 2);
  ethernet::append_number(out, kResponse | kAuthoritative | (flags & (kOpcode | kRecursionDesired)) | result,
                          2);
  ethernet::append_number(out, question ? 1 : 0, 2);
  ethernet::append_number(out, data.empty() ? 0 : 1, 2);
  ethernet::append_number(out, 0, 4);
  if (!question) return out;
  out.insert(out.end(), b.begin() + kDnsHead, b.begin() + static_cast<std::ptrdiff_t>(question->end));
  if (data.empty()) return out;
  ethernet::append_number(out, kNameAtQuestion, 2);
  ethernet::append_number(out, question->type, 2);
  ethernet::append_number(out, kClassIn, 2);
  ethernet::append_number(out, kSecondsToLive, 4);
  ethernet::append_number(out, data.size(), 2);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

}  // namespace xedgesim::lan
