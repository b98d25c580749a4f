#include "nodes/cloud_service.h"

#include <fmt/format.h>

namespace xedgesim::nodes {

void CloudService::handle(const sim::Event& e, sim::EventContext& context) {
  if (e.kind == sim::EventKind::control) {
    up_ = static_cast<ControlCode>(e.code) != ControlCode::fail;
    if (!up_) ++epoch_;
    return;
  }
  if (e.kind == sim::EventKind::timer) {
    store(e, context);
    return;
  }
  const net::Message m = net::to_message(e);
  counters_.rx_bytes += static_cast<int64_t>(m.bytes->size());
  if (!up_) {
    ++counters_.failed;
    on_lost(m.tag, context.now());
    return;
  }
  ++counters_.requests;
  const Duration work = config_.service_time();
  counters_.processing += work;
  context.post({.time = context.now() + work,
                .kind = sim::EventKind::timer,
                .target = config_.self,
                .args = {m.tag, epoch_, static_cast<int64_t>(m.from), 0},
                .data = m.bytes});
}

void CloudService::store(const sim::Event& e, sim::EventContext& context) {
  if (e.args[1] != epoch_) {
    ++counters_.failed;
    on_lost(e.args[0], context.now());
    return;
  }
  ++counters_.stored;
  on_stored(e.args[0], {reinterpret_cast<const char*>(e.data->data()), e.data->size()}, context.now());
  const std::string text = fmt::format(R"({{"stored":{}}})", counters_.stored);
  const auto edge = static_cast<sim::ParticipantId>(e.args[2]);
  const net::Message answer{.from = config_.self,
                            .to = edge,
                            .port = port::kAnswer,
                            .tag = e.args[0],
                            .bytes = std::make_shared<sim::Bytes>(text.begin(), text.end())};
  ++counters_.answers;
  counters_.tx_bytes += static_cast<int64_t>(text.size());
  context.post(net::to_event(answer, context.now(), config_.downlink,
                             config_.direct ? sim::EventKind::delivery : sim::EventKind::state));
}

}  // namespace xedgesim::nodes
