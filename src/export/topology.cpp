#include "export/topology.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "export/result.h"
#include "scenario/cards.h"
#include "scenario/expand.h"
#include "system/impairments.h"
#include "system/switch_config.h"

namespace xedgesim::exporter {
namespace {

constexpr size_t kLongestDevice = 15;  // IFNAMSIZ less the zero

/// Its place among the cards that the node declares; nothing for one that only a link names.
std::optional<size_t> place_of(const Machine& m, const std::string& interface) {
  if (m.node && !m.node->interfaces.empty()) return scenario::card_named(*m.node, interface);
  return m.cards.empty() ? std::optional<size_t>(0) : std::nullopt;
}

class Maker {
 public:
  explicit Maker(const scenario::Scenario& s) : s_(s) {
    out_.has_lan = s.network.lan.has_value();
    if (out_.has_lan) out_.lan = *s.network.lan;
  }

  Topology make() {
    for (size_t i = 0; i < s_.nodes.size(); ++i)
      for (int64_t k = 0; k < s_.nodes[i].count; ++k)
        out_.machines.push_back({.id = scenario::member_id(s_.nodes[i].id, s_.nodes[i].count, k),
                                 .node = &s_.nodes[i],
                                 .where = fmt::format("nodes[{}]", i),
                                 .cards = {}});
    for (size_t i = 0; i < s_.switches.size(); ++i) {
      const bool lan = i == 0 && out_.has_lan;
      const std::string name = lan ? checked(out_.lan.bridge) : names_.name(s_.switches[i].id);
      out_.bridges.push_back(
          {.name = name, .where = fmt::format("switches[{}]", i), .of = &s_.switches[i], .lan = lan});
    }
    for (size_t i = 0; i < s_.links.size(); ++i) add_link(s_.links[i], fmt::format("links[{}]", i));
    // In the machine the cards have the order in which the node lists them.
    for (Machine& m : out_.machines)
      if (m.node && !m.node->interfaces.empty())
        std::stable_sort(m.cards.begin(), m.cards.end(), [&](const Card& a, const Card& b) {
          return scenario::card_named(*m.node, a.interface) < scenario::card_named(*m.node, b.interface);
        });
    for (Machine& m : out_.machines)
      if (m.cards.empty()) add_card(m, "eth0", m.where).bridge = lan_bridge();
    for (const scenario::Switch& w : s_.switches)
      for (const scenario::SwitchPort& p : w.ports)
        if (!plugged_.count(w.id + ":" + p.name))
          out_.loose.push_back({&w, &p, names_.name(w.id + "-" + p.name)});
    for (Bridge& b : out_.bridges)
      for (size_t i = 0; b.of && i < b.of->lags.size(); ++i)
        b.bonds.push_back(names_.name(fmt::format("{}-lag{}", b.of->id, i + 1)));
    return std::move(out_);
  }

 private:
  static std::string checked(const std::string& bridge) {
    if (bridge.size() > kLongestDevice)
      throw ExportError(
          "network.lan.bridge",
          fmt::format("'{}' is longer than the 15 characters Linux allows for a network device: "
                      "shorten it",
                      bridge));
    return bridge;
  }

  std::string lan_bridge() {
    for (const Bridge& b : out_.bridges)
      if (b.lan) return b.name;
    out_.bridges.push_back(
        {.name = checked(out_.lan.bridge), .where = "network.lan", .of = nullptr, .lan = true});
    return out_.bridges.back().name;
  }

  const Bridge* switch_bridge(const std::string& id) const {
    for (const Bridge& b : out_.bridges)
      if (b.of && b.of->id == id) return &b;
    return nullptr;
  }

  Machine& machine(const std::string& id, const std::string& where) {
    for (Machine& m : out_.machines)
      if (m.id == id) return m;
    out_.machines.push_back({.id = id, .node = nullptr, .where = where, .cards = {}});
    return out_.machines.back();
  }

  Card& add_card(Machine& m, const std::string& interface, const std::string& where) {
    Card card{.interface = interface, .where = where};
    const auto place = place_of(m, interface);
    if (m.node && place) {
      const auto declared = scenario::declared_cards(*m.node)[*place];
      card.mac = declared.mac;
      card.ip = declared.ip;
      card.prefix = declared.prefix;
      card.qos = declared.qos;
    }
    const bool first = place == 0u;
    if (card.mac.empty())
      card.mac = net::ethernet::to_string(system::derived_mac(first ? m.id : m.id + ":" + interface));
    card.device = names_.name(first ? m.id : m.id + "-" + interface);
    m.cards.push_back(std::move(card));
    return m.cards.back();
  }

  void add_link(const scenario::Link& l, const std::string& where) {
    struct End {
      std::string node, port;
      const Bridge* at;
    } ends[2];
    for (const std::string& end : l.endpoints) plugged_.insert(end);
    for (size_t k = 0; k < 2; ++k) {
      const size_t colon = l.endpoints[k].find(':');
      ends[k] = {l.endpoints[k].substr(0, colon), l.endpoints[k].substr(colon + 1), nullptr};
      ends[k].at = switch_bridge(ends[k].node);
    }
    const system::Directions d = system::link_directions(l.impairments, l.forward, l.backward);
    if (ends[0].at && ends[1].at) {
      Trunk t{.link = l.id, .where = where};
      for (const auto& [end, of] : {std::pair(&t.a, &ends[0]), std::pair(&t.b, &ends[1])})
        *end = {of->at->of, of->port, names_.name(of->node + "-" + of->port),
                find_port(*of->at->of, of->port)};
      t.forward = d.forward;
      t.backward = d.backward;
      out_.trunks.push_back(std::move(t));
      return;
    }
    std::string between;
    if (!ends[0].at && !ends[1].at) {
      between = names_.name("l-" + l.id);
      out_.bridges.push_back({.name = between, .where = where});
    }
    for (size_t k = 0; k < 2; ++k) {
      if (ends[k].at) continue;
      const End& other = ends[1 - k];
      Card& card = add_card(machine(ends[k].node, where), ends[k].port, where);
      card.link = l.id;
      card.bridge = other.at ? other.at->name : between;
      if (other.at) {
        card.at = other.at->of;
        card.port_name = other.port;
        card.port = find_port(*card.at, other.port);
      }
      card.from = k == 0 ? d.forward : d.backward;
      card.towards = k == 0 ? d.backward : d.forward;
    }
  }

  const scenario::Scenario& s_;
  DeviceNames names_;
  std::set<std::string> plugged_;
  Topology out_;
};

}  // namespace

std::string DeviceNames::name(const std::string& text) {
  const auto [entry, fresh] = names_.try_emplace(text);
  if (!fresh) return entry->second;
  std::string name = "xs-" + text;
  const bool good = name.size() <= kLongestDevice && std::all_of(text.begin(), text.end(), [](char c) {
                      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
                    });
  for (int64_t round = 0; !good || taken_.count(name); ++round) {
    Digest digest;
    digest.add(text);
    digest.add(round);
    std::string part;
    for (char c : text)
      if (part.size() < 7) part += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
    name = "xs-" + part + "-" + digest.hex().substr(0, 4);
    if (!taken_.count(name)) break;
  }
  taken_.insert(name);
  return entry->second = name;
}

const Bridge* Topology::bridge(const std::string& name) const {
  for (const Bridge& b : bridges)
    if (b.name == name) return &b;
  return nullptr;
}

Topology make_topology(const scenario::Scenario& scenario) { return Maker(scenario).make(); }

const scenario::SwitchPort* find_port(const scenario::Switch& s, const std::string& name) {
  for (const scenario::SwitchPort& p : s.ports)
    if (p.name == name) return &p;
  return nullptr;
}

const scenario::SwitchQos* port_qos(const scenario::Switch& s, const scenario::SwitchPort* port) {
  if (port && port->qos) return &*port->qos;
  return s.qos ? &*s.qos : nullptr;
}

bool vlan_aware(const scenario::Switch& s) {
  return !s.vlans.empty() || std::any_of(s.ports.begin(), s.ports.end(), [](const scenario::SwitchPort& p) {
    return p.vlan || p.mode != scenario::SwitchPort::Mode::access;
  });
}

}  // namespace xedgesim::exporter
