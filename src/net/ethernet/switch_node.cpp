#include "net/ethernet/switch_node.h"

#include <fmt/format.h>

#include "base/error.h"
#include "net/link/link.h"

namespace xedgesim::net::ethernet {
namespace {

constexpr uint32_t kTickCode = 0x490;

}  // namespace

SwitchNode::SwitchNode(sim::ParticipantId self, SwitchConfig config, std::vector<sim::ParticipantId> cables)
    : self_(self), switch_(std::move(config)), cables_(std::move(cables)) {
  XEDGESIM_ASSERT(cables_.size() == switch_.config().ports.size());
}

void SwitchNode::start(sim::EventContext& context) {
  for (size_t p = 0; p < cables_.size(); ++p)
    if (cables_[p] == sim::kNobody) switch_.carrier(static_cast<int>(p), false, context.now(), out_);
  out_.clear();
  switch_.start(context.now(), out_);
  depart(context, 0);
  if (switch_.spanning_tree())
    context.post({.time = context.now() + Rstp::kTick,
                  .kind = sim::EventKind::timer,
                  .target = self_,
                  .code = kTickCode});
}

void SwitchNode::handle(const sim::Event& e, sim::EventContext& context) {
  switch (e.code) {
    case kFrameCode:
      switch_.receive(static_cast<int>(e.args[0]), e.data, e.time, out_);
      return depart(context, e.args[1]);
    case kCarrierCode:
      switch_.carrier(static_cast<int>(e.args[0]), e.args[1] != 0, e.time, out_);
      return depart(context, 0);
    case kTickCode:
      switch_.tick(e.time, out_);
      context.post(
          {.time = e.time + Rstp::kTick, .kind = sim::EventKind::timer, .target = self_, .code = kTickCode});
      return depart(context, 0);
    default:
      throw SimulationError(
          fmt::format("The switch '{}' got an event it does not know (code {:#x}) from participant {}.",
                      switch_.config().name, e.code, static_cast<uint32_t>(e.source)));
  }
}

void SwitchNode::depart(sim::EventContext& context, int64_t tag) {
  for (Departure& d : out_) {
    const sim::ParticipantId cable = cables_[static_cast<size_t>(d.port)];
    if (cable == sim::kNobody) continue;
    sim::Event e = frame_event(std::move(d.frame), context.now(), cable, d.port, tag);
    e.args[2] = d.priority + 1;
    context.post(std::move(e));
  }
  out_.clear();
}

}  // namespace xedgesim::net::ethernet
