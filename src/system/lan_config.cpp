#include "system/lan_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "system/addresses.h"
#include "system/edge_container.h"
#include "system/located.h"
#include "system/switch_config.h"

namespace xedgesim::system {
namespace {

struct Member {
  std::string name;
  size_t entry = 0;
  uint32_t gateway = 0;
  std::vector<CardAddress> cards;
};

class LanPlanner {
 public:
  explicit LanPlanner(const scenario::Scenario& s) : s_(s) {
    auto cards = all_cards(s);
    for (const auto& [id, entry] : expanded_nodes(s))
      members_.push_back({shown_name(id), entry, parse_ipv4(s.nodes[entry].gateway).value_or(0),
                          std::move(cards[members_.size()])});
  }

  std::vector<lan::Responder::Config> plan() {
    begin_with_lan();
    for (const Member& m : members_)
      for (const CardAddress& c : m.cards) join(m, c);
    if (networks_.empty()) networks_.emplace_back().domain = scenario::Lan().domain;
    networks_.front().gateway =
        (s_.network.lan && s_.network.lan->uplink) ||
        std::any_of(s_.nodes.begin(), s_.nodes.end(), [](const auto& n) { return !n.ports.empty(); });
    networks_.front().foreign_names = s_.network.lan && s_.network.lan->uplink;
    for (auto& n : networks_) {
      if (n.ip == 0 && !n.hosts.empty()) n.ip = free_address(n);
      check(n);
      add_others(n);
    }
    check_ports();
    return std::move(networks_);
  }

 private:
  void begin_with_lan() {
    if (!s_.network.lan) return;
    auto& n = networks_.emplace_back();
    n.prefix = static_cast<int>(s_.network.lan->prefix);
    if (n.prefix < 1 || n.prefix > 30)
      throw ConfigError(fmt::format("network.lan: a prefix of {} leaves no room: use 1 to 30", n.prefix));
    n.ip = parse_ipv4(s_.network.lan->host_ip).value_or(0);
    n.domain = s_.network.lan->domain;
  }

  static bool inside(const lan::Responder::Config& n, const CardAddress& c) {
    const uint32_t member = n.hosts.empty() ? n.ip : n.hosts.front().ip;
    return n.prefix == c.prefix && c.reaches(member);
  }

  /// Without a second network everybody has to be in the first.
  void join(const Member& m, const CardAddress& c) {
    for (const auto& n : networks_)
      for (const auto& other : n.hosts)
        if (other.ip == c.ip || other.mac == c.mac)
          refuse_at(s_, fmt::format("nodes[{}]", m.entry),
                    fmt::format("node '{}' has the {} of '{}': give it another", m.name,
                                other.ip == c.ip ? "ip" : "mac", other.name));
    auto n =
        std::find_if(networks_.begin(), networks_.end(), [&](const auto& one) { return inside(one, c); });
    if (n == networks_.end() && !networks_.empty() && !several_networks(s_)) n = networks_.begin();
    if (n == networks_.end()) {
      networks_.emplace_back().prefix = c.prefix;
      n = networks_.end() - 1;
      n->domain = networks_.front().domain.empty() && !s_.network.lan ? scenario::Lan().domain
                                                                      : networks_.front().domain;
    }
    n->hosts.push_back(
        {.name = m.name, .mac = c.mac, .ip = c.ip, .router = c.reaches(m.gateway) ? m.gateway : 0});
  }

  static uint32_t free_address(const lan::Responder::Config& n) {
    uint32_t ip = (n.hosts.front().ip | ~(0xffffffffu << (32 - n.prefix))) - 1;
    while (std::any_of(n.hosts.begin(), n.hosts.end(),
                       [&](const auto& h) { return h.ip == ip || h.router == ip; }))
      --ip;
    return ip;
  }

  static void check(const lan::Responder::Config& n) {
    const uint32_t mask = 0xffffffffu << (32 - n.prefix);
    for (const auto& h : n.hosts)
      if ((h.ip & mask) != (n.ip & mask) || h.ip == (n.ip | ~mask) || h.ip == (n.ip & mask))
        throw ConfigError(fmt::format(
            "node '{}': {} is no address for a machine of {}/{}: choose another, set network.lan, or add "
            "'prefix' for a network of its own",
            h.name, dotted_ipv4(h.ip), dotted_ipv4(n.ip), n.prefix));
  }

  /// Names of machines that have no card there.
  void add_others(lan::Responder::Config& n) const {
    for (const Member& m : members_)
      if (std::none_of(n.hosts.begin(), n.hosts.end(), [&](const auto& h) { return h.name == m.name; }))
        n.elsewhere.push_back({.name = m.name, .ip = m.cards.front().ip});
  }

  /// What comes in from the host does so in the first network.
  void check_ports() const {
    for (const Member& m : members_)
      if (!s_.nodes[m.entry].ports.empty() && !inside(networks_.front(), m.cards.front()))
        refuse_at(s_, fmt::format("nodes[{}].ports", m.entry),
                  fmt::format("node '{}': the host's ports lead into the network {}/{} only: give its first "
                              "card an address there",
                              m.name, dotted_ipv4(networks_.front().ip), networks_.front().prefix));
  }

  const scenario::Scenario& s_;
  std::vector<Member> members_;
  std::vector<lan::Responder::Config> networks_;
};

}  // namespace

std::vector<lan::Responder::Config> lan_configs(const scenario::Scenario& s) { return LanPlanner(s).plan(); }

}  // namespace xedgesim::system
