#include "system/hosted_switch.h"

#include "net/ethernet/frame.h"
#include "net/link/link.h"

namespace xedgesim::system {

void HostedSwitch::handle(const sim::Event& e, sim::EventContext&) {
  const auto port = static_cast<size_t>(e.args[0]);
  if (e.code == net::kFrameCode) {
    const bool taken = to_port && to_port(port, *e.data);
    ++(taken ? counters_.frames_in : counters_.frames_missed);
  } else if (e.code == net::kCarrierCode) {
    if (carrier) carrier(port, e.args[1] != 0);
  }
}

sim::Event HostedSwitch::frame(size_t port, sim::Bytes bytes, SimTime when) const {
  ++counters_.frames_out;
  const int64_t priority = net::ethernet::priority_of(bytes).pcp;
  if (bytes.size() < net::ethernet::kMinFrame) bytes.resize(net::ethernet::kMinFrame);
  sim::Event e = net::frame_event(std::make_shared<const sim::Bytes>(std::move(bytes)), when,
                                  ports_[port].cable, static_cast<int64_t>(port));
  e.args[2] = priority + 1;  // as the native switch says which queue of the cable's end
  return e;
}

}  // namespace xedgesim::system
