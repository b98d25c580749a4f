#pragma once
#include <optional>
#include <vector>

#include "net/ethernet/frame.h"

namespace xedgesim::net::ethernet {

/// What an access rule looks at; an absent field fits everything.
struct AclRule {
  bool permit = false;
  std::vector<int> ports{};  ///< ingress ports; empty: all
  std::optional<Mac> source{}, destination{};
  std::optional<uint16_t> vlan{}, type{};
  struct Prefix {
    uint32_t address = 0;
    int length = 32;
    bool contains(uint32_t a) const { return length == 0 || ((a ^ address) >> (32 - length)) == 0; }
  };
  std::optional<Prefix> ip_source{}, ip_destination{};        ///< IPv4
  std::optional<uint8_t> protocol{};                          ///< IPv4
  std::optional<uint16_t> source_port{}, destination_port{};  ///< TCP and UDP over IPv4
  std::optional<uint8_t> set_priority{};                      ///< permit: the frame's priority from here on
  mutable uint64_t hits = 0;
};

/// The IPv4 part of a frame that rules and snooping look at; nothing for other frames and for headers that do
/// not fit into the frame.
struct Ipv4View {
  uint32_t source = 0, destination = 0;
  uint8_t protocol = 0;
  bool first_fragment = true;
  size_t payload_offset = 0;  ///< in the frame
  size_t payload_size = 0;
  std::optional<uint16_t> source_port{}, destination_port{};
};
std::optional<Ipv4View> ipv4_of(const Header& header, std::span<const uint8_t> frame);

/// Access rules, first match counts; without a match a frame passes.
class Acl {
 public:
  explicit Acl(std::vector<AclRule> rules) : rules_(std::move(rules)) {}
  bool empty() const { return rules_.empty(); }
  /// The rule that fits, or null.
  const AclRule* match(int port, uint16_t vlan, const Header& header, std::span<const uint8_t> frame) const;
  const std::vector<AclRule>& rules() const { return rules_; }

 private:
  std::vector<AclRule> rules_;
};

}  // namespace xedgesim::net::ethernet
