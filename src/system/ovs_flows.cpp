#include "system/ovs_flows.h"

#include <fmt/format.h>

#include <algorithm>

namespace xedgesim::system {
namespace {

class FlowWriter {
 public:
  FlowWriter(OvsFlows& out, std::string bridge) : out_(out), bridge_(std::move(bridge)) {}

  void begin() {
    ofctl({"del-flows", bridge_});
    ofctl({"del-meters", bridge_});
    flow("table=0,priority=0,actions=goto_table:1");
    flow("table=1,priority=0,actions=goto_table:2");
    flow("table=2,priority=0,actions=NORMAL");
  }
  void flow(const std::string& text) { ofctl({"add-flow", bridge_, text}); }
  /// A meter that lets this rate pass, and its number.
  int meter(int64_t bits_per_second, int64_t burst_bytes) {
    // OpenFlow counts kilobits, for the burst too.
    ofctl({"add-meter", bridge_,
           fmt::format("meter={},kbps,burst,band=type=drop,rate={},burst_size={}", ++meters_,
                       std::max<int64_t>(1, bits_per_second / 1000),
                       std::max<int64_t>(1, burst_bytes * 8 / 1000))});
    return meters_;
  }

 private:
  void ofctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ovs-ofctl", "-O", "OpenFlow13"});
    out_.commands.push_back(std::move(arguments));
  }
  OvsFlows& out_;
  std::string bridge_;
  int meters_ = 0;
};

/// "in_port=3,dl_vlan=20" for each port a rule can match at; just "" for all.
std::vector<std::string> rule_ports(const scenario::AccessRule& r, const std::vector<OvsPort>& ports) {
  std::vector<std::string> out;
  if (r.ports.empty() && !r.vlan) return {""};
  for (const OvsPort& p : ports) {
    if (!r.ports.empty() && std::find(r.ports.begin(), r.ports.end(), p.name) == r.ports.end()) continue;
    const bool trunk = p.port && p.port->mode == scenario::SwitchPort::Mode::trunk;
    const int64_t own = p.port && p.port->vlan ? *p.port->vlan : 1;
    const std::string in = fmt::format("in_port={}", p.number);
    if (!r.vlan) {
      out.push_back(in);
    } else if (trunk) {
      out.push_back(fmt::format("{},dl_vlan={}", in, *r.vlan));
      if (p.port->vlan && own == *r.vlan) out.push_back(in + ",vlan_tci=0x0000/0x1000");
    } else if (own == *r.vlan) {
      out.push_back(in);  // an access port's frames get their tag behind the flow tables
    }
  }
  return out;
}

std::vector<std::string> rule_matches(const scenario::AccessRule& r) {
  std::string l2;
  if (!r.source.empty()) l2 += ",dl_src=" + r.source;
  if (!r.destination.empty()) l2 += ",dl_dst=" + r.destination;
  const bool ip =
      !r.ip_source.empty() || !r.ip_destination.empty() || r.protocol || r.source_port || r.destination_port;
  if (ip)
    l2 += ",dl_type=0x0800";
  else if (r.type)
    l2 += fmt::format(",dl_type={:#06x}", *r.type);
  if (!r.ip_source.empty()) l2 += ",nw_src=" + r.ip_source;
  if (!r.ip_destination.empty()) l2 += ",nw_dst=" + r.ip_destination;
  std::vector<int64_t> protocols;
  if (r.protocol)
    protocols = {*r.protocol};
  else if (r.source_port || r.destination_port)
    protocols = {6, 17};
  if (protocols.empty()) return {l2};
  std::vector<std::string> out;
  for (const int64_t protocol : protocols) {
    std::string m = l2 + fmt::format(",nw_proto={}", protocol);
    if (r.source_port) m += fmt::format(",tp_src={}", *r.source_port);
    if (r.destination_port) m += fmt::format(",tp_dst={}", *r.destination_port);
    out.push_back(std::move(m));
  }
  return out;
}

void add_rules(FlowWriter& flows, const scenario::Switch& s, const std::vector<OvsPort>& ports,
               const std::string& where, OvsFlows& out) {
  for (size_t i = 0; i < s.acl.size(); ++i) {
    const scenario::AccessRule& r = s.acl[i];
    const std::string rule = fmt::format("{}.acl[{}]", where, i);
    if (r.priority)
      out.left_out.push_back(
          {rule, "only tagged frames can be given a priority by a flow: untagged ones keep theirs"});
    const bool permit = r.action == scenario::AccessRule::Action::permit;
    const std::string priority =
        permit && r.priority ? fmt::format("mod_vlan_pcp:{},", *r.priority) : std::string();
    for (const std::string& port : rule_ports(r, ports))
      for (const std::string& match : rule_matches(r)) {
        const std::string comma = port.empty() ? "" : ",";
        // set_field on a tag needs one to be there.
        const bool tagged = priority.empty() || port.find("dl_vlan") != std::string::npos;
        flows.flow(fmt::format("table=0,priority={}{}{}{},actions={}", 30000 - i, comma, port, match,
                               permit ? (tagged ? priority : "") + "goto_table:1" : "drop"));
      }
  }
}

void add_meters(FlowWriter& flows, const std::vector<OvsPort>& ports, OvsFlows& out) {
  for (const OvsPort& p : ports) {
    const std::string in = fmt::format("in_port={}", p.number);
    if (p.port && p.port->storm_control) {
      const auto& storm = *p.port->storm_control;
      const int64_t burst = storm.burst.value_or(16'000);
      if (storm.broadcast)
        flows.flow(
            fmt::format("table=1,priority=300,{},dl_dst=ff:ff:ff:ff:ff:ff,actions=meter:{},goto_table:2", in,
                        flows.meter(*storm.broadcast, burst)));
      if (storm.multicast)
        flows.flow(
            fmt::format("table=1,priority=200,{},dl_dst=01:00:00:00:00:00/"
                        "01:00:00:00:00:00,actions=meter:{},goto_table:2",
                        in, flows.meter(*storm.multicast, burst)));
      if (storm.unknown)
        out.left_out.push_back(
            {p.where, fmt::format("port '{}': no flow tells frames for unknown stations from others: "
                                  "storm_control.unknown is left out",
                                  p.name)});
    }
    if (p.outbound && p.outbound->average) {
      out.left_out.push_back(
          {p.where, fmt::format("{}: what the machine sends is limited by a meter at port '{}', because "
                                "ingress_policing_rate does nothing on Open vSwitch's user-space datapath",
                                p.device, p.name)});
      flows.flow(fmt::format("table=1,priority=100,{},actions=meter:{},goto_table:2", in,
                             flows.meter(*p.outbound->average, p.outbound->burst.value_or(16'000))));
    }
  }
}

}  // namespace

OvsFlows ovs_flows(const std::string& bridge, const scenario::Switch& s, const std::vector<OvsPort>& ports,
                   const std::set<int64_t>& queues, const std::string& where) {
  OvsFlows out;
  FlowWriter flows(out, bridge);
  flows.begin();
  add_rules(flows, s, ports, where, out);
  add_meters(flows, ports, out);
  for (const int64_t priority : queues)
    // 802.1Q tag control: three bits of priority above the bit that says there is a tag.
    flows.flow(fmt::format("table=2,priority=10,vlan_tci={:#06x}/0xf000,actions=set_queue:{},NORMAL",
                           priority << 13 | 0x1000, priority));
  return out;
}

}  // namespace xedgesim::system
