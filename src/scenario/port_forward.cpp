#include "scenario/port_forward.h"

#include <arpa/inet.h>

#include <charconv>

namespace xedgesim::scenario {
namespace {

std::optional<uint16_t> port_number(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<PortForward> parse_port_forward(std::string_view text) {
  PortForward out;
  for (const auto& [suffix, udp] : {std::pair("/udp", true), std::pair("/tcp", false)})
    if (text.ends_with(suffix)) {
      out.udp = udp;
      text.remove_suffix(4);
      break;
    }
  const size_t last = text.rfind(':');
  if (last == std::string_view::npos) return std::nullopt;
  const auto node = port_number(text.substr(last + 1));
  std::string_view host = text.substr(0, last);
  if (const size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    out.host_ip = std::string(host.substr(0, colon));
    host.remove_prefix(colon + 1);
    in_addr address{};
    if (inet_pton(AF_INET, out.host_ip.c_str(), &address) != 1) return std::nullopt;
  }
  const auto port = port_number(host);
  if (!node || !port) return std::nullopt;
  out.host_port = *port;
  out.node_port = *node;
  return out;
}

}  // namespace xedgesim::scenario
