#include "net/link/message.h"

#include "base/error.h"

namespace xedgesim::net {

sim::Event to_event(const Message& message, SimTime when, sim::ParticipantId next, sim::EventKind kind) {
  return sim::Event{.time = when,
                    .kind = kind,
                    .target = next,
                    .code = kMessageCode,
                    .args = {static_cast<int64_t>(message.from), static_cast<int64_t>(message.to),
                             message.port, message.tag},
                    .data = message.bytes};
}

sim::Event frame_event(sim::SharedBytes frame, SimTime when, sim::ParticipantId next, int64_t port,
                       int64_t tag, sim::EventKind kind) {
  return sim::Event{.time = when,
                    .kind = kind,
                    .target = next,
                    .code = kFrameCode,
                    .args = {port, tag, 0, 0},
                    .data = std::move(frame)};
}

Message to_message(const sim::Event& e) {
  XEDGESIM_ASSERT(e.code == kMessageCode);
  return {.from = sim::ParticipantId(static_cast<uint32_t>(e.args[0])),
          .to = sim::ParticipantId(static_cast<uint32_t>(e.args[1])),
          .port = e.args[2],
          .tag = e.args[3],
          .bytes = e.data};
}

}  // namespace xedgesim::net
