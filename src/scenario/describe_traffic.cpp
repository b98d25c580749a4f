#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

const Description<TrafficFlow>& describe_flow() {
  using F = TrafficFlow;
  static const Description<F> kD = [] {
    Description<F> d;
    d.doc = "Packets a model node sends to another one.";
    d.add({.key = "id", .doc = "name of the flow in results; absent: FROM_to_TO"}, &F::id, identifier());
    d.add({.key = "to", .doc = "node they are for", .required = true}, &F::to, identifier());
    d.add({.key = "type", .doc = "udp: one way; ping: the other node answers"}, &F::type,
          choice<F::Type>({{"udp", F::Type::udp}, {"ping", F::Type::ping}}));
    d.add({.key = "pattern",
           .doc = "constant: evenly; poisson: at random; bursty: evenly while on, silent while off"},
          &F::pattern,
          choice<F::Pattern>({{"constant", F::Pattern::constant},
                              {"poisson", F::Pattern::poisson},
                              {"bursty", F::Pattern::bursty}}));
    d.add(
        {.key = "rate", .doc = "bits a second with Ethernet headers (bursty: while on); absent: by interval"},
        &F::rate, bit_rate());
    d.add({.key = "interval", .doc = "time between two packets; absent: by rate, else 1s"}, &F::interval,
          positive_duration());
    d.add({.key = "size", .doc = "bytes of a frame, header included, VLAN tag and FCS not"}, &F::size,
          bytes_bare(1, 66, 1514));
    d.add({.key = "on", .doc = "bursty: length of a burst"}, &F::on, positive_duration());
    d.add({.key = "off", .doc = "bursty: silence after it"}, &F::off, duration());
    d.add({.key = "start", .doc = "time of the first packet"}, &F::start, duration());
    d.add({.key = "stop", .doc = "no packet from then on; absent: end of the run"}, &F::stop,
          positive_duration());
    d.add({.key = "priority", .doc = "802.1p priority, in the frames of a node with a vlan"}, &F::priority,
          integer(0, 7));
    d.add({.key = "dscp", .doc = "IP code point"}, &F::dscp, integer(0, 63));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<TrafficFlow> traffic_codec() { return struct_of(describe_flow()); }

}  // namespace xedgesim::scenario
