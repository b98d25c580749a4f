#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>

#include "scenario/cards.h"
#include "scenario/check.h"

namespace xedgesim::scenario {
namespace {

std::vector<std::string> profile_names(const Scenario& s) {
  std::vector<std::string> out = {"default", "constrained", "lossy"};
  for (const auto& [name, profile] : s.profiles) out.push_back(name);
  return out;
}

/// The ports of each switch that lists any.
class PortTable {
 public:
  explicit PortTable(const Scenario& s) {
    for (const Switch& w : s.switches)
      for (const SwitchPort& p : w.ports) ports_[w.id].insert(p.name);
  }
  void check(Check& check, const std::string& id, const std::string& port, const std::string& path) const {
    const auto known = ports_.find(id);
    if (known == ports_.end() || known->second.count(port)) return;
    const std::vector<std::string> names(known->second.begin(), known->second.end());
    const std::string hint = did_you_mean(port, names);
    check.error(path, "switch '{}' has no port '{}'{}", id, port,
                hint.empty() ? " — its ports: " + name_list(names) : hint);
  }

 private:
  std::unordered_map<std::string, std::set<std::string>> ports_;
};

void check_ports(Check& check, const Switch& w, const std::string& path) {
  std::set<std::string> seen;
  std::set<int64_t> vlans;
  for (size_t i = 0; i < w.vlans.size(); ++i)
    if (!vlans.insert(w.vlans[i].id).second)
      check.error(at("{}.vlans[{}]", path, i), "VLAN {} is listed twice: remove one", w.vlans[i].id);
  for (size_t i = 0; i < w.ports.size(); ++i) {
    const SwitchPort& p = w.ports[i];
    const std::string port = at("{}.ports[{}]", path, i);
    if (!p.name.empty() && !seen.insert(p.name).second)
      check.error(port, "port '{}' is listed twice: remove one", p.name);
    if (p.vlan && !vlans.empty() && !vlans.count(*p.vlan))
      check.error(port + ".vlan", "VLAN {} is not in {}.vlans: add it there", *p.vlan, path);
    for (size_t k = 0; k < p.trunks.size(); ++k)
      if (!vlans.empty() && !vlans.count(p.trunks[k]))
        check.error(at("{}.trunks[{}]", port, k), "VLAN {} is not in {}.vlans: add it there", p.trunks[k],
                    path);
  }
}

/// What ns-3's lr-wpan does not have.
void check_ns3(Check& check) {
  const Network& n = check.s.network;
  const auto refuse = [&](bool asked, const std::string& key) {
    if (asked && check.given("network.wireless." + key))
      check.error("network.wireless." + key,
                  "network.type: ns3 does not have it: remove it, or use type: native");
  };
  const Wireless& w = n.wireless;
  refuse(w.shadowing_db != 0, "shadowing");
  refuse(w.fading != Wireless::Fading::none, "fading");
  refuse(w.capture_threshold_db.has_value(), "capture_threshold");
  refuse(!w.adjacent_rejection_db.empty(), "adjacent_rejection");
  constexpr double kLrWpanSensitivity = -106.58;
  refuse(w.sensitivity_dbm && std::abs(*w.sensitivity_dbm - kLrWpanSensitivity) > 0.005, "sensitivity");
  if (!n.interferers.empty())
    check.error("network.interferers",
                "network.type: ns3 does not have them: remove them, or use type: native");
  for (size_t i = 0; i < check.s.faults.size(); ++i)
    if (check.s.faults[i].type == Fault::Type::radio_interference)
      check.error(at("faults[{}].type", i),
                  "network.type: ns3 has no jammers: remove the fault, or use type: native");
}

void check_card(Check& check, const LinuxNode& n, const std::string& node, const std::string& card,
                const std::string& path) {
  if (card_named(n, card)) return;
  std::vector<std::string> names;
  for (const DeclaredCard& c : declared_cards(n)) names.push_back(c.name);
  const std::string hint = did_you_mean(card, names);
  check.error(path, "node '{}' has no network card '{}'{}", node, card,
              hint.empty() ? " — its cards: " + name_list(names) : hint);
}

/// What cables can be plugged into, and what is plugged in.
class Attachments {
 public:
  explicit Attachments(Check& check) : check_(check), ports_(check.s) {
    const Scenario& s = check.s;
    for (const Switch& w : s.switches) switches_.insert(w.id);
    for (const LinuxNode& n : s.nodes)
      for (int64_t k = 0; k < n.count; ++k) machines_[member_id(n.id, n.count, k)] = &n;
    for (const auto& [id, n] : machines_) nodes_.insert(id);
    for (const EdgeNode& e : s.edge) nodes_.insert(e.id);
    for (const CloudNode& c : s.cloud) nodes_.insert(c.id);
    for (const Device& d : s.devices)
      if (d.type == Device::Type::external)
        for (int64_t k = 0; k < d.count; ++k) nodes_.insert(member_id(d.id, d.count, k));
    for (const Switch& w : s.switches) known_.push_back(w.id);
    known_.insert(known_.end(), nodes_.begin(), nodes_.end());
    known_.resize(std::min(known_.size(), kMostSuggested));
  }

  /// One end of a link.
  void check(const std::string& end, size_t link, const std::string& path) {
    const size_t colon = end.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == end.size()) {
      check_.error(path, "'{}' is no attachment point: write NODE:INTERFACE or SWITCH:PORT", end);
      return;
    }
    const std::string node = end.substr(0, colon), card = end.substr(colon + 1);
    if (switches_.count(node)) {
      ports_.check(check_, node, card, path);
    } else if (!nodes_.count(node)) {
      check_.error(path, "no node or switch is named '{}'{}", node, did_you_mean(node, known_));
    } else if (const auto m = machines_.find(node); m != machines_.end()) {
      check_card(check_, *m->second, node, card, path);
    }
    if (const auto [other, fresh] = used_.emplace(end, link); !fresh)
      check_.error(path, "'{}' is plugged in by links[{}] already: choose another", end, other->second);
  }
  bool used(const std::string& end) const { return used_.contains(end); }

 private:
  Check& check_;
  PortTable ports_;
  std::set<std::string> switches_, nodes_;
  std::map<std::string, const LinuxNode*> machines_;
  std::vector<std::string> known_;      // for suggestions
  std::map<std::string, size_t> used_;  // by link
};

}  // namespace

void check_network(Check& check, const NameTable* names) {
  const Network& n = check.s.network;
  if (n.profile && !find_profile(check.s, *n.profile)) {
    const auto known = profile_names(check.s);
    const std::string hint = did_you_mean(*n.profile, known);
    check.error("network.profile", "unknown profile '{}'{}", *n.profile,
                hint.empty() ? " — known: " + name_list(known) : hint);
  }
  for (const auto& [name, wired] : n.wired) {
    const std::string path = "network.wired." + name;
    if (check.given(path + ".endpoints")) {
      if (wired.endpoints.size() != 2) {
        check.error(path + ".endpoints", "a path has two ends, found {}: write [NODE, NODE]",
                    wired.endpoints.size());
      } else {
        check_targets(check, path + ".endpoints", wired.endpoints, names);
      }
    } else if (names && !wired_endpoints(check.s, *names, name)) {
      check.warning(
          path, "the name says no ends: call it A_to_B with node ids, gateway or cloud, or add 'endpoints'");
    }
  }
  if (n.wireless.channel_model == Wireless::ChannelModel::matrix && n.wireless.loss_matrix.empty() &&
      !check.given("network.wireless.loss_matrix"))
    check.error("network.wireless.channel_model", "a matrix needs the key 'loss_matrix': name a CSV file");
  if (n.type == Network::Type::ns3) check_ns3(check);
  for (size_t i = 0; i < n.interferers.size(); ++i) {
    const Interferer& f = n.interferers[i];
    if (f.stop && *f.stop <= f.start)
      check.error(at("network.interferers[{}].stop", i), "it ends before it begins: choose a later time");
  }
  for (const auto& [name, profile] : check.s.profiles) {
    for (const auto& [target, impairments] : profile)
      if (target != "*") check_targets(check, at("profiles.{}.{}", name, target), {target}, names);
  }
}

void check_switches(Check& check) {
  const PortTable ports(check.s);
  for (size_t i = 0; i < check.s.switches.size(); ++i) {
    const Switch& w = check.s.switches[i];
    const std::string path = at("switches[{}]", i);
    check_ports(check, w, path);
    if (w.mirror) {
      ports.check(check, w.id, w.mirror->to, path + ".mirror.to");
      for (size_t k = 0; k < w.mirror->from.size(); ++k)
        ports.check(check, w.id, w.mirror->from[k],
                    check.given(path + ".mirror.from[0]") ? at("{}.mirror.from[{}]", path, k)
                                                          : path + ".mirror.from");
    }
    if (w.stp_priority % 4096 != 0)
      check.error(path + ".stp_priority", "{} is no multiple of 4096: write one", w.stp_priority);
  }
}

void check_links(Check& check) {
  const Scenario& s = check.s;
  Attachments attachments(check);
  for (size_t i = 0; i < s.links.size(); ++i) {
    const std::string path = at("links[{}].endpoints", i);
    const std::vector<std::string>& ends = s.links[i].endpoints;
    if (ends.size() != 2) {
      check.error(path, "a link has two ends, found {}: write [\"NODE:eth0\", \"SWITCH:1\"]", ends.size());
      continue;
    }
    for (size_t k = 0; k < 2; ++k) attachments.check(ends[k], i, at("{}[{}]", path, k));
  }
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    const LinuxNode& n = s.nodes[i];
    if (n.interfaces.empty()) continue;
    for (int64_t k = 0; k < n.count; ++k)
      for (const DeclaredCard& c : declared_cards(n))
        if (const std::string end = member_id(n.id, n.count, k) + ":" + c.name; !attachments.used(end))
          check.error(
              at("nodes[{}]{}", i, c.path),
              "no cable is plugged into this card: add a link with the endpoint \"{}\", or remove the card",
              end);
  }
}

}  // namespace xedgesim::scenario
