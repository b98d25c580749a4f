#include <fmt/format.h>

#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<RateQueue>& describe_queue() {
  static const Description<RateQueue> kD = [] {
    Description<RateQueue> d;
    d.doc = "One queue of a port.";
    d.add({.key = "priority", .doc = "802.1p priority it serves"}, &RateQueue::priority, integer(0, 7));
    d.add({.key = "weight", .doc = "share in deficit round robin; absent: strict priority"},
          &RateQueue::weight, integer(1, 1000));
    d.add({.key = "queue", .doc = "frames that may wait; absent: the link's"}, &RateQueue::queue,
          integer(1, 1'000'000'000));
    d.add(
        {.key = "min_rate", .doc = "rate it is sure of; makes classes of all queues that have one (tc htb)"},
        &RateQueue::min_rate, bit_rate());
    d.add({.key = "max_rate", .doc = "rate it may not exceed"}, &RateQueue::max_rate, bit_rate());
    return d;
  }();
  return kD;
}

const Description<SwitchQos>& describe_port_qos() {
  static const Description<SwitchQos> kD = [] {
    Description<SwitchQos> d;
    d.doc = "Shaping of a port.";
    d.add({.key = "max_rate", .doc = "rate of the port"}, &SwitchQos::max_rate, bit_rate());
    d.add({.key = "queues", .doc = "queues by priority"}, &SwitchQos::queues,
          list_of(struct_of(describe_queue())));
    d.add({.key = "burst", .doc = "bytes that may pass at once; absent: two frames"}, &SwitchQos::burst,
          bytes(1514));
    return d;
  }();
  return kD;
}

CodecPtr<int64_t> vlan_id() { return integer(1, 4094, "a VLAN"); }

const Description<StormControl>& describe_storm() {
  static const Description<StormControl> kD = [] {
    Description<StormControl> d;
    d.doc = "Most flooded traffic a port takes in.";
    d.add({.key = "broadcast", .doc = "rate of broadcasts"}, &StormControl::broadcast, bit_rate());
    d.add({.key = "multicast", .doc = "rate of multicasts"}, &StormControl::multicast, bit_rate());
    d.add({.key = "unknown", .doc = "rate of frames for unknown stations"}, &StormControl::unknown,
          bit_rate());
    d.add({.key = "burst", .doc = "bytes let through at once; absent: 16000B"}, &StormControl::burst,
          bytes(1514));
    return d;
  }();
  return kD;
}

const Description<AccessRule>& describe_rule() {
  using R = AccessRule;
  static const Description<R> kD = [] {
    Description<R> d;
    d.doc =
        "An access rule. What is absent fits everything; the first rule that fits counts, else frames pass.";
    d.add({.key = "action", .doc = "let frames pass, or drop them", .required = true}, &R::action,
          choice<R::Action>({{"permit", R::Action::permit}, {"deny", R::Action::deny}}));
    d.add({.key = "ports", .doc = "where they come in"}, &R::ports, one_or_more(text()));
    d.add({.key = "source", .doc = "MAC address"}, &R::source, mac_address());
    d.add({.key = "destination", .doc = "MAC address"}, &R::destination, mac_address());
    d.add({.key = "vlan", .doc = "VLAN"}, &R::vlan, integer(1, 4094));
    d.add({.key = "type", .doc = "EtherType, such as 0x0800"}, &R::type, integer(0, 65535));
    d.add({.key = "ip_source", .doc = "IPv4 address or prefix (10.0.0.0/8)"}, &R::ip_source, text());
    d.add({.key = "ip_destination", .doc = "IPv4 address or prefix"}, &R::ip_destination, text());
    d.add({.key = "protocol", .doc = "IPv4 protocol; 17 is UDP"}, &R::protocol, integer(0, 255));
    d.add({.key = "source_port", .doc = "TCP or UDP port"}, &R::source_port, integer(0, 65535));
    d.add({.key = "destination_port", .doc = "TCP or UDP port"}, &R::destination_port, integer(0, 65535));
    d.add({.key = "priority", .doc = "permit: new priority"}, &R::priority, integer(0, 7));
    return d;
  }();
  return kD;
}

const Description<SwitchPort>& describe_port() {
  using M = SwitchPort::Mode;
  static const Description<SwitchPort> kD = [] {
    Description<SwitchPort> d;
    d.doc = "One port of a switch.";
    d.add({.key = "name", .doc = "as in links: SWITCH:NAME", .required = true}, &SwitchPort::name,
          identifier());
    d.add({.key = "mode",
           .doc =
               "access: one VLAN, untagged; trunk: many, tagged; tunnel: everything in a service tag (QinQ)"},
          &SwitchPort::mode, choice<M>({{"access", M::access}, {"trunk", M::trunk}, {"tunnel", M::tunnel}}));
    d.add({.key = "vlan", .doc = "access or tunnel VLAN, or the untagged one of a trunk"}, &SwitchPort::vlan,
          vlan_id());
    d.add({.key = "trunks", .doc = "VLANs of a trunk; empty: all"}, &SwitchPort::trunks, list_of(vlan_id()));
    d.add({.key = "service", .doc = "trunk: 802.1ad service tags"}, &SwitchPort::service, boolean());
    d.add({.key = "priority", .doc = "of untagged frames; absent: 0"}, &SwitchPort::priority, integer(0, 7));
    d.add({.key = "storm_control", .doc = "limits of flooded traffic"}, &SwitchPort::storm_control,
          struct_of(describe_storm()));
    d.add({.key = "edge", .doc = "spanning tree: forwards at once; absent: if a node is plugged in"},
          &SwitchPort::edge, boolean());
    d.add({.key = "qos", .doc = "shaping; absent: the switch's"}, &SwitchPort::qos,
          struct_of(describe_port_qos()));
    return d;
  }();
  return kD;
}

const Description<Vlan>& describe_vlan() {
  static const Description<Vlan> kD = [] {
    Description<Vlan> d;
    d.doc = "A VLAN of the switch.";
    d.add({.key = "id", .doc = "its number", .required = true}, &Vlan::id, vlan_id());
    d.add({.key = "name", .doc = "for people"}, &Vlan::name, text());
    return d;
  }();
  return kD;
}

const Description<Mirror>& describe_mirror() {
  static const Description<Mirror> kD = [] {
    Description<Mirror> d;
    d.doc = "A copy of the traffic for a listener.";
    d.add({.key = "from", .doc = "ports that are copied; absent: all"}, &Mirror::from, one_or_more(text()));
    d.add({.key = "to", .doc = "port the copies leave by", .required = true}, &Mirror::to, text());
    return d;
  }();
  return kD;
}

/// A list where a bare scalar stands for an item with that name or number.
template <class T>
class ShortItemCodec : public Codec<T> {
 public:
  ShortItemCodec(CodecPtr<T> full, std::string key) : full_(std::move(full)), key_(std::move(key)) {}
  bool load(const Value& value, T& out, const Path& path, LoadContext& context) const override {
    if (!value.is_scalar()) return full_->load(value, out, path, context);
    Value map;
    map.kind = Value::Kind::map;
    map.mark = value.mark;
    map.entries.push_back({key_, value.mark, std::make_shared<Value>(value)});
    return full_->load(map, out, path, context);
  }
  nlohmann::json schema(bool partial) const override {
    const nlohmann::json full = full_->schema(partial);
    return {{"anyOf", nlohmann::json::array({full["properties"][key_], full})}};
  }
  ValuePtr dump(const T& value) const override { return full_->dump(value); }
  std::string type() const override { return key_ + " or map"; }
  void document(Documentation& d, const std::string& path) const override { full_->document(d, path); }

 private:
  CodecPtr<T> full_;
  std::string key_;
};

/// `ports: 4`, or the ports one by one.
class PortsCodec : public Codec<std::vector<SwitchPort>> {
 public:
  bool load(const Value& value, std::vector<SwitchPort>& out, const Path& path,
            LoadContext& context) const override {
    if (!value.is_scalar()) return list_->load(value, out, path, context);
    int64_t n = 0;
    if (!number_->load(value, n, path, context)) return false;
    for (int64_t i = 1; i <= n; ++i) out.emplace_back().name = fmt::format("{}", i);
    return true;
  }
  nlohmann::json schema(bool partial) const override {
    return {{"anyOf", nlohmann::json::array({number_->schema(partial), list_->schema(partial)})}};
  }
  ValuePtr dump(const std::vector<SwitchPort>& value) const override { return list_->dump(value); }
  std::string type() const override { return "number of ports, or list of names or maps"; }
  void document(Documentation& d, const std::string& path) const override { list_->document(d, path); }

 private:
  CodecPtr<int64_t> number_ = integer(1, 4096, "a number of ports");
  CodecPtr<std::vector<SwitchPort>> list_ =
      list_of<SwitchPort>(std::make_shared<ShortItemCodec<SwitchPort>>(struct_of(describe_port()), "name"));
};

const Description<Switch>& describe_switch() {
  using B = Switch::Backend;
  using T = Switch::Tagging;
  static const Description<Switch> kD = [] {
    Description<Switch> d;
    d.doc = "An Ethernet switch.";
    d.add({.key = "id", .doc = "name", .required = true}, &Switch::id, identifier());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this switch has none"},
               identifier());
    d.add({.key = "description", .doc = "for people"}, &Switch::description, text());
    d.add({.key = "backend", .doc = "native: ours; ovs, bridge: the host's"}, &Switch::backend,
          choice<B>({{"native", B::native}, {"ovs", B::ovs}, {"bridge", B::bridge}}));
    d.add({.key = "ports", .doc = "ports; absent: as links name them"}, &Switch::ports,
          std::make_shared<PortsCodec>());
    d.add({.key = "vlans", .doc = "VLANs, if any"}, &Switch::vlans,
          list_of<Vlan>(std::make_shared<ShortItemCodec<Vlan>>(struct_of(describe_vlan()), "id")));
    d.add({.key = "stp", .doc = "rapid spanning tree (802.1w)"}, &Switch::stp, boolean());
    d.add({.key = "stp_priority", .doc = "bridge priority"}, &Switch::stp_priority, integer(0, 61440));
    d.add({.key = "qos", .doc = "shaping of every port"}, &Switch::qos, struct_of(describe_port_qos()));
    d.add({.key = "mirror", .doc = "copy of the traffic"}, &Switch::mirror, struct_of(describe_mirror()));
    d.add({.key = "lags", .doc = "groups of ports that act as one (static link aggregation)"}, &Switch::lags,
          list_of(list_of(text())));
    d.add({.key = "acl", .doc = "access rules"}, &Switch::acl, list_of(struct_of(describe_rule())));
    d.add({.key = "igmp_snooping", .doc = "multicast goes where it was asked for"}, &Switch::igmp_snooping,
          boolean());
    d.add({.key = "trust_dscp", .doc = "priority of untagged frames from their IP code point"},
          &Switch::trust_dscp, boolean());
    d.add({.key = "mac_ageing", .doc = "time after which a silent address is forgotten"}, &Switch::mac_ageing,
          positive_duration());
    d.add({.key = "mac_table_size", .doc = "addresses it can learn"}, &Switch::mac_table_size,
          integer(1, 1'000'000));
    d.add({.key = "tagging", .doc = "tag towards the CPU port"}, &Switch::tagging,
          choice<T>({{"none", T::none}, {"dsa", T::dsa}, {"edsa", T::edsa}}));
    return d;
  }();
  return kD;
}

const Description<Link>& describe_link() {
  static const Description<Link> kD = [] {
    Description<Link> d;
    d.doc = "A cable between two attachment points.";
    d.add({.key = "id", .doc = "name; absent: made of the endpoints"}, &Link::id, text());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this link has none"},
               identifier());
    d.add({.key = "endpoints", .doc = "two of NODE:INTERFACE or SWITCH:PORT", .required = true},
          &Link::endpoints, list_of(text()));
    d.add({.key = "forward", .doc = "other values from the first end to the second"}, &Link::forward,
          impairments_codec());
    d.add({.key = "backward", .doc = "other values from the second end to the first"}, &Link::backward,
          impairments_codec());
    d.flat(&Link::impairments, describe_impairments());
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<Switch> switch_codec() { return struct_of(describe_switch()); }
CodecPtr<Link> link_codec() { return struct_of(describe_link()); }

}  // namespace xedgesim::scenario
