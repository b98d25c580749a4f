#include "system/addresses.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenario/cards.h"
#include "scenario/expand.h"
#include "system/switch_config.h"

namespace xedgesim::system {
namespace {

constexpr uint32_t kDerivedNetwork = 0x0ac80000u;  // 10.200.0.0/16; of further cards 10.201.0.0/16 and on
constexpr int kDerivedPrefix = 16, kOwnPrefix = 24;

/// One network without a prefix of its own is wide as soon as any address in it is derived.
bool wide(const scenario::Scenario& s) {
  return !several_networks(s) &&
         std::any_of(s.nodes.begin(), s.nodes.end(), [](const auto& n) { return n.ip.empty(); });
}

/// `number`: its place among all nodes.
std::vector<CardAddress> cards_of(const scenario::Scenario& s, const std::string& id,
                                  const scenario::LinuxNode& n, size_t number, bool derived) {
  std::vector<CardAddress> out;
  const auto declared = scenario::declared_cards(n);
  for (size_t k = 0; k < declared.size(); ++k) {
    const scenario::DeclaredCard& c = declared[k];
    CardAddress a{.name = c.name};
    a.mac = c.mac.empty() ? derived_mac(k == 0 ? id : id + ":" + c.name)
                          : net::ethernet::parse_mac(c.mac).value();
    const auto ip = parse_ipv4(c.ip);
    a.ip =
        ip.value_or(kDerivedNetwork + (static_cast<uint32_t>(k) << 16) + static_cast<uint32_t>(number) + 1);
    a.prefix = c.prefix         ? static_cast<int>(*c.prefix)
               : !ip && k > 0   ? kDerivedPrefix
               : s.network.lan  ? static_cast<int>(s.network.lan->prefix)
               : derived || !ip ? kDerivedPrefix
                                : kOwnPrefix;
    out.push_back(std::move(a));
  }
  return out;
}

}  // namespace

std::vector<std::pair<std::string, size_t>> expanded_nodes(const scenario::Scenario& s) {
  std::vector<std::pair<std::string, size_t>> out;
  for (size_t i = 0; i < s.nodes.size(); ++i)
    for (int64_t k = 0; k < s.nodes[i].count; ++k)
      out.emplace_back(scenario::member_id(s.nodes[i].id, s.nodes[i].count, k), i);
  return out;
}

std::vector<std::vector<CardAddress>> all_cards(const scenario::Scenario& s) {
  std::vector<std::vector<CardAddress>> out;
  const bool derived = wide(s);
  for (const auto& [id, entry] : expanded_nodes(s))
    out.push_back(cards_of(s, id, s.nodes[entry], out.size(), derived));
  return out;
}

std::vector<CardAddress> node_cards(const scenario::Scenario& s, const std::string& id) {
  size_t number = 0;
  for (const scenario::LinuxNode& n : s.nodes)
    for (int64_t k = 0; k < n.count; ++k, ++number)
      if (scenario::member_id(n.id, n.count, k) == id) return cards_of(s, id, n, number, wide(s));
  return {{.name = "eth0", .mac = derived_mac(id)}};
}

net::ethernet::Mac node_mac(const scenario::Scenario& s, const std::string& id) {
  return node_cards(s, id).front().mac;
}
uint32_t node_ip(const scenario::Scenario& s, const std::string& id) { return node_cards(s, id).front().ip; }

const CardAddress& card_towards(const std::vector<CardAddress>& node, const CardAddress& from) {
  for (const CardAddress& c : node)
    if (from.reaches(c.ip)) return c;
  return node.front();
}

const CardAddress& card_towards(const std::vector<CardAddress>& node, const std::vector<CardAddress>& from) {
  for (const CardAddress& f : from)
    if (const CardAddress& c = card_towards(node, f); f.reaches(c.ip)) return c;
  return node.front();
}

bool several_networks(const scenario::Scenario& s) {
  return std::any_of(s.nodes.begin(), s.nodes.end(),
                     [](const auto& n) { return !n.interfaces.empty() || n.prefix.has_value(); });
}

std::string dotted_ipv4(uint32_t ip) {
  return fmt::format("{}.{}.{}.{}", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
}

}  // namespace xedgesim::system
