#include "net/ethernet/switch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace xedgesim::net::ethernet {
namespace {

constexpr uint64_t kReservedGroups = 0x0180c2000000;  // 01-80-C2-00-00-00 to -0F never cross a bridge

bool is_reserved(Mac m) { return (static_cast<uint64_t>(m) & ~uint64_t{0xf}) == kReservedGroups; }

}  // namespace

Switch::Switch(SwitchConfig config)
    : config_(std::move(config)),
      table_(config_.table_size, config_.ageing),
      acl_(config_.acl),
      counters_(config_.ports.size()),
      up_(config_.ports.size(), 1),
      mirrored_(config_.ports.size(), 0),
      storms_(config_.ports.size()) {
  const auto ports = static_cast<int>(config_.ports.size());
  const auto check = [&](int port, std::string_view what) {
    if (port < 0 || port >= ports)
      throw ConfigError(fmt::format("The switch '{}' has no port {} for its {}.", config_.name, port, what));
  };
  for (int i = 0; i < ports; ++i) logical_.push_back(i);
  for (const Lag& lag : config_.lags)
    for (int m : lag.members) {
      check(m, "link aggregation group");
      logical_[static_cast<size_t>(m)] = lag.members.front();
    }
  if (config_.mirror_to >= 0) check(config_.mirror_to, "mirror");
  for (int p : config_.mirror_from) {
    check(p, "mirror");
    mirrored_[static_cast<size_t>(p)] = 1;
  }
  if (!config_.spanning_tree) return;
  std::vector<Rstp::PortConfig> tree;
  for (int i = 0; i < ports; ++i)
    tree.push_back({.number = static_cast<uint16_t>(i + 1),
                    .cost = config_.ports[static_cast<size_t>(i)].path_cost,
                    .edge = config_.ports[static_cast<size_t>(i)].edge});
  rstp_ = std::make_unique<Rstp>(
      bridge_id(config_.spanning_tree_priority, config_.address), std::move(tree),
      Rstp::Actions{
          .send =
              [this](int port, const Bpdu& b) {
                bpdus_->push_back({port, 7, std::make_shared<sim::Bytes>(build_bpdu(config_.address, b))});
                counters_[static_cast<size_t>(port)].sent(bpdus_->back().frame->size());
              },
          .forget = [this](int port) { table_.flush_port(logical(port)); }});
}

void Switch::start(SimTime now, std::vector<Departure>& out) {
  bpdus_ = &out;
  if (rstp_) rstp_->start(now);
}

void Switch::tick(SimTime now, std::vector<Departure>& out) {
  bpdus_ = &out;
  if (rstp_) rstp_->tick(now);
}

void Switch::carrier(int port, bool up, SimTime now, std::vector<Departure>& out) {
  bpdus_ = &out;
  up_[static_cast<size_t>(port)] = up;
  if (rstp_) {
    rstp_->link(port, up, now);
  } else if (!up && logical(port) == port) {
    table_.flush_port(port);
  }
}

void Switch::receive(int port, const sim::SharedBytes& frame, SimTime now, std::vector<Departure>& out) {
  Rmon& counters = counters_[static_cast<size_t>(port)];
  const auto header = frame ? parse(*frame) : std::nullopt;
  if (!header) {
    ++counters.malformed;
    return;
  }
  Arrival a{.port = port, .logical = logical(port), .frame = frame, .header = *header, .in = {}, .now = now};
  counters.received(frame->size(), header->destination == kBroadcast, is_group(header->destination),
                    header->tag_count > 0);
  if (mirrored_[static_cast<size_t>(port)]) mirror(frame, out);
  if (is_reserved(header->destination)) {
    bpdus_ = &out;
    return control(a);
  }
  if (!admit(a, counters)) return;
  const bool group = is_group(header->destination);
  const std::optional<int> known = group ? std::nullopt : table_.find(a.in.vlan, header->destination, now);
  if (!storm(a, known)) {
    ++counters.storm_suppressed;
    return;
  }
  if (known) {
    if (*known != a.logical) leave(a, *known, out);
    return;
  }
  if (group && config_.igmp_snooping && header->type == ether_type::kIpv4) {
    if (const auto ip = ipv4_of(*header, *frame)) {
      if (ip->protocol == 2) snoop(a);
      // Reports and leaves are flooded, which costs little and needs no querier's port.
      const auto wanted = ip->protocol == 2 ? std::nullopt : snooping_.ports(a.in.vlan, ip->destination, now);
      if (wanted) return flood(a, &*wanted, out);
    }
  }
  flood(a, nullptr, out);
}

void Switch::control(const Arrival& a) {
  const auto bpdu = rstp_ ? parse_bpdu(a.header, *a.frame) : std::nullopt;
  if (bpdu) {
    rstp_->heard(a.port, *bpdu, a.now);
  } else {
    ++counters_[static_cast<size_t>(a.port)].reserved;
  }
}

/// Tree, VLAN, rules, learning: false when the frame ends here.
bool Switch::admit(Arrival& a, Rmon& counters) {
  const SwitchPortConfig& port = config_.ports[static_cast<size_t>(a.port)];
  if (a.port == config_.mirror_to) {
    ++counters.blocked;
    return false;
  }
  const auto in = classify(port.vlan, a.header);
  if (!in) {
    ++counters.vlan_filtered;
    return false;
  }
  a.in = *in;
  if (a.header.tag_count == 0) {
    if (port.priority) a.in.pcp = *port.priority;
    if (config_.trust_dscp)
      if (const uint8_t dscp = priority_of(*a.frame).dscp) a.in.pcp = dscp >> 3;
  }
  if (rstp_ && rstp_->state(a.port) != Rstp::State::forwarding) {
    if (rstp_->state(a.port) == Rstp::State::learning && !is_group(a.header.source))
      table_.learn(a.in.vlan, a.header.source, a.logical, a.now);
    ++counters.blocked;
    return false;
  }
  if (const AclRule* rule = acl_.match(a.port, a.in.vlan, a.header, *a.frame)) {
    if (!rule->permit) {
      ++counters.acl_denied;
      return false;
    }
    if (rule->set_priority) a.in.pcp = *rule->set_priority;
  }
  if (!is_group(a.header.source)) table_.learn(a.in.vlan, a.header.source, a.logical, a.now);
  return true;
}

bool Switch::storm(const Arrival& a, std::optional<int> known) {
  if (known) return true;
  const StormLimits& limits = config_.ports[static_cast<size_t>(a.port)].storm;
  Storm& s = storms_[static_cast<size_t>(a.port)];
  const auto bytes = static_cast<int64_t>(a.frame->size());
  if (a.header.destination == kBroadcast)
    return s.broadcast.take(limits.broadcast_bps, limits.burst_bytes, bytes, a.now);
  if (is_group(a.header.destination))
    return s.multicast.take(limits.multicast_bps, limits.burst_bytes, bytes, a.now);
  return s.unknown.take(limits.unknown_bps, limits.burst_bytes, bytes, a.now);
}

void Switch::snoop(const Arrival& a) {
  const auto ip = ipv4_of(a.header, *a.frame);
  for (const IgmpMessage& m : parse_igmp(*ip, *a.frame)) snooping_.heard(a.in.vlan, a.logical, m, a.now);
}

void Switch::flood(const Arrival& a, const std::set<int>* only, std::vector<Departure>& out) {
  for (int p = 0; p < static_cast<int>(config_.ports.size()); ++p)
    if (logical(p) == p && p != a.logical && (!only || only->contains(p))) leave(a, p, out);
}

int Switch::member(int port, const Arrival& a) const {
  for (const Lag& lag : config_.lags) {
    if (lag.members.front() != port) continue;
    std::vector<int> usable;
    for (int m : lag.members)
      if (forwards(m)) usable.push_back(m);
    return usable.empty() ? -1 : usable[conversation_hash(a.header, *a.frame) % usable.size()];
  }
  return forwards(port) ? port : -1;
}

void Switch::leave(const Arrival& a, int port, std::vector<Departure>& out) {
  if (port == config_.mirror_to) return;
  const VlanPort& vlan = config_.ports[static_cast<size_t>(port)].vlan;
  if (!vlan.is_member(a.in.vlan) && !(vlan.mode == VlanPort::Mode::unaware && a.in.vlan == 1)) return;
  const int cable = member(port, a);
  if (cable < 0) return;
  const Departure& d =
      out.emplace_back(Departure{cable, a.in.pcp, egress_form(vlan, a.in, a.header, a.frame)});
  counters_[static_cast<size_t>(cable)].sent(d.frame->size());
  if (mirrored_[static_cast<size_t>(cable)]) {
    const sim::SharedBytes copy = d.frame;
    mirror(copy, out);
  }
}

void Switch::mirror(const sim::SharedBytes& frame, std::vector<Departure>& out) {
  if (config_.mirror_to < 0 || !up_[static_cast<size_t>(config_.mirror_to)]) return;
  out.push_back({config_.mirror_to, 0, frame});
  counters_[static_cast<size_t>(config_.mirror_to)].sent(frame->size());
}

}  // namespace xedgesim::net::ethernet
