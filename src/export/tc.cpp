#include "export/tc.h"

#include <fmt/format.h>

#include <algorithm>

#include "system/impairments.h"
#include "system/switch_config.h"

namespace xedgesim::exporter {
namespace {

using net::LinkParameters;

constexpr int64_t kFrame = 1514;

bool needs_netem(const LinkParameters& p) {
  return p.latency > Duration() || p.jitter > Duration() || p.loss > 0 || p.bursts || p.states ||
         p.corrupt > 0 || p.duplicate > 0 || p.reorder > 0;
}

void append_share(Command& c, const char* key, double share, double correlation) {
  if (share <= 0) return;
  append(c, {key, tc_percent(share)});
  if (correlation > 0) c.push_back(tc_percent(correlation));
}

Command netem(const LinkParameters& p, bool with_rate) {
  // netem's queue also holds the packets on their way: without a limit of ours, room for a second of small
  // ones.
  Command c{"netem", "limit", fmt::format("{}", p.queue_packets > 0 ? p.queue_packets : 100'000)};
  if (p.latency > Duration() || p.jitter > Duration()) {
    append(c, {"delay", tc_time(p.latency)});
    if (p.jitter > Duration()) {
      c.push_back(tc_time(p.jitter));
      if (p.jitter_correlation > 0) c.push_back(tc_percent(p.jitter_correlation));
      if (p.distribution == net::Jitter::normal) append(c, {"distribution", "normal"});
      if (p.distribution == net::Jitter::pareto) append(c, {"distribution", "pareto"});
      if (p.distribution == net::Jitter::paretonormal) append(c, {"distribution", "paretonormal"});
    }
  }
  if (p.bursts)
    append(c, {"loss", "gemodel", tc_percent(p.bursts->good_to_bad), tc_percent(p.bursts->bad_to_good),
               tc_percent(p.bursts->loss_bad), tc_percent(p.bursts->loss_good)});
  else if (p.states)
    append(c, {"loss", "state", tc_percent(p.states->p13), tc_percent(p.states->p31),
               tc_percent(p.states->p32), tc_percent(p.states->p23), tc_percent(p.states->p14)});
  else
    append_share(c, "loss", p.loss, p.loss_correlation);
  append_share(c, "corrupt", p.corrupt, p.corrupt_correlation);
  append_share(c, "duplicate", p.duplicate, p.duplicate_correlation);
  append_share(c, "reorder", p.reorder, p.reorder_correlation);
  if (p.reorder > 0 && p.reorder_gap > 1) append(c, {"gap", fmt::format("{}", p.reorder_gap)});
  if (with_rate) append(c, {"rate", tc_rate(p.rate_bps)});
  return c;
}

/// Bytes of a token bucket: as declared, else what flows in a millisecond, and two frames at least.
int64_t bucket(int64_t declared, int64_t rate) {
  return declared > 0 ? declared : std::max<int64_t>(2 * kFrame, rate / 8000);
}

struct Tbf {
  int64_t rate = 0, burst = 0, peak = 0, mtu = kFrame, overhead = 0, limit = 0;
  Duration latency = Duration::ms(50);
};

Command tbf(const Tbf& t) {
  Command c{"tbf", "rate", tc_rate(t.rate), "burst", fmt::format("{}", t.burst)};
  if (t.limit > 0)
    append(c, {"limit", fmt::format("{}", t.limit)});
  else
    append(c, {"latency", tc_time(t.latency)});
  if (t.peak > 0) append(c, {"peakrate", tc_rate(t.peak), "mtu", fmt::format("{}", t.mtu)});
  if (t.overhead > 0) append(c, {"overhead", fmt::format("{}", t.overhead)});
  return c;
}

Tbf link_tbf(const LinkParameters& p) {
  Tbf t{.rate = p.rate_bps, .burst = bucket(p.burst_bytes, p.rate_bps)};
  t.peak = p.peak_rate_bps;
  t.mtu = p.mtu_bytes;
  t.overhead = p.overhead_bytes;
  if (p.queue_latency > Duration()) t.latency = p.queue_latency;
  if (p.queue_bytes > 0) t.limit = p.queue_bytes;
  // A queue that holds less than the bucket would drop what the bucket lets through.
  if (p.queue_packets > 0) t.limit = std::max(t.burst, p.queue_packets * kFrame);
  return t;
}

Command queue_discipline(const LinkParameters& p) {
  if (p.discipline == net::QueueDiscipline::codel)
    return {"codel", "target", tc_time(p.codel.target), "interval", tc_time(p.codel.interval)};
  if (p.discipline != net::QueueDiscipline::red) return {};
  const int64_t packets = p.red.burst_packets > 0 ? p.red.burst_packets
                                                  : (2 * p.red.min_bytes + p.red.max_bytes) /
                                                        (3 * std::max<int64_t>(1, p.red.average_packet));
  Command c{"red", "limit", fmt::format("{}", p.queue_bytes > 0 ? p.queue_bytes : 4 * p.red.max_bytes)};
  append(c,
         {"min", fmt::format("{}", p.red.min_bytes), "max", fmt::format("{}", p.red.max_bytes), "avpkt",
          fmt::format("{}", p.red.average_packet), "burst", fmt::format("{}", std::max<int64_t>(1, packets)),
          "probability", fmt::format("{:.6g}", p.red.probability)});
  if (p.rate_bps > 0) append(c, {"bandwidth", tc_rate(p.rate_bps)});
  return c;
}

/// The qdiscs of one device, from the root inwards.
class Chain {
 public:
  Chain(std::string device, std::vector<Command>& out) : device_(std::move(device)), out_(out) {}

  /// Puts a qdisc where the chain has got to, and says its handle's number.
  int add(const Command& qdisc) {
    Command c{"tc", "qdisc", "add", "dev", device_};
    if (parent_.empty())
      c.push_back("root");
    else
      append(c, {"parent", parent_});
    append(c, {"handle", fmt::format("{:x}:", next_)});
    c.insert(c.end(), qdisc.begin(), qdisc.end());
    out_.push_back(std::move(c));
    parent_ = fmt::format("{:x}:1", next_);
    return next_++;
  }
  void at(std::string parent) { parent_ = std::move(parent); }
  const std::string& device() const { return device_; }
  void run(Command c) { out_.push_back(std::move(c)); }

 private:
  std::string device_, parent_;
  int next_ = 1;
  std::vector<Command>& out_;
};

Command filter(const Chain& chain, int handle, int priority, const char* protocol) {
  return {"tc",
          "filter",
          "add",
          "dev",
          chain.device(),
          "parent",
          fmt::format("{:x}:", handle),
          "protocol",
          protocol,
          "prio",
          fmt::format("{}", priority)};
}

void add_filters(Chain& chain, int handle, const net::ShaperClass& k, const std::string& id, int& priority) {
  // The tag is in the frame's metadata by the time a qdisc sees it: flower reads it there, u32 would not.
  for (const int64_t pcp : k.pcps) {
    Command c = filter(chain, handle, ++priority, "802.1Q");
    append(c, {"flower", "vlan_prio", fmt::format("{}", pcp), "classid", id});
    chain.run(std::move(c));
  }
  for (const int64_t vlan : k.vlans) {
    Command c = filter(chain, handle, ++priority, "802.1Q");
    append(c, {"flower", "vlan_id", fmt::format("{}", vlan), "classid", id});
    chain.run(std::move(c));
  }
  for (const int64_t dscp : k.dscps) {
    Command c = filter(chain, handle, ++priority, "ip");
    append(c, {"u32", "match", "ip", "dsfield", fmt::format("{:#04x}", dscp << 2), "0xfc", "flowid", id});
    chain.run(std::move(c));
  }
}

void add_classes(Chain& chain, const LinkParameters& p, const std::string& where, Result& result) {
  const auto number = [&](const std::string& name) {
    const auto it =
        std::find_if(p.classes.begin(), p.classes.end(), [&](const auto& k) { return k.name == name; });
    return 0x10 + static_cast<int>(it - p.classes.begin());
  };
  const auto has_children = [&](const net::ShaperClass& k) {
    return std::any_of(p.classes.begin(), p.classes.end(), [&](const auto& o) { return o.parent == k.name; });
  };
  std::string others;
  for (const auto& k : p.classes)
    if (k.pcps.empty() && k.dscps.empty() && k.vlans.empty() && !has_children(k) && others.empty())
      others = fmt::format("{:x}", number(k.name));
  if (others.empty())
    result.warn(where,
                "no class takes what the others leave: htb sends it unshaped. Add a class without pcp, dscp "
                "and vlan");
  const int handle = chain.add(others.empty() ? Command{"htb"} : Command{"htb", "default", "0x" + others});
  const std::string root = fmt::format("{:x}:", handle);
  if (p.rate_bps > 0)
    chain.run({"tc", "class", "add", "dev", chain.device(), "parent", root, "classid", root + "1", "htb",
               "rate", tc_rate(p.rate_bps), "ceil", tc_rate(p.rate_bps), "burst",
               fmt::format("{}", bucket(p.burst_bytes, p.rate_bps)), "cburst",
               fmt::format("{}", bucket(p.burst_bytes, p.rate_bps))});
  int priority = 0;
  for (const auto& k : p.classes) {
    const std::string id = fmt::format("{}{:x}", root, number(k.name));
    const int64_t ceil = k.ceil_bps > 0 ? k.ceil_bps : k.rate_bps;
    Command c{"tc",
              "class",
              "add",
              "dev",
              chain.device(),
              "parent",
              !k.parent.empty() ? fmt::format("{}{:x}", root, number(k.parent))
              : p.rate_bps > 0  ? root + "1"
                                : root,
              "classid",
              id,
              "htb",
              "rate",
              tc_rate(k.rate_bps),
              "ceil",
              tc_rate(ceil)};
    append(c, {"burst", fmt::format("{}", bucket(k.burst_bytes, k.rate_bps)), "cburst",
               fmt::format("{}", bucket(k.burst_bytes, ceil)), "prio",
               fmt::format("{}", std::clamp<int64_t>(k.priority, 0, 7))});
    const int64_t quantum = k.quantum > 0 ? k.quantum : std::clamp<int64_t>(k.rate_bps / 80, kFrame, 200'000);
    append(c, {"quantum", fmt::format("{}", quantum)});
    chain.run(std::move(c));
    add_filters(chain, handle, k, id, priority);
    if (has_children(k)) continue;
    chain.at(id);
    chain.add({"pfifo", "limit", fmt::format("{}", k.queue_packets)});
  }
}

void warn_differences(const LinkParameters& p, const std::string& device, const std::string& where,
                      Result& result) {
  if (p.jitter > Duration() && p.keep_order)
    result.warn(
        where,
        fmt::format("{}: netem lets jitter reorder frames; the simulation keeps their order (keep_order: "
                    "false makes both alike)",
                    device));
  if (p.line_rate_bps > 0)
    result.warn(where,
                fmt::format("{}: tc has no line_rate behind a shaper: frames leave at the device's own rate",
                            device));
  if (p.queue_bytes > 0 && needs_netem(p))
    result.warn(where, fmt::format("{}: netem's queue counts packets: queue_bytes holds for the shaper only",
                                   device));
}

bool anything(const LinkParameters& p, const scenario::Bandwidth* shaping) {
  return needs_netem(p) || p.rate_bps > 0 || !p.classes.empty() || (shaping && shaping->average) ||
         p.discipline != net::QueueDiscipline::tail_drop;
}

}  // namespace

std::string tc_rate(int64_t bits_per_second) { return fmt::format("{}bit", bits_per_second); }

std::string tc_time(Duration d) {
  const int64_t ns = d.count_ns();
  if (ns % 1000 == 0) return fmt::format("{}us", ns / 1000);
  return fmt::format("{}.{:03}us", ns / 1000, ns % 1000);
}

std::string tc_percent(double share) { return fmt::format("{:.10g}%", share * 100); }

std::vector<Command> tc_commands(const std::string& device, const LinkParameters& p,
                                 const scenario::Bandwidth* shaping, const std::string& where,
                                 Result& result) {
  std::vector<Command> out;
  if (!anything(p, shaping)) return out;
  warn_differences(p, device, where, result);
  Chain chain(device, out);
  const bool link_shapes = p.burst_bytes > 0 || !p.classes.empty();
  const bool own = shaping && shaping->average;
  // netem's own rate stands for the cable where something else takes the shaper's place.
  const bool rate_in_netem = p.rate_bps > 0 && !link_shapes && own;
  if (needs_netem(p) || rate_in_netem) chain.add(netem(p, rate_in_netem));
  if (own && link_shapes)
    result.warn(where, fmt::format("{}: the link shapes already: the node's qos is left out there", device));
  if (!p.classes.empty()) {
    add_classes(chain, p, where, result);
  } else if (own && !link_shapes) {
    Tbf t{.rate = *shaping->average};
    t.burst = bucket(shaping->burst.value_or(0), t.rate);
    t.peak = shaping->peak.value_or(0);
    if (t.peak > 0 && t.peak <= t.rate) t.peak = 0;
    chain.add(tbf(t));
  } else if (p.rate_bps > 0) {
    chain.add(tbf(link_tbf(p)));
  }
  if (const Command discipline = queue_discipline(p); !discipline.empty() && p.classes.empty())
    chain.add(discipline);
  return out;
}

void add_port_classes(const scenario::SwitchQos& qos, const std::string& where, LinkParameters& p,
                      Result& result) {
  const int64_t root = qos.max_rate ? *qos.max_rate : p.rate_bps;
  if (root == 0 || !p.classes.empty()) {
    if (!qos.queues.empty())
      result.warn(where,
                  root == 0
                      ? "the queues need a rate to be a part of: set qos.max_rate or the link's bandwidth"
                      : "the link has classes of its own: the port's queues are left out");
    return;
  }
  p.rate_bps = root;
  if (qos.burst) p.burst_bytes = *qos.burst;
  if (qos.queues.empty()) return;
  int64_t weights = 0;
  bool strict = false, other_taken = false;
  for (const auto& q : qos.queues) {
    weights += q.weight.value_or(0);
    strict = strict || !q.weight;
    other_taken = other_taken || q.priority == 0;
  }
  if (strict)
    result.warn(
        where,
        "htb serves a strict queue first within its ceiling, but each queue keeps a hundredth of the rate");
  for (const auto& q : qos.queues) {
    net::ShaperClass k{.name = fmt::format("queue{}", q.priority)};
    const int64_t share = q.weight ? root * *q.weight / (weights + (strict ? 1 : 0)) : root / 100;
    k.rate_bps = std::max<int64_t>(1000, q.min_rate.value_or(share));
    k.ceil_bps = std::max(q.max_rate.value_or(root), k.rate_bps);
    k.priority = q.weight ? 7 : 7 - q.priority;
    if (q.weight) k.quantum = kFrame * *q.weight;
    k.queue_packets = q.queue.value_or(p.queue_packets > 0 ? p.queue_packets : 1000);
    // Untagged frames have priority 0; they are what no filter takes.
    if (q.priority > 0) k.pcps = {q.priority};
    p.classes.push_back(std::move(k));
  }
  if (!other_taken)
    p.classes.push_back(
        {.name = "others", .rate_bps = std::max<int64_t>(1000, root / 100), .ceil_bps = root, .priority = 7});
}

}  // namespace xedgesim::exporter
