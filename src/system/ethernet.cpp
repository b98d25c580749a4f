#include "system/ethernet.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/error.h"
#include "scenario/cards.h"
#include "scenario/expand.h"
#include "system/edge_container.h"
#include "system/impairments.h"
#include "system/located.h"
#include "system/switch_config.h"

namespace xedgesim::system {
namespace {

Duration flow_interval(const scenario::TrafficFlow& f) {
  if (f.interval) return *f.interval;
  if (!f.rate || *f.rate == 0) return Duration::s(1);
  return Duration::ns(static_cast<int64_t>(static_cast<__int128>(f.size) * 8'000'000'000 / *f.rate));
}

/// In front of the line, whose rate stays.
void shape(const scenario::Bandwidth& b, net::LinkParameters& p) {
  if (!b.average) return;
  constexpr int64_t kShortestBurst = 16'000;  // bytes
  p.line_rate_bps = p.rate_bps;
  p.rate_bps = *b.average;
  p.burst_bytes = std::max(b.burst.value_or(0), std::max(kShortestBurst, *b.average / 8 / 1000));
  if (b.peak && *b.peak > *b.average) p.peak_rate_bps = *b.peak;
}

}  // namespace

std::vector<std::string> EthernetNetwork::participant_names(const scenario::Scenario& s) {
  std::vector<std::string> names;
  for (const auto& [id, entry] : expanded_nodes(s)) names.push_back(id);
  for (const auto& w : s.switches) names.push_back(w.id);
  for (const auto& l : s.links) names.push_back(l.id);
  return names;
}

std::vector<std::string> EthernetNetwork::flow_names(const scenario::Scenario& s) {
  std::vector<std::string> names;
  const auto taken = [&](const std::string& n) {
    return std::find(names.begin(), names.end(), n) != names.end();
  };
  for (const auto& [from, entry] : expanded_nodes(s)) {
    if (s.nodes[entry].type != scenario::LinuxNode::Type::model) continue;
    for (const scenario::TrafficFlow& f : s.nodes[entry].traffic) {
      std::string name = f.id.empty()               ? from + "_to_" + f.to
                         : s.nodes[entry].count > 1 ? from + "_" + f.id
                                                    : f.id;
      const std::string stem = name;
      for (int number = 2; f.id.empty() && taken(name); ++number) name = fmt::format("{}_{}", stem, number);
      names.push_back(std::move(name));
    }
  }
  return names;
}

/// One end of a cable.
struct EthernetNetwork::Plug {
  sim::ParticipantId participant = sim::kNobody;
  int64_t port = 0;
  std::string node;  // empty: a switch
  std::optional<size_t> switch_index;
  const scenario::SwitchQos* qos = nullptr;
  bool outside = false;  // a machine that runs ahead
};

class EthernetNetwork::Builder {
 public:
  Builder(EthernetNetwork& out, const scenario::Scenario& s, sim::Scheduler& scheduler,
          sim::ParticipantId observer)
      : out_(out),
        s_(s),
        scheduler_(scheduler),
        observer_(observer),
        machines_(expanded_nodes(s)),
        flow_names_(flow_names(s)),
        cards_(all_cards(s)),
        window_(machine_window(s)),
        wall_(on_wall_clock(s)) {}

  void build() {
    name_ports();
    plugs_.resize(s_.switches.size());
    cables_.resize(s_.switches.size());
    for (size_t i = 0; i < s_.switches.size(); ++i) {
      plugs_[i].resize(ports_[i].size());
      cables_[i].assign(ports_[i].size(), sim::kNobody);
    }
    for (size_t i = 0; i < s_.links.size(); ++i)
      located(s_, fmt::format("links[{}]", i), [&] { add_link(s_.links[i]); });
    for (size_t i = 0; i < s_.switches.size(); ++i) {
      const auto id = scheduler_.id(s_.switches[i].id);
      if (s_.switches[i].backend == scenario::Switch::Backend::ovs) {
        add_hosted_switch(i, id);
        continue;
      }
      located(s_, fmt::format("switches[{}]", i), [&] {
        out_.switches_.push_back(std::make_unique<net::ethernet::SwitchNode>(
            id, switch_config(s_.switches[i], ports_[i], plugs_[i]), cables_[i]));
      });
      scheduler_.attach(id, *out_.switches_.back());
    }
    for (size_t i = 0; i < machines_.size(); ++i)
      located(s_, fmt::format("nodes[{}]", machines_[i].second),
              [&] { runs_linux(machines_[i].second) ? add_machine(i) : add_host(i); });
  }

 private:
  void add_hosted_switch(size_t i, sim::ParticipantId id) {
    std::vector<HostedSwitch::Port> ports;
    for (size_t p = 0; p < ports_[i].size(); ++p)
      ports.push_back({ports_[i][p], cables_[i][p], plugs_[i][p].end_station});
    out_.hosted_switches_.push_back(std::make_unique<HostedSwitch>(id, s_.switches[i], std::move(ports)));
    scheduler_.attach(id, *out_.hosted_switches_.back());
  }

  /// The ports a switch lists, then those only links name.
  void name_ports() {
    for (const scenario::Switch& w : s_.switches) {
      auto& names = ports_.emplace_back();
      for (const auto& p : w.ports) names.push_back(p.name);
      for (const auto& l : s_.links)
        for (const std::string& end : l.endpoints) {
          const size_t colon = end.find(':');
          if (end.substr(0, colon) != w.id) continue;
          const std::string port = end.substr(colon + 1);
          if (std::find(names.begin(), names.end(), port) == names.end()) names.push_back(port);
        }
    }
  }

  Plug plug(const std::string& end) {
    const size_t colon = end.find(':');
    const std::string node = end.substr(0, colon), port = end.substr(colon + 1);
    for (size_t i = 0; i < s_.switches.size(); ++i) {
      const scenario::Switch& w = s_.switches[i];
      if (w.id != node) continue;
      const auto number = std::find(ports_[i].begin(), ports_[i].end(), port) - ports_[i].begin();
      Plug p{.participant = scheduler_.id(node), .port = number, .node = {}, .switch_index = i};
      if (w.qos) p.qos = &*w.qos;
      for (const auto& declared : w.ports)
        if (declared.name == port && declared.qos) p.qos = &*declared.qos;
      return p;
    }
    for (const auto& [id, entry] : machines_)
      if (id == node) {
        const auto card = scenario::card_named(s_.nodes[entry], port);
        if (!card) throw ConfigError(fmt::format("node '{}' has no network card '{}'", node, port));
        return {.participant = scheduler_.id(node),
                .port = static_cast<int64_t>(*card),
                .node = node,
                .switch_index = {},
                .qos = nullptr,
                .outside = runs_linux(entry) && !wall_};
      }
    for (const scenario::EdgeNode& e : s_.edge)
      if (e.id == node && e.type == scenario::EdgeNode::Type::machine)
        return {.participant = scheduler_.id(node), .port = 0, .node = node, .switch_index = {}};
    throw ConfigError(
        fmt::format("'{}' cannot be plugged in: this version has cables between switches and nodes", end));
  }

  void add_link(const scenario::Link& l) {
    const auto id = scheduler_.id(l.id);
    const Plug a = plug(l.endpoints[0]), b = plug(l.endpoints[1]);
    Directions d = link_directions(l.impairments, l.forward, l.backward);
    net::LinkConfig c{.id = id, .name = l.id, .seed = s_.meta.seed, .a = a.participant, .b = b.participant};
    c.a_port = a.port;
    c.b_port = b.port;
    c.tells_carrier = true;
    c.a_outside = a.outside;
    c.b_outside = b.outside;
    if (a.outside || b.outside) c.floor = window_.value();
    for (auto [p, parameters, queues] :
         {std::tuple(&a, &d.forward, &c.a_queues), std::tuple(&b, &d.backward, &c.b_queues)}) {
      if (p->switch_index) {
        plugs_[*p->switch_index][static_cast<size_t>(p->port)] = {
            .end_station = !(p == &a ? b : a).node.empty(), .rate_bps = parameters->rate_bps};
        cables_[*p->switch_index][static_cast<size_t>(p->port)] = id;
        *queues = p->qos ? port_queues(*p->qos) : net::PortQueues{};
        if (p->qos) apply_guarantees(l.endpoints[p == &a ? 0 : 1], *p->qos, *parameters);
      } else if (!hosts_cable_.emplace(std::pair(p->node, p->port), id).second) {
        throw ConfigError(fmt::format(
            "node '{}' has two cables and one network card: list its cards as `interfaces`", p->node));
      }
    }
    limit(a, d.forward, d.backward);
    limit(b, d.backward, d.forward);
    c.a_to_b = d.forward;
    c.b_to_a = d.backward;
    out_.cables_.push_back({std::make_unique<net::Link>(std::move(c)), a.node, b.node});
    scheduler_.attach(id, *out_.cables_.back().link);
  }

  /// A machine's `qos`, as tc on the host's end of its cable would do it.
  void limit(const Plug& p, net::LinkParameters& from, net::LinkParameters& to) const {
    for (const auto& [id, entry] : machines_) {
      if (id != p.node) continue;
      const scenario::Qos* q = scenario::declared_cards(s_.nodes[entry])[static_cast<size_t>(p.port)].qos;
      if (q && q->outbound) shape(*q->outbound, from);
      if (q && q->inbound) shape(*q->inbound, to);
    }
  }

  bool runs_linux(size_t entry) const { return s_.nodes[entry].type != scenario::LinuxNode::Type::model; }

  /// By its network cards.
  std::vector<sim::ParticipantId> cables_of(size_t machine) const {
    const std::string& id = machines_[machine].first;
    std::vector<sim::ParticipantId> out;
    for (const CardAddress& c : cards_[machine]) {
      const auto cable = hosts_cable_.find(std::pair(id, static_cast<int64_t>(out.size())));
      if (cable == hosts_cable_.end())
        throw ConfigError(fmt::format("node '{}' has no cable{}: add a link with the endpoint \"{}:{}\"", id,
                                      cards_[machine].size() > 1 ? " at " + c.name : "", id, c.name));
      out.push_back(cable->second);
    }
    return out;
  }

  void add_machine(size_t machine) {
    const auto& [id, entry] = machines_[machine];
    const scenario::LinuxNode& n = s_.nodes[entry];
    wall_ ? check_hosted(n) : check_repeatable(n);
    MachineAddress address{.cards = cards_[machine], .gateway = n.gateway};
    for (size_t i = 0; i < machines_.size(); ++i)
      address.hosts.push_back(dotted_ipv4(card_towards(cards_[i], cards_[machine]).ip) + " " +
                              shown_name(machines_[i].first));
    for (const scenario::EdgeNode& e : s_.edge)
      if (!e.ip.empty()) address.hosts.push_back(e.ip + " " + e.id);
    const auto self = scheduler_.id(id);
    MachineNode& m = out_.machines_.emplace_back();
    m.id = shown_name(id);
    m.of_edge = m.id != id;
    m.group = &n;
    m.participant = self;
    m.address = address;
    if (wall_) {
      m.hosted = std::make_unique<HostedMachine>(
          HostedMachine::Config{.self = self, .cables = cables_of(machine), .observer = observer_});
      return scheduler_.attach(self, *m.hosted);
    }
    std::optional<K3sPlan> k3s;
    if (n.role != scenario::LinuxNode::Role::none) {
      Digest digest;  // no secret: nobody from outside reaches a network in virtual time
      digest.add(s_.meta.seed);
      digest.add("k3s");
      k3s = k3s_plan(s_, n, id, digest.hex());
    }
    auto config = machine_config(n, id, address, k3s ? &*k3s : nullptr);
    config.cables = cables_of(machine);
    config.observer = observer_;
    m.node = std::make_unique<nodes::VmNode>(std::move(config));
    scheduler_.attach(self, *m.node);
  }

  void add_host(size_t machine) {
    const auto& [id, entry] = machines_[machine];
    const scenario::LinuxNode& n = s_.nodes[entry];
    const auto cable = cables_of(machine).front();
    nodes::TrafficHost::Config c{.self = scheduler_.id(id),
                                 .name = id,
                                 .seed = s_.meta.seed,
                                 .mac = cards_[machine].front().mac,
                                 .ip = cards_[machine].front().ip,
                                 .vlan = static_cast<uint16_t>(n.vlan.value_or(0)),
                                 .cable = cable};
    for (const scenario::TrafficFlow& f : n.traffic) c.flows.push_back(make_flow(machine, f));
    out_.hosts_.push_back(std::make_unique<nodes::TrafficHost>(std::move(c)));
    scheduler_.attach(scheduler_.id(id), *out_.hosts_.back());
  }

  nodes::TrafficFlow make_flow(size_t machine, const scenario::TrafficFlow& f) {
    const std::string& from = machines_[machine].first;
    const auto to =
        std::find_if(machines_.begin(), machines_.end(), [&](const auto& m) { return m.first == f.to; });
    if (to == machines_.end())
      throw ConfigError(fmt::format("node '{}': a flow is for '{}', but no node has that name", from, f.to));
    if (to->first == from)
      throw ConfigError(fmt::format("node '{}': a flow is for the node itself: name another", from));
    const std::string& name = flow_names_.at(out_.flows_.size());
    if (std::any_of(out_.flows_.begin(), out_.flows_.end(),
                    [&](const Flow& other) { return other.name == name; }))
      throw ConfigError(
          fmt::format("node '{}': there are two flows with the id '{}': rename one", from, name));
    const auto target = static_cast<size_t>(to - machines_.begin());
    nodes::TrafficFlow out{.id = static_cast<uint32_t>(out_.flows_.size()), .name = name};
    out.type = f.type == scenario::TrafficFlow::Type::ping ? nodes::TrafficFlow::Type::ping
                                                           : nodes::TrafficFlow::Type::udp;
    out.pattern = static_cast<nodes::TrafficFlow::Pattern>(f.pattern);
    const CardAddress& card = card_towards(cards_[target], cards_[machine]);
    out.to = card.mac;
    out.to_ip = card.ip;
    out.interval = flow_interval(f);
    out.on = f.on;
    out.off = f.off;
    out.frame_bytes = f.size;
    out.start = SimTime::at(f.start);
    if (f.stop) out.stop = SimTime::at(*f.stop);
    out.pcp = static_cast<uint8_t>(f.priority);
    out.dscp = static_cast<uint8_t>(f.dscp);
    out_.flows_.push_back({name, from, f.to, f.type == scenario::TrafficFlow::Type::ping});
    return out;
  }

  EthernetNetwork& out_;
  const scenario::Scenario& s_;
  sim::Scheduler& scheduler_;
  sim::ParticipantId observer_;
  std::vector<std::pair<std::string, size_t>> machines_;
  std::vector<std::string> flow_names_;
  std::vector<std::vector<CardAddress>> cards_;  // of machines_
  std::optional<Duration> window_;
  const bool wall_;
  std::vector<std::vector<std::string>> ports_;
  std::vector<std::vector<PortPlug>> plugs_;
  std::vector<std::vector<sim::ParticipantId>> cables_;
  std::map<std::pair<std::string, int64_t>, sim::ParticipantId> hosts_cable_;  // by node and card
};

EthernetNetwork::EthernetNetwork(const scenario::Scenario& scenario, sim::Scheduler& scheduler,
                                 sim::ParticipantId observer) {
  Builder(*this, scenario, scheduler, observer).build();
}

}  // namespace xedgesim::system
