#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<ScenarioMeta>& describe_meta() {
  using M = ScenarioMeta;
  using C = M::Clock;
  static const Description<M> kD = [] {
    Description<M> d;
    d.doc = "The run as a whole.";
    d.add({.key = "name", .doc = "name of the scenario and of its results folder", .required = true},
          &M::name, identifier());
    d.add({.key = "description", .doc = "for people"}, &M::description, text());
    d.add({.key = "duration", .doc = "simulated time"}, &M::duration, positive_duration());
    d.add({.key = "seed", .doc = "start of every random stream"}, &M::seed, unsigned_integer());
    d.add({.key = "clock",
           .doc = "virtual: repeatable to the bit; wall: paced to real time; auto: virtual unless a node "
                  "needs wall"},
          &M::clock, choice<C>({{"auto", C::automatic}, {"virtual", C::virtual_time}, {"wall", C::wall}}));
    d.consumed({.key = "include",
                .doc = "files this one stands on: maps are merged (this file wins), lists of maps appended"},
               one_or_more(file_path()));
    return d;
  }();
  return kD;
}

struct Defaults {};

/// Keys of another section with none required.
template <class T>
class PartialCodec : public Codec<T> {
 public:
  explicit PartialCodec(CodecPtr<T> full) : full_(std::move(full)) {}
  bool load(const Value& value, T& out, const Path& path, LoadContext& context) const override {
    LoadContext partial{context.report, context.options, true};
    return full_->load(value, out, path, partial);
  }
  nlohmann::json schema(bool) const override { return full_->schema(true); }
  ValuePtr dump(const T&) const override { return nullptr; }
  std::string type() const override { return "map"; }

 private:
  CodecPtr<T> full_;
};

template <class T>
CodecPtr<T> partial(CodecPtr<T> full) {
  return std::make_shared<PartialCodec<T>>(std::move(full));
}

const Description<Defaults>& describe_defaults() {
  static const Description<Defaults> kD = [] {
    Description<Defaults> d;
    d.doc = "Values for every entry of a section that has none itself.";
    d.consumed({.key = "devices", .doc = "keys of devices"}, partial(device_codec()));
    d.consumed({.key = "edge", .doc = "keys of edge nodes"}, partial(edge_codec()));
    d.consumed({.key = "cloud", .doc = "keys of cloud nodes"}, partial(cloud_codec()));
    d.consumed({.key = "nodes", .doc = "keys of Linux nodes"}, partial(linux_node_codec()));
    d.consumed({.key = "switches", .doc = "keys of switches"}, partial(switch_codec()));
    d.consumed({.key = "links", .doc = "keys of links"}, partial(link_codec()));
    return d;
  }();
  return kD;
}

struct Kind {};

/// A kind has the keys of whichever section uses it; assemble.cpp checks it against those.
class KindCodec : public Codec<Kind> {
 public:
  bool load(const Value& value, Kind&, const Path& path, LoadContext& context) const override {
    if (value.is_map() || value.is_null()) return true;
    wrong_kind(value, path, type(), context);
    return false;
  }
  nlohmann::json schema(bool) const override {
    return {{"anyOf", nlohmann::json::array({device_codec()->schema(true), linux_node_codec()->schema(true),
                                             edge_codec()->schema(true), cloud_codec()->schema(true),
                                             switch_codec()->schema(true), link_codec()->schema(true)})}};
  }
  ValuePtr dump(const Kind&) const override { return nullptr; }
  std::string type() const override { return "map with the keys of a device, node, switch or link"; }
};

/// An edge node. The schema also lets devices pass, which assemble.cpp has moved away before loading.
class EdgeEntryCodec : public Codec<EdgeNode> {
 public:
  bool load(const Value& value, EdgeNode& out, const Path& path, LoadContext& context) const override {
    return node_->load(value, out, path, context);
  }
  ValuePtr dump(const EdgeNode& value) const override { return node_->dump(value); }
  nlohmann::json schema(bool partial) const override {
    nlohmann::json device = device_codec()->schema(partial);
    device["required"] = nlohmann::json::array({"id", "platform", "firmware"});
    return {{"anyOf", nlohmann::json::array({node_->schema(partial), std::move(device)})}};
  }
  std::string type() const override { return node_->type(); }
  std::vector<std::string> keys() const override { return node_->keys(); }
  void document(Documentation& d, const std::string& path) const override { node_->document(d, path); }

 private:
  CodecPtr<EdgeNode> node_ = edge_codec();
};

const Description<Scenario>& describe_scenario() {
  using S = Scenario;
  static const Description<S> kD = [] {
    Description<S> d;
    d.doc = "A system and what happens to it.";
    d.add({.key = "scenario", .doc = "name, duration and seed of the run", .required = true}, &S::meta,
          struct_of(describe_meta()));
    d.consumed({.key = "defaults", .doc = "values for all entries of a section"},
               struct_of(describe_defaults()));
    d.consumed({.key = "kinds", .doc = "named sets of values for entries that say `kind: NAME`"},
               map_of<Kind>(std::make_shared<KindCodec>()));
    d.add({.key = "devices", .doc = "microcontroller boards and models of such"}, &S::devices,
          list_of(device_codec()));
    d.add({.key = "network", .doc = "radio and wires"}, &S::network, network_codec());
    d.add({.key = "switches", .doc = "Ethernet switches"}, &S::switches, list_of(switch_codec()));
    d.add({.key = "nodes", .doc = "Linux machines"}, &S::nodes, list_of(linux_node_codec()));
    d.add({.key = "links", .doc = "cables"}, &S::links, list_of(link_codec()));
    d.add(
        {.key = "profiles", .doc = "named sets of impairments; default, constrained and lossy are built in"},
        &S::profiles, map_of(profile_codec()));
    d.add({.key = "edge", .doc = "edge nodes; the first one is the gateway"}, &S::edge,
          list_of<EdgeNode>(std::make_shared<EdgeEntryCodec>()));
    d.add({.key = "cloud", .doc = "cloud nodes"}, &S::cloud, list_of(cloud_codec()));
    d.add({.key = "metrics", .doc = "what is measured and kept"}, &S::metrics, metrics_codec());
    d.add({.key = "faults", .doc = "what goes wrong, and when"}, &S::faults, list_of(fault_codec()));
    d.add({.key = "validation", .doc = "verdict of the run"}, &S::validation, validation_codec());
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<Scenario> scenario_codec() { return struct_of(describe_scenario()); }

std::optional<Profile> find_profile(const Scenario& scenario, const std::string& name) {
  if (const auto own = scenario.profiles.find(name); own != scenario.profiles.end()) return own->second;
  const auto shaped = [](int64_t rate, Duration wait) {
    Impairments i;
    i.bandwidth = rate;
    i.queue_latency = wait;
    i.burst = 1540;
    return i;
  };
  const auto lossy = [](double loss, Duration latency, Duration jitter) {
    Impairments i;
    i.loss_rate = loss;
    i.latency = latency;
    i.jitter = jitter;
    i.keep_order = false;  // as netem
    return i;
  };
  // The figures of the seed's tc-simulate-constraints.sh; a name counts before a glob.
  if (name == "default") return Profile{};
  if (name == "constrained")
    return Profile{{"chassis", shaped(10'000'000, Duration::ms(100))},
                   {"*", shaped(100'000'000, Duration::ms(10))}};
  if (name == "lossy")
    return Profile{{"chassis", lossy(0.01, Duration::ms(50), Duration::ms(10))},
                   {"*", lossy(0.005, Duration::ms(20), Duration::ms(5))}};
  return std::nullopt;
}

}  // namespace xedgesim::scenario
