#include "system/switch_config.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/rng.h"

namespace xedgesim::system {
namespace {

namespace ethernet = net::ethernet;

ethernet::VlanPort vlan_port(const scenario::SwitchPort* p, bool aware) {
  using Mode = scenario::SwitchPort::Mode;
  if (!aware) return {};
  if (!p) return {.mode = ethernet::VlanPort::Mode::access, .vlan = 1};
  if (p->mode != Mode::trunk)
    return {
        .mode = p->mode == Mode::tunnel ? ethernet::VlanPort::Mode::tunnel : ethernet::VlanPort::Mode::access,
        .vlan = static_cast<uint16_t>(p->vlan.value_or(1))};
  ethernet::VlanPort v{.mode = ethernet::VlanPort::Mode::trunk,
                       .native = static_cast<uint16_t>(p->vlan.value_or(0)),
                       .service = p->service};
  for (int64_t id : p->trunks) v.carries[static_cast<size_t>(id)] = true;
  if (p->trunks.empty()) v.carries.set();
  return v;
}

ethernet::AclRule::Prefix parse_prefix(const std::string& text, const std::string& where) {
  const size_t slash = text.find('/');
  ethernet::AclRule::Prefix p;
  const auto address = parse_ipv4(text.substr(0, slash));
  bool good = address.has_value();
  if (slash != std::string::npos) {
    const char* begin = text.data() + slash + 1;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, p.length);
    good = good && error == std::errc{} && stop == end && p.length >= 0 && p.length <= 32;
  }
  if (!good)
    throw ConfigError(fmt::format("{}: '{}' is no IPv4 address or prefix: write 10.0.0.0/8", where, text));
  p.address = *address;
  return p;
}

}  // namespace

ethernet::Mac derived_mac(const std::string& name) {
  RandomStream r(0, name, "mac");
  return ethernet::Mac{uint64_t{0x525400} << 24 | (r.next64() & 0xffffff)};
}

std::optional<uint32_t> parse_ipv4(const std::string& text) {
  in_addr a{};
  if (inet_pton(AF_INET, text.c_str(), &a) != 1) return std::nullopt;
  return ntohl(a.s_addr);
}

ethernet::SwitchConfig switch_config(const scenario::Switch& s, const std::vector<std::string>& ports,
                                     const std::vector<PortPlug>& plugs) {
  const auto index = [&](const std::string& name, const std::string& what) {
    const auto it = std::find(ports.begin(), ports.end(), name);
    if (it == ports.end())
      throw ConfigError(
          fmt::format("switch '{}': its {} names the port '{}', which it does not have", s.id, what, name));
    return static_cast<int>(it - ports.begin());
  };
  ethernet::SwitchConfig c{.name = s.id, .address = derived_mac(s.id)};
  const bool aware =
      !s.vlans.empty() || std::any_of(s.ports.begin(), s.ports.end(), [](const scenario::SwitchPort& p) {
        return p.vlan || p.mode != scenario::SwitchPort::Mode::access;
      });
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto declared =
        std::find_if(s.ports.begin(), s.ports.end(), [&](const auto& p) { return p.name == ports[i]; });
    const scenario::SwitchPort* p = declared == s.ports.end() ? nullptr : &*declared;
    ethernet::SwitchPortConfig port{.name = ports[i], .vlan = vlan_port(p, aware)};
    if (p && p->priority) port.priority = static_cast<uint8_t>(*p->priority);
    if (p && p->storm_control)
      port.storm = {.broadcast_bps = p->storm_control->broadcast.value_or(0),
                    .multicast_bps = p->storm_control->multicast.value_or(0),
                    .unknown_bps = p->storm_control->unknown.value_or(0),
                    .burst_bytes = p->storm_control->burst.value_or(16'000)};
    port.edge = p && p->edge ? *p->edge : plugs[i].end_station;
    // 802.1D-2004 table 17-3: 20 Tbit/s over the rate.
    if (const int64_t rate = plugs[i].rate_bps; rate > 0)
      port.path_cost = static_cast<uint32_t>(std::clamp<int64_t>(20'000'000'000'000 / rate, 1, 200'000'000));
    else
      port.path_cost = 2'000;
    c.ports.push_back(std::move(port));
  }
  for (const auto& group : s.lags) {
    ethernet::Lag lag;
    for (const std::string& name : group) lag.members.push_back(index(name, "lag"));
    if (!lag.members.empty()) c.lags.push_back(std::move(lag));
  }
  c.table_size = static_cast<size_t>(s.mac_table_size);
  c.ageing = s.mac_ageing;
  c.spanning_tree = s.stp;
  c.spanning_tree_priority = static_cast<uint16_t>(s.stp_priority);
  c.igmp_snooping = s.igmp_snooping;
  c.trust_dscp = s.trust_dscp;
  for (const scenario::AccessRule& r : s.acl) {
    const std::string where = fmt::format("switch '{}': acl", s.id);
    ethernet::AclRule rule{.permit = r.action == scenario::AccessRule::Action::permit};
    for (const std::string& p : r.ports) rule.ports.push_back(index(p, "acl"));
    if (!r.source.empty()) rule.source = ethernet::parse_mac(r.source);
    if (!r.destination.empty()) rule.destination = ethernet::parse_mac(r.destination);
    if (r.vlan) rule.vlan = static_cast<uint16_t>(*r.vlan);
    if (r.type) rule.type = static_cast<uint16_t>(*r.type);
    if (!r.ip_source.empty()) rule.ip_source = parse_prefix(r.ip_source, where);
    if (!r.ip_destination.empty()) rule.ip_destination = parse_prefix(r.ip_destination, where);
    if (r.protocol) rule.protocol = static_cast<uint8_t>(*r.protocol);
    if (r.source_port) rule.source_port = static_cast<uint16_t>(*r.source_port);
    if (r.destination_port) rule.destination_port = static_cast<uint16_t>(*r.destination_port);
    if (r.priority) rule.set_priority = static_cast<uint8_t>(*r.priority);
    c.acl.push_back(std::move(rule));
  }
  if (s.mirror) {
    c.mirror_to = index(s.mirror->to, "mirror");
    for (const std::string& p : s.mirror->from) c.mirror_from.push_back(index(p, "mirror"));
    if (c.mirror_from.empty())
      for (int i = 0; i < static_cast<int>(ports.size()); ++i)
        if (i != c.mirror_to) c.mirror_from.push_back(i);
  }
  return c;
}

net::PortQueues port_queues(const scenario::SwitchQos& qos) {
  net::PortQueues q;
  q.max_rate_bps = qos.max_rate.value_or(0);
  q.burst_bytes = qos.burst.value_or(q.burst_bytes);
  for (const scenario::RateQueue& r : qos.queues) {
    auto& one = q.queues[static_cast<size_t>(r.priority)];
    one.weight = r.weight.value_or(0);
    one.max_rate_bps = r.max_rate.value_or(0);
    one.queue_packets = r.queue.value_or(0);
  }
  return q;
}

void apply_guarantees(const std::string& port, const scenario::SwitchQos& qos, net::LinkParameters& p) {
  const bool any =
      std::any_of(qos.queues.begin(), qos.queues.end(), [](const auto& q) { return q.min_rate.has_value(); });
  if (!any || !p.classes.empty()) return;
  const int64_t root = qos.max_rate ? *qos.max_rate : p.rate_bps;
  if (root == 0)
    throw ConfigError(fmt::format(
        "port '{}': min_rate needs a rate to be a part of: set qos.max_rate or the link's bandwidth", port));
  p.line_rate_bps = p.rate_bps;
  p.rate_bps = root;
  std::array<bool, 8> taken{};
  for (const scenario::RateQueue& q : qos.queues) {
    taken[static_cast<size_t>(q.priority)] = true;
    p.classes.push_back({.name = fmt::format("queue{}", q.priority),
                         .rate_bps = q.min_rate.value_or(root / 100),
                         .ceil_bps = std::max(q.max_rate.value_or(root), q.min_rate.value_or(0)),
                         .priority = 7 - q.priority,
                         .queue_packets = q.queue.value_or(p.queue_packets > 0 ? p.queue_packets : 1000),
                         .pcps = {q.priority}});
  }
  if (std::find(taken.begin(), taken.end(), false) != taken.end())
    p.classes.push_back(
        {.name = "others", .rate_bps = std::max<int64_t>(1, root / 100), .ceil_bps = root, .priority = 7});
}

}  // namespace xedgesim::system
