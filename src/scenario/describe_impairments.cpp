#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<LossBursts>& describe_bursts() {
  static const Description<LossBursts> kD = [] {
    using L = LossBursts;
    Description<L> d;
    d.doc = "Gilbert-Elliott loss, as tc netem `loss gemodel p r 1-h 1-k`.";
    d.add({.key = "good_to_bad", .doc = "p: share of frames that begin a burst", .required = true},
          &L::good_to_bad, fraction());
    d.add({.key = "bad_to_good",
           .doc = "r: share of frames that end it; its mean length is 1/r",
           .required = true},
          &L::bad_to_good, fraction());
    d.add({.key = "loss_bad", .doc = "1-h: loss within a burst"}, &L::loss_bad, fraction());
    d.add({.key = "loss_good", .doc = "1-k: loss outside"}, &L::loss_good, fraction());
    return d;
  }();
  return kD;
}

const Description<LossStates>& describe_states() {
  static const Description<LossStates> kD = [] {
    using L = LossStates;
    Description<L> d;
    d.doc =
        "Four-state loss, as tc netem `loss state`: 1 good, 2 good in a burst, 3 lost in a burst, 4 lost "
        "alone.";
    d.add({.key = "p13", .doc = "begin of a burst", .required = true}, &L::p13, fraction());
    d.add({.key = "p31", .doc = "end of a burst"}, &L::p31, fraction());
    d.add({.key = "p32", .doc = "a frame comes through in a burst"}, &L::p32, fraction());
    d.add({.key = "p23", .doc = "and the next is lost"}, &L::p23, fraction());
    d.add({.key = "p14", .doc = "a single loss"}, &L::p14, fraction());
    return d;
  }();
  return kD;
}

const Description<RedQueue>& describe_red() {
  static const Description<RedQueue> kD = [] {
    using R = RedQueue;
    Description<R> d;
    d.doc = "Random early detection, as tc red. The limits are for the average queue.";
    d.add({.key = "min", .doc = "average below which nothing is dropped", .required = true}, &R::min,
          bytes(1));
    d.add({.key = "max", .doc = "average from which everything is dropped", .required = true}, &R::max,
          bytes(2));
    d.add({.key = "probability", .doc = "share of drops just below max"}, &R::probability, fraction());
    d.add({.key = "average_packet", .doc = "typical frame"}, &R::average_packet, bytes(1));
    d.add({.key = "burst", .doc = "frames let through at once; absent: (2 min + max) / (3 average_packet)"},
          &R::burst, integer(1, 1'000'000));
    return d;
  }();
  return kD;
}

const Description<CodelQueue>& describe_codel() {
  static const Description<CodelQueue> kD = [] {
    Description<CodelQueue> d;
    d.doc = "Controlled delay (RFC 8289).";
    d.add({.key = "target", .doc = "wait that is tolerated"}, &CodelQueue::target, positive_duration());
    d.add({.key = "interval", .doc = "for how long it may be exceeded"}, &CodelQueue::interval,
          positive_duration());
    return d;
  }();
  return kD;
}

const Description<RateClass>& describe_class() {
  static const Description<RateClass> kD = [] {
    using C = RateClass;
    Description<C> d;
    d.doc = "A class of a hierarchical token bucket, as tc htb; the link's bandwidth is the root's.";
    d.add({.key = "name", .doc = "name", .required = true}, &C::name, identifier());
    d.add({.key = "parent", .doc = "class it borrows from, listed before it; absent: the link"}, &C::parent,
          identifier());
    d.add({.key = "rate", .doc = "rate it is sure of", .required = true}, &C::rate, bit_rate());
    d.add({.key = "ceil", .doc = "rate with what it borrows; absent: rate"}, &C::ceil, bit_rate());
    d.add({.key = "burst", .doc = "bytes at ceil; absent: one frame and a millisecond"}, &C::burst, bytes(1));
    d.add({.key = "priority", .doc = "lower ones are offered spare bandwidth first"}, &C::priority,
          integer(0, 7));
    d.add({.key = "quantum", .doc = "bytes a turn among equals; absent: rate / 80"}, &C::quantum, bytes(1));
    d.add({.key = "queue", .doc = "frames that may wait"}, &C::queue, integer(1, 1'000'000'000));
    d.add({.key = "pcp", .doc = "802.1p priorities it takes"}, &C::pcp, one_or_more(integer(0, 7)));
    d.add({.key = "dscp", .doc = "IP code points it takes"}, &C::dscp, one_or_more(integer(0, 63)));
    d.add({.key = "vlan", .doc = "VLANs it takes; without pcp, dscp and vlan: what no other takes"}, &C::vlan,
          one_or_more(integer(1, 4094)));
    return d;
  }();
  return kD;
}

const Description<Impairments>& impairment_keys() {
  using I = Impairments;
  using D = I::Distribution;
  using Q = I::Queueing;
  static const Description<I> kD = [] {
    Description<I> d;
    d.doc = "What a path does to frames; what is absent does not happen.";
    d.add({.key = "up", .doc = "false: unplugged, nothing passes and both ends lose their carrier"}, &I::up,
          boolean());
    d.add({.key = "latency", .doc = "delay of every frame"}, &I::latency, duration());
    d.add({.key = "jitter", .doc = "variation of the delay"}, &I::jitter, duration());
    d.add({.key = "jitter_correlation", .doc = "of each delay with the one before"}, &I::jitter_correlation,
          fraction());
    d.add({.key = "distribution", .doc = "of the jitter; absent: uniform"}, &I::distribution,
          choice<D>({{"uniform", D::uniform},
                     {"normal", D::normal},
                     {"pareto", D::pareto},
                     {"paretonormal", D::paretonormal}}));
    d.add({.key = "bandwidth", .doc = "rate; absent: unlimited"}, &I::bandwidth, bit_rate());
    d.add({.key = "loss_rate", .doc = "share of frames lost"}, &I::loss_rate, fraction());
    d.add({.key = "loss_correlation", .doc = "of each loss with the one before"}, &I::loss_correlation,
          fraction());
    d.add({.key = "loss_bursts", .doc = "two-state loss instead of loss_rate"}, &I::loss_bursts,
          struct_of(describe_bursts()));
    d.add({.key = "loss_states", .doc = "four-state loss instead of loss_rate"}, &I::loss_states,
          struct_of(describe_states()));
    d.add({.key = "corrupt", .doc = "share of frames with a wrong bit"}, &I::corrupt, fraction());
    d.add({.key = "corrupt_correlation", .doc = "with the one before"}, &I::corrupt_correlation, fraction());
    d.add({.key = "duplicate", .doc = "share of frames delivered twice"}, &I::duplicate, fraction());
    d.add({.key = "duplicate_correlation", .doc = "with the one before"}, &I::duplicate_correlation,
          fraction());
    d.add({.key = "reorder", .doc = "share of frames that overtake others: they skip the latency"},
          &I::reorder, fraction());
    d.add({.key = "reorder_correlation", .doc = "with the one before"}, &I::reorder_correlation, fraction());
    d.add({.key = "reorder_gap", .doc = "only every so many frames may overtake"}, &I::reorder_gap,
          integer(1, 1'000'000));
    d.add({.key = "keep_order",
           .doc = "jitter makes no frame overtake; absent: true. netem's behaviour is false"},
          &I::keep_order, boolean());
    d.add({.key = "queue", .doc = "frames that may wait"}, &I::queue, integer(1, 1'000'000'000));
    d.add({.key = "queue_bytes", .doc = "bytes that may wait"}, &I::queue_bytes, bytes(1));
    d.add({.key = "queue_latency", .doc = "longest wait before frames are dropped (tc tbf latency)"},
          &I::queue_latency, duration());
    d.add({.key = "queue_discipline", .doc = "which frames are dropped; absent: tail_drop"},
          &I::queue_discipline,
          choice<Q>({{"tail_drop", Q::tail_drop}, {"red", Q::red}, {"codel", Q::codel}}));
    d.add({.key = "red", .doc = "settings of red"}, &I::red, struct_of(describe_red()));
    d.add({.key = "codel", .doc = "settings of codel"}, &I::codel, struct_of(describe_codel()));
    d.add({.key = "burst", .doc = "bytes that may pass at once (tc tbf burst)"}, &I::burst, bytes(1));
    d.add({.key = "peak_rate", .doc = "rate of a burst (tc tbf peakrate)"}, &I::peak_rate, bit_rate());
    d.add({.key = "mtu", .doc = "bytes that may pass at once at the peak rate (tc tbf mtu)"}, &I::mtu,
          bytes(1));
    d.add({.key = "line_rate",
           .doc = "with burst or classes: rate of the cable behind them; absent: unlimited"},
          &I::line_rate, bit_rate());
    d.add({.key = "overhead", .doc = "bytes added to each frame's sending time; Ethernet has 24"},
          &I::overhead, bytes());
    d.add({.key = "classes", .doc = "classes of a hierarchical token bucket (tc htb)"}, &I::classes,
          list_of(struct_of(describe_class())));
    return d;
  }();
  return kD;
}

}  // namespace

const Layout& describe_impairments() { return impairment_keys(); }
CodecPtr<Impairments> impairments_codec() { return struct_of(impairment_keys()); }
CodecPtr<Profile> profile_codec() { return map_of(impairments_codec(), "target"); }

}  // namespace xedgesim::scenario
