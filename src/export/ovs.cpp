#include "export/ovs.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/libvirt.h"
#include "export/shell.h"
#include "system/ovs_flows.h"

namespace xedgesim::exporter {
namespace {

using scenario::SwitchPort;
using system::OvsPort;

/// A prefix such as 10.0.0.0/8 and nothing else: the text goes into a flow.
void check_prefix(const std::string& text, const std::string& where) {
  if (text.find_first_not_of("0123456789./") != std::string::npos)
    throw ExportError(where,
                      fmt::format("'{}' is no IPv4 address or prefix: write 10.0.0.0/8", one_line(text)));
}

/// What is plugged into one switch, in the order of its own ports, then of the links.
std::vector<OvsPort> ports_of(const Topology& t, const Bridge& b) {
  std::vector<OvsPort> out;
  for (const Machine& m : t.machines)
    for (const Card& c : m.cards) {
      if (c.bridge != b.name) continue;
      OvsPort p{.name = c.port_name, .device = c.device, .port = c.port, .where = c.where, .station = true};
      p.rate_bps = c.towards.rate_bps;
      if (c.qos && c.qos->inbound) p.inbound = &*c.qos->inbound;
      if (c.qos && c.qos->outbound) p.outbound = &*c.qos->outbound;
      out.push_back(std::move(p));
    }
  for (const Trunk& k : t.trunks)
    for (const Trunk::End* e : {&k.a, &k.b})
      if (e->at == b.of)
        out.push_back({.name = e->port_name,
                       .device = e->device,
                       .port = e->port,
                       .where = k.where,
                       .rate_bps = k.forward.rate_bps});
  for (const LoosePort& l : t.loose)
    if (l.at == b.of)
      out.push_back({.name = l.port->name,
                     .device = l.device,
                     .port = l.port,
                     .where = b.where,
                     .internal = true,
                     .station = true});
  for (size_t i = 0; i < out.size(); ++i) out[i].number = static_cast<int>(i) + 1;
  return out;
}

std::string vlan_list(const std::vector<int64_t>& vlans) {
  std::string out;
  for (const int64_t v : vlans) out += (out.empty() ? "" : ",") + std::to_string(v);
  return out;
}

class BridgeWriter {
 public:
  BridgeWriter(const Bridge& b, std::vector<OvsPort> ports, const OvsOptions& o, Script& script,
               Result& result)
      : b_(b), s_(*b.of), ports_(std::move(ports)), options_(o), script_(script), result_(result) {}

  void write(const scenario::Lan& lan) {
    script_.comment(fmt::format("switch {}", s_.id));
    write_bridge();
    for (size_t i = 0; i < s_.lags.size(); ++i) write_bond(i);
    for (const OvsPort& p : ports_) {
      if (in_bond(p)) continue;
      Command c{
          "ovs-vsctl", "--may-exist", "add-port",  b_.name,  p.device,
          "--",        "set",         "interface", p.device, fmt::format("ofport_request={}", p.number)};
      if (p.internal) c.push_back("type=internal");
      append_port(c, p.device, p);
      script_.run(c);
      if (p.internal) script_.run({"ip", "link", "set", p.device, "up"});
    }
    if (b_.lan) write_host(lan);
    if (s_.mirror) write_mirror();
    for (const OvsPort& p : ports_) write_qos(p);
    warn_missing();
    if (needs_flows()) write_flows();
  }

 private:
  bool in_bond(const OvsPort& p) const {
    return std::any_of(s_.lags.begin(), s_.lags.end(), [&](const auto& group) {
      return std::find(group.begin(), group.end(), p.name) != group.end();
    });
  }
  const OvsPort* find(const std::string& name) const {
    for (const OvsPort& p : ports_)
      if (p.name == name) return &p;
    return nullptr;
  }

  void write_bridge() {
    Command c{"ovs-vsctl", "--may-exist", "add-br", b_.name, "--", "set", "bridge", b_.name};
    append(c, {options_.datapath == OvsOptions::Datapath::netdev ? "datapath_type=netdev"
                                                                 : "datapath_type=system",
               "fail_mode=standalone", "protocols=OpenFlow10,OpenFlow13",
               fmt::format("other_config:mac-aging-time={}",
                           std::clamp<int64_t>(s_.mac_ageing.count_ns() / 1'000'000'000, 15, 3600)),
               fmt::format("other_config:mac-table-size={}", std::max<int64_t>(10, s_.mac_table_size))});
    if (s_.stp)
      append(c, {"rstp_enable=true", fmt::format("other_config:rstp-priority={}", s_.stp_priority)});
    else
      c.push_back("rstp_enable=false");
    c.push_back(s_.igmp_snooping ? "mcast_snooping_enable=true" : "mcast_snooping_enable=false");
    script_.run(c);
    script_.run({"ip", "link", "set", b_.name, "up"});
  }

  /// "-- set port …" for VLANs and the spanning tree.
  void append_port(Command& c, const std::string& port, const OvsPort& p) {
    Command settings;
    if (vlan_aware(s_)) {
      using Mode = SwitchPort::Mode;
      const Mode mode = p.port ? p.port->mode : Mode::access;
      const int64_t own = p.port && p.port->vlan ? *p.port->vlan : 1;
      if (mode == Mode::access) append(settings, {"vlan_mode=access", fmt::format("tag={}", own)});
      if (mode == Mode::tunnel)
        append(settings,
               {"vlan_mode=dot1q-tunnel", fmt::format("tag={}", own), "other_config:qinq-ethtype=802.1ad"});
      if (mode == Mode::trunk) {
        if (p.port->vlan)
          append(settings, {"vlan_mode=native-untagged", fmt::format("tag={}", own)});
        else
          settings.push_back("vlan_mode=trunk");
        std::vector<int64_t> trunks = p.port->trunks;
        if (p.port->vlan && !trunks.empty() && std::find(trunks.begin(), trunks.end(), own) == trunks.end())
          trunks.push_back(own);
        if (!trunks.empty()) settings.push_back("trunks=" + vlan_list(trunks));
      }
    }
    if (s_.stp) {
      const bool edge = p.port && p.port->edge ? *p.port->edge : p.station;
      append(settings, {"other_config:rstp-enable=true",
                        std::string("other_config:rstp-port-admin-edge=") + (edge ? "true" : "false")});
      // 802.1D-2004 table 17-3, as the simulated switch has it.
      if (p.rate_bps > 0)
        settings.push_back(fmt::format("other_config:rstp-path-cost={}",
                                       std::clamp<int64_t>(20'000'000'000'000 / p.rate_bps, 1, 200'000'000)));
    }
    if (settings.empty()) return;
    append(c, {"--", "set", "port", port});
    c.insert(c.end(), settings.begin(), settings.end());
  }

  void write_bond(size_t index) {
    Command members;
    const OvsPort* first = nullptr;
    for (const std::string& name : s_.lags[index])
      if (const OvsPort* p = find(name)) {
        members.push_back(p->device);
        if (!first) first = p;
      }
    if (members.size() < 2) {
      result_.warn(fmt::format("{}.lags[{}]", b_.where, index),
                   "a bond needs two ports with cables: it is left out");
      return;
    }
    const std::string& bond = b_.bonds.at(index);
    Command c{"ovs-vsctl", "--may-exist", "add-bond", b_.name, bond};
    c.insert(c.end(), members.begin(), members.end());
    append(c, {"--", "set", "port", bond, "bond_mode=balance-slb", "lacp=off"});
    append_port(c, bond, *first);
    script_.run(c);
  }

  void write_flows() {
    for (size_t i = 0; i < s_.acl.size(); ++i) {
      const std::string rule = fmt::format("{}.acl[{}]", b_.where, i);
      check_prefix(s_.acl[i].ip_source, rule + ".ip_source");
      check_prefix(s_.acl[i].ip_destination, rule + ".ip_destination");
    }
    script_.comment("flows and meters of " + s_.id);
    const system::OvsFlows flows = system::ovs_flows(b_.name, s_, ports_, queues_, b_.where);
    for (const Command& c : flows.commands) script_.run(c);
    for (const auto& left : flows.left_out) result_.warn(left.where, left.text);
  }

  void write_host(const scenario::Lan& lan) {
    if (lan.host_interface.size() > 15)
      throw ExportError("network.lan.host_interface",
                        fmt::format("'{}' is longer than the 15 characters Linux allows for "
                                    "a network device: shorten it",
                                    lan.host_interface));
    Command c{"ovs-vsctl", "--may-exist", "add-port",         b_.name,        lan.host_interface, "--",
              "set",       "interface",   lan.host_interface, "type=internal"};
    OvsPort host{.name = "", .device = lan.host_interface, .station = true};
    append_port(c, lan.host_interface, host);
    script_.run(c);
    script_.run(
        {"ip", "addr", "replace", fmt::format("{}/{}", lan.host_ip, lan.prefix), "dev", lan.host_interface});
    script_.run({"ip", "link", "set", lan.host_interface, "up"});
  }

  void write_mirror() {
    const OvsPort* to = find(s_.mirror->to);
    if (!to) return;
    Command c{"ovs-vsctl", "clear",    "bridge", b_.name, "mirrors",
              "--",        "--id=@to", "get",    "port",  to->device};
    std::string selected;
    for (size_t i = 0; i < s_.mirror->from.size(); ++i)
      if (const OvsPort* p = find(s_.mirror->from[i])) {
        append(c, {"--", fmt::format("--id=@from{}", i), "get", "port", p->device});
        selected += (selected.empty() ? "" : ",") + fmt::format("@from{}", i);
      }
    append(c, {"--", "--id=@mirror", "create", "mirror", "name=" + b_.name, "output_port=@to"});
    if (selected.empty())
      c.push_back("select_all=true");
    else
      append(c, {"select_src_port=" + selected, "select_dst_port=" + selected});
    append(c, {"--", "set", "bridge", b_.name, "mirrors=@mirror"});
    script_.run(c);
  }

  void write_qos(const OvsPort& p) {
    const scenario::SwitchQos* qos = port_qos(s_, p.port);
    const bool limited = p.inbound && p.inbound->average;
    if (in_bond(p) || (!qos && !limited)) return;
    int64_t root = qos && qos->max_rate ? *qos->max_rate : p.rate_bps;
    if (limited) root = root > 0 ? std::min(root, *p.inbound->average) : *p.inbound->average;
    if (root == 0) {
      result_.warn(p.where,
                   fmt::format("port '{}': the queues need a rate to be a part of: set qos.max_rate or the "
                               "link's bandwidth",
                               p.name));
      return;
    }
    // Rows of table qos stay when nothing refers to them: those of an earlier run go first.
    script_.run({"ovs-vsctl", "clear", "port", p.device, "qos"});
    for (const char* table : {"qos", "queue"})
      script_.line(
          fmt::format("for row in $(ovs-vsctl --bare --columns=_uuid find {0} external_ids:xedgesim={1}); do "
                      "ovs-vsctl --if-exists destroy {0} \"$row\"; done",
                      table, p.device));
    const std::string mark = "external_ids:xedgesim=" + p.device;
    Command c{"ovs-vsctl",
              "set",
              "port",
              p.device,
              "qos=@qos",
              "--",
              "--id=@qos",
              "create",
              "qos",
              "type=linux-htb",
              fmt::format("other_config:max-rate={}", root),
              mark};
    Command made;
    int64_t weights = 0;
    if (qos)
      for (const auto& q : qos->queues) weights += q.weight.value_or(0);
    if (qos)
      for (const auto& q : qos->queues) {
        c.push_back(fmt::format("queues:{0}=@q{0}", q.priority));
        append(made, {"--", fmt::format("--id=@q{}", q.priority), "create", "queue", mark});
        const int64_t share = q.weight ? root * *q.weight / weights : root / 100;
        append(made, {fmt::format("other_config:min-rate={}",
                                  std::max<int64_t>(12'000, q.min_rate.value_or(share))),
                      fmt::format("other_config:max-rate={}", std::min(root, q.max_rate.value_or(root))),
                      fmt::format("other_config:priority={}", q.weight ? 7 : 7 - q.priority)});
        if (q.priority > 0) queues_.insert(q.priority);
        if (q.queue)
          result_.warn(
              p.where,
              fmt::format("port '{}': Open vSwitch sets no length of a queue: 'queue' is left out", p.name));
      }
    c.insert(c.end(), made.begin(), made.end());
    script_.run(c);
    if (options_.datapath == OvsOptions::Datapath::netdev && qos) write_queue_filters(p, *qos);
  }

  /// set_queue does nothing on the user-space datapath: tc chooses the queue there.
  void write_queue_filters(const OvsPort& p, const scenario::SwitchQos& qos) {
    bool filtered = false;
    for (const auto& q : qos.queues) {
      if (q.priority == 0) continue;
      filtered = true;
      // The frame's own tag: queue N is class 1:(N+1) of the htb that Open vSwitch made.
      script_.run({"tc",
                   "filter",
                   "replace",
                   "dev",
                   p.device,
                   "parent",
                   "1:",
                   "protocol",
                   "802.1Q",
                   "prio",
                   fmt::format("{}", 10 + q.priority),
                   "u32",
                   "match",
                   "u16",
                   fmt::format("{:#06x}", q.priority << 13),
                   "0xe000",
                   "at",
                   "0",
                   "flowid",
                   fmt::format("1:{:x}", q.priority + 1)});
    }
    if (filtered)
      result_.warn(p.where,
                   fmt::format("port '{}': set_queue does nothing on the user-space datapath: tc u32 filters "
                               "choose the queue instead",
                               p.name));
  }

  void warn_missing() {
    if (s_.tagging != scenario::Switch::Tagging::none)
      result_.warn(b_.where,
                   "Open vSwitch has no DSA tags: 'tagging' is left out; only backend: native has it");
    if (s_.trust_dscp)
      result_.warn(b_.where, "trust_dscp is left out: Open vSwitch sorts by 802.1p priority only");
    for (const OvsPort& p : ports_) {
      if (p.port && p.port->service)
        result_.warn(
            p.where,
            fmt::format("port '{}': trunks of Open vSwitch carry 802.1Q tags only: 'service' is left out",
                        p.name));
      if (p.port && p.port->priority)
        result_.warn(
            p.where,
            fmt::format("port '{}': untagged frames keep priority 0: 'priority' is left out", p.name));
    }
  }

  bool needs_flows() const {
    return !s_.acl.empty() || !queues_.empty() ||
           std::any_of(ports_.begin(), ports_.end(), [](const OvsPort& p) {
             return (p.port && p.port->storm_control) || (p.outbound && p.outbound->average);
           });
  }

  const Bridge& b_;
  const scenario::Switch& s_;
  std::vector<OvsPort> ports_;
  const OvsOptions& options_;
  Script& script_;
  Result& result_;
  std::set<int64_t> queues_;
};

/// Cables that the scenario begins with unplugged. A machine's own end keeps its carrier.
void unplug(const Topology& t, Script& apply) {
  std::vector<std::string> devices;
  for (const Machine& m : t.machines)
    for (const Card& c : m.cards)
      if (const Bridge* b = t.bridge(c.bridge); b && on_ovs(*b) && (!c.from.up || !c.towards.up))
        devices.push_back(c.device);
  for (const Trunk& k : t.trunks)
    if (!k.forward.up || !k.backward.up) devices.insert(devices.end(), {k.a.device, k.b.device});
  if (!devices.empty()) apply.comment("unplugged");
  for (const std::string& d : devices) apply.run({"ip", "link", "set", d, "down"});
}

}  // namespace

Result export_ovs(const scenario::Scenario& scenario, const OvsOptions& options) {
  const Topology t = make_topology(scenario);
  Result result;
  Script apply(
      "Switches of the scenario as Open vSwitch bridges. libvirt makes a machine's port anew when it starts: "
      "run this after the machines have started.");
  Script remove("Takes the bridges of apply.sh away.");
  for (const Trunk& k : t.trunks) {
    apply.comment("cable " + k.link);
    apply.attempt({"ip", "link", "add", k.a.device, "type", "veth", "peer", "name", k.b.device});
    apply.run({"ip", "link", "set", k.a.device, "up"});
    apply.run({"ip", "link", "set", k.b.device, "up"});
  }
  bool any = false;
  for (const Bridge& b : t.bridges) {
    if (!on_ovs(b)) continue;
    any = true;
    BridgeWriter(b, ports_of(t, b), options, apply, result).write(t.lan);
    remove.run({"ovs-vsctl", "--if-exists", "del-br", b.name});
  }
  if (!any)
    throw ExportError("switches", "there is no switch for Open vSwitch: add one, or give one backend: ovs");
  unplug(t, apply);
  for (const Trunk& k : t.trunks) remove.attempt({"ip", "link", "del", k.a.device});
  result.add("apply.sh", apply.text(), 0755);
  result.add("remove.sh", remove.text(), 0755);
  return result;
}

}  // namespace xedgesim::exporter
