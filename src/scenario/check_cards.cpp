#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "scenario/cards.h"
#include "scenario/check.h"

namespace xedgesim::scenario {
namespace {

/// 0 for anything that is not IPv4.
uint32_t ipv4(const std::string& text) {
  in_addr a{};
  return inet_pton(AF_INET, text.c_str(), &a) == 1 ? ntohl(a.s_addr) : 0;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A card whose address is written in the scenario.
struct Place {
  uint32_t ip = 0;
  int64_t prefix = 24;
  std::string path{};
  uint32_t mask() const { return 0xffffffffu << (32 - prefix); }
  uint32_t network() const { return ip & mask(); }
  std::string text() const {
    const uint32_t n = network();
    return fmt::format("{}.{}.{}.{}/{}", n >> 24, n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff, prefix);
  }
  bool same_network(const Place& o) const { return prefix == o.prefix && network() == o.network(); }
  bool overlaps(const Place& o) const {
    const uint32_t both = mask() & o.mask();
    return (ip & both) == (o.ip & both);
  }
};

std::optional<Place> place_of_card(const Scenario& s, const DeclaredCard& c, const std::string& node) {
  constexpr int64_t kUsualPrefix = 24;
  const uint32_t ip = ipv4(c.ip);
  if (ip == 0) return std::nullopt;
  return Place{ip, c.prefix.value_or(s.network.lan ? s.network.lan->prefix : kUsualPrefix), node + c.path};
}

void check_interfaces(Check& check, const LinuxNode& n, const std::string& path) {
  using T = LinuxNode::Type;
  const bool bare = n.type == T::model || n.type == T::host;
  if (bare && (!n.interfaces.empty() || !n.gateway.empty()))
    check.error(path + (n.gateway.empty() ? ".interfaces" : ".gateway"),
                "this is for nodes of type vm, container and process: remove it");
  if (n.interfaces.size() > kMostCards)
    check.error(path + ".interfaces", "{} network cards are more than the {} of a machine: remove some",
                n.interfaces.size(), kMostCards);
  if (!n.interfaces.empty())
    for (const char* key : {"ip", "prefix", "mac"})
      if (check.given(at("{}.{}", path, key)))
        check.error(at("{}.{}", path, key),
                    "a node with 'interfaces' has its addresses there: move this into one of them");
  const auto cards = declared_cards(n);
  for (size_t k = 0; k < cards.size(); ++k) {
    const DeclaredCard& c = cards[k];
    if (const std::string name = fmt::format("eth{}", k); c.name != name)
      check.error(path + c.path + ".name",
                  "Linux calls a machine's cards eth0, eth1, … in their order: '{}' has to be {}", c.name,
                  name);
    if (c.prefix && c.ip.empty())
      check.error(path + c.path + ".prefix", "a prefix without an address: add the key 'ip'");
    for (const auto& [key, written] : {std::pair("mac", !c.mac.empty()), std::pair("ip", !c.ip.empty())})
      if (n.count > 1 && written)
        check.error(at("{}{}.{}", path, c.path, key), "one address cannot serve {} nodes: remove it",
                    n.count);
  }
}

void check_gateway(Check& check, const LinuxNode& n, const std::string& path, const std::vector<Place>& own) {
  const uint32_t gateway = ipv4(n.gateway);
  if (n.gateway.empty() || own.empty()) return;
  const auto here = std::find_if(own.begin(), own.end(),
                                 [&](const Place& p) { return (gateway & p.mask()) == p.network(); });
  if (here == own.end() && own.size() == declared_cards(n).size())
    check.error(path + ".gateway", "{} is in none of the machine's networks ({}{}): choose an address there",
                n.gateway, own.front().text(), own.size() > 1 ? ", …" : "");
  else if (here != own.end() && here->ip == gateway)
    check.error(path + ".gateway", "{} is the machine's own address: name the router's", n.gateway);
}

/// Which attachment points are on one wire; switches that tell VLANs apart are none.
class Wires {
 public:
  explicit Wires(const Scenario& s) {
    for (const Switch& w : s.switches)
      if (w.vlans.empty() && std::none_of(w.ports.begin(), w.ports.end(), [](const SwitchPort& p) {
            return p.vlan || p.mode != SwitchPort::Mode::access;
          }))
        plain_switches_.insert(w.id);
    for (const Link& l : s.links) {
      if (l.endpoints.size() != 2) continue;
      size_t ends[2];
      for (size_t k = 0; k < 2; ++k) ends[k] = number(point(l.endpoints[k]));
      up_[root(ends[0])] = root(ends[1]);
    }
  }
  /// Of an attachment point NODE:CARD; nothing without a cable.
  std::optional<size_t> of(const std::string& end) {
    const auto found = numbers_.find(end);
    return found == numbers_.end() ? std::nullopt : std::optional(root(found->second));
  }

 private:
  /// A switch without VLANs is one point; each port of another, and each of a machine's cards, is one too.
  std::string point(const std::string& end) const {
    const std::string node = end.substr(0, end.find(':'));
    return plain_switches_.contains(node) ? node : end;
  }
  size_t number(const std::string& name) {
    const auto [entry, fresh] = numbers_.emplace(name, up_.size());
    if (fresh) up_.push_back(up_.size());
    return entry->second;
  }
  size_t root(size_t i) {
    while (up_[i] != i) i = up_[i] = up_[up_[i]];
    return i;
  }
  std::unordered_set<std::string> plain_switches_;
  std::unordered_map<std::string, size_t> numbers_;
  std::vector<size_t> up_;
};

class Addresses {
 public:
  explicit Addresses(Check& check) : check_(check), wires_(check.s) {}

  void add(const LinuxNode& n, const std::string& node) {
    std::vector<Place> own;
    for (const DeclaredCard& c : declared_cards(n)) {
      const std::string path = node + c.path;
      unique(macs_, lower(c.mac), path, ".mac");
      unique(ips_, c.ip, path, ".ip");
      const auto place = place_of_card(check_.s, c, node);
      if (!place) continue;
      if (!c.prefix) in_lan(c.ip, path);
      for (const Place& other : own)
        if (other.same_network(*place))
          check_.error(
              path + ".ip",
              "{} is in the network {} as {} is: a machine has one card in a network; choose another "
              "network, or remove the card",
              c.ip, place->text(), other.path);
      own.push_back(*place);
      distinct(*place, c.ip);
      if (n.count == 1) reachable(*place, c.ip, n.id + ":" + c.name);
    }
    check_gateway(check_, n, node, own);
  }

 private:
  void unique(std::unordered_map<std::string, std::string>& known, const std::string& address,
              const std::string& path, const char* key) {
    if (address.empty()) return;
    if (const auto [other, fresh] = known.emplace(address, path); !fresh)
      check_.error(path + key, "{} has this address already: choose another", other->second);
  }

  void in_lan(const std::string& ip, const std::string& path) {
    const auto& lan = check_.s.network.lan;
    if (!lan || ipv4(lan->host_ip) == 0) return;
    const uint32_t mask = 0xffffffffu << (32 - lan->prefix);
    if ((ipv4(ip) & mask) != (ipv4(lan->host_ip) & mask))
      check_.error(path + ".ip",
                   "{} is outside the network {}/{}: choose an address in it, or add 'prefix' for a network "
                   "of its own",
                   ip, lan->host_ip, lan->prefix);
    if (ip == lan->host_ip) check_.error(path + ".ip", "{} is the host's address: choose another", ip);
  }

  /// Networks are the same or have nothing in common.
  void distinct(const Place& place, const std::string& ip) {
    for (const Place& other : networks_) {
      if (place.same_network(other)) return;
      if (!place.overlaps(other)) continue;
      check_.error(place.path + ".ip", "{}/{} lies in {}, which {} has: give both the same 'prefix'", ip,
                   place.prefix, other.text(), other.path);
      return;
    }
    networks_.push_back(place);
  }

  void reachable(const Place& place, const std::string& ip, const std::string& end) {
    const auto wire = wires_.of(end);
    if (!wire) return;
    const auto [other, fresh] = on_wire_.emplace(*wire, place);
    if (!fresh && !other->second.same_network(place))
      check_.warning(place.path + ".ip",
                     "{} is in another network ({}) than {} on the same wire ({}): they do not reach each "
                     "other without a router",
                     ip, place.text(), other->second.path, other->second.text());
  }

  Check& check_;
  Wires wires_;
  std::unordered_map<std::string, std::string> macs_, ips_;
  std::vector<Place> networks_;
  std::map<size_t, Place> on_wire_;
};

}  // namespace

void check_cards(Check& check) {
  Addresses addresses(check);
  for (size_t i = 0; i < check.s.nodes.size(); ++i) {
    const std::string path = at("nodes[{}]", i);
    check_interfaces(check, check.s.nodes[i], path);
    addresses.add(check.s.nodes[i], path);
  }
}

}  // namespace xedgesim::scenario
