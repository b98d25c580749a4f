#include "nodes/external/external_node.h"

#include "base/error.h"
#include "nodes/codes.h"

namespace xedgesim::nodes {

using net::ieee802154::TxReport;
using net::ieee802154::TxStatus;

void ExternalNode::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::control) return control(e, context);
  if (!on_) return;
  scheduler_waits_ = e.kind >= sim::EventKind::decision;
  if (e.kind != sim::EventKind::state || e.source != config_.program) {
    mac_.handle(e, context);
    return;
  }
  current_tag_ = e.args[2];
  on_send(current_tag_, mac_.next_sequence(), context.now());
  const uint64_t dropped = mac_.statistics().queue_drops;
  const uint64_t handle = mac_.send(static_cast<uint16_t>(e.args[0]), *e.data, e.args[1] != 0, context);
  if (mac_.statistics().queue_drops == dropped) in_mac_.emplace_back(handle, current_tag_);
}

void ExternalNode::mac_received(const net::ieee802154::RxFrame& f, sim::EventContext& context) {
  if (f.frame.header.type != net::ieee802154::FrameType::data) return;
  context.post(
      {.time = context.now(),
       .kind = sim::EventKind::delivery,
       .target = config_.program,
       .code = static_cast<uint32_t>(ExternalCode::received),
       .args = {static_cast<int64_t>(f.frame.header.source.value), f.rssi_cdbm, f.lqi, config_.index},
       .data = std::make_shared<sim::Bytes>(f.frame.payload.begin(), f.frame.payload.end())});
}

void ExternalNode::mac_confirmed(const TxReport& report, sim::EventContext& context) {
  int64_t tag = current_tag_;
  if (report.status != TxStatus::queue_full) {
    XEDGESIM_ASSERT(!in_mac_.empty() && in_mac_.front().first == report.handle);
    tag = in_mac_.front().second;
    in_mac_.pop_front();
  }
  on_confirm(tag, report, context.now());
  // A refused frame and a timer that ran out (no acknowledgement, the end of a frame that wants none) come as
  // the program may already have been let run to the end of the window.
  context.post({.time = context.now() + (scheduler_waits_ ? Duration() : air::kMinEffectDelay),
                .kind = sim::EventKind::delivery,
                .target = config_.program,
                .code = static_cast<uint32_t>(ExternalCode::sent),
                .args = {tag, static_cast<int64_t>(report.status), report.transmissions, config_.index}});
}

void ExternalNode::control(const sim::Event& e, sim::EventContext& context) {
  switch (static_cast<ControlCode>(e.code)) {
    case ControlCode::power_off:
    case ControlCode::reset:
      in_mac_.clear();
      mac_.stop(context);
      on_ = static_cast<ControlCode>(e.code) == ControlCode::reset;
      if (on_) mac_.start(context);
      break;
    case ControlCode::power_on:
      if (!on_) mac_.start(context);
      on_ = true;
      break;
    case ControlCode::shield_on:
      return mac_.isolate(true);
    case ControlCode::shield_off:
      return mac_.isolate(false);
    default:
      XEDGESIM_ASSERT(!"a control code for services reached a device");
  }
}

}  // namespace xedgesim::nodes
