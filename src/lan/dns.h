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

/// The answer to a query: a record; no record for a name that is there without one of that type (AAAA); "no
/// such name"; "not implemented" for anything but one question of class IN. Nothing for what is no query.
std::optional<sim::Bytes> answer_dns(std::span<const uint8_t> query, const DnsTable& table);

}  // namespace xedgesim::lan
