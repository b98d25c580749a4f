#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xedgesim::scenario {

/// A port of the host that leads to one of a node: "8080:80", "127.0.0.1:8080:80", "0.0.0.0:5353:53/udp".
struct PortForward {
  std::string host_ip = "127.0.0.1";
  uint16_t host_port = 0, node_port = 0;
  bool udp = false;
  bool operator==(const PortForward&) const = default;
};

/// Nothing for what is none.
std::optional<PortForward> parse_port_forward(std::string_view text);

}  // namespace xedgesim::scenario
