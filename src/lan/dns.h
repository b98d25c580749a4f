#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "sim/event.h"

/// Names of a small network (RFC 1035): questions for A and PTR records, over UDP.
namespace xedgesim::lan {

constexpr uint16_t kDnsPort = 53;

/// What the names mean. Names come in lower case without a last dot.
struct DnsTable {
  std::function<std::optional<uint32_t>(const std::string& name)> address;
  std::function<std::optional<std::string>(uint32_t ip)> name;  ///< in full
};

/// The name a query asks for; nothing for what is no query with one question.
std::optional<std::string> asked_name(std::span<const uint8_t> query);
/// 10.100.168.192.in-addr.arpa -> 192.168.100.10
std::optional<uint32_t> reverse_name(const std::string& name);

/// The answer to a query: a record; no record for a name that is there without one of that type (AAAA); "no
/// such name"; "not implemented" for anything but one question of class IN. Nothing for what is no query.
std::optional<sim::Bytes> answer_dns(std::span<const uint8_t> query, const DnsTable& table);

}  // namespace xedgesim::lan
