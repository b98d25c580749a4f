#include "nodes/external_port.h"

#include "base/error.h"
#include "net/link/link.h"

namespace xedgesim::nodes {

SimTime ExternalPortNode::advance(SimTime limit, sim::Outbox& outbox) {
  sent_.clear();
  port_.advance(limit, sent_);
  SimTime last;
  for (EthernetPort::Stamped& s : sent_) {
    if (s.time > limit || s.time < last)
      throw SimulationError(
          "A program outside stamped a frame with a time that is not its turn: it must not run ahead or "
          "back.");
    last = s.time;
    outbox.post(net::frame_event(std::move(s.frame), s.time, cable_, 0));
  }
  return limit;
}

void ExternalPortNode::deliver(const sim::Event& e, sim::Outbox&) {
  if (e.code == net::kFrameCode) return port_.deliver(e.time, e.data);
  if (e.code == net::kCarrierCode) return port_.carrier(e.time, e.args[1] != 0);
}

}  // namespace xedgesim::nodes
