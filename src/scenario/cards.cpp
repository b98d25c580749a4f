#include "scenario/cards.h"

#include <fmt/format.h>

namespace xedgesim::scenario {

std::vector<DeclaredCard> declared_cards(const LinuxNode& n) {
  std::vector<DeclaredCard> out;
  const Qos* const whole = n.qos ? &*n.qos : nullptr;
  if (n.interfaces.empty())
    out.push_back({.name = "eth0", .ip = n.ip, .prefix = n.prefix, .mac = n.mac, .qos = whole});
  for (size_t i = 0; i < n.interfaces.size(); ++i) {
    const Interface& c = n.interfaces[i];
    out.push_back({.name = c.name.empty() ? fmt::format("eth{}", i) : c.name,
                   .ip = c.ip,
                   .prefix = c.prefix,
                   .mac = c.mac,
                   .qos = c.qos ? &*c.qos : whole,
                   .path = fmt::format(".interfaces[{}]", i)});
  }
  return out;
}

std::optional<size_t> card_named(const LinuxNode& n, std::string_view name) {
  if (n.interfaces.empty()) return 0;
  const auto cards = declared_cards(n);
  for (size_t i = 0; i < cards.size(); ++i)
    if (cards[i].name == name) return i;
  return std::nullopt;
}

}  // namespace xedgesim::scenario
