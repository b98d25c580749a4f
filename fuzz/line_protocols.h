#pragma once
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "control/request.h"
#include "nodes/external/external_node.h"
#include "nodes/external/external_program.h"
#include "nodes/ns3/ns3_protocol.h"

/// What comes over a socket from programs that are not ours, one body a protocol, shared by the libFuzzer
/// targets and the test with random bytes.
namespace xedgesim::fuzz {

inline std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Everything an external participant says in its life, from its answer to INIT on. Whatever it is, the
/// simulation goes on or ends with a sentence, and what got through is in the order and within the bounds of
/// time.
inline void external_program(std::span<const uint8_t> bytes) {
  using namespace nodes;
  int ends[2];
  XEDGESIM_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Descriptor peer(ends[1]);
  Descriptor ours(ends[0]);
  constexpr size_t kFitsASocket = 100'000;
  const auto said = bytes.first(std::min(bytes.size(), kFitsASocket));
  for (size_t sent = 0; sent < said.size();) {
    const ssize_t n = write(peer.get(), said.data() + sent, said.size() - sent);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
  shutdown(peer.get(), SHUT_WR);
  ExternalProgram program(
      {.name = "fuzz",
       .command = {},
       .environment = {},
       .address = {},
       .duration = Duration::s(10),
       .nodes = {{.name = "a", .participant = sim::ParticipantId{1}, .description = {{"gateway", 0}}},
                 {.name = "b", .participant = sim::ParticipantId{2}, .description = {{"gateway", 0}}}}});
  try {
    program.greet(std::move(ours));
    SimTime now;
    for (int round = 0; round < 100; ++round) {
      const SimTime next = program.next_activity();
      XEDGESIM_ASSERT(next > now);
      sim::Outbox out;
      const bool advance = !next.is_never() && next < SimTime::never() - Duration::s(1) && round % 3 != 2;
      const SimTime limit = advance ? next + Duration::us(127) : now + Duration::us(1);
      if (advance) {
        XEDGESIM_ASSERT(program.advance(limit, out) == limit);
      } else {
        if (limit >= next) return;
        program.deliver(
            {.time = limit,
             .kind = sim::EventKind::delivery,
             .target = sim::ParticipantId{0},
             .code = static_cast<uint32_t>(round % 2 ? ExternalCode::received : ExternalCode::sent),
             .args = {7, 1, 2, 1},
             .data = std::make_shared<sim::Bytes>(3)},
            out);
      }
      SimTime last = advance ? next : limit;
      for (const sim::Event& e : out.events()) {
        XEDGESIM_ASSERT(e.time >= last && e.time <= limit && e.data && e.data->size() <= 116);
        last = e.time;
      }
      now = limit;
    }
    XEDGESIM_ASSERT(program.energy_uj(0) >= 0 && program.energy_uj(1) >= 0);
  } catch (const SimulationError&) {
  }
}

/// A line of the ns-3 process.
inline void ns3_event(std::span<const uint8_t> bytes) {
  try {
    const nodes::Ns3Event e = nodes::parse_ns3_event(as_text(bytes), 3);
    XEDGESIM_ASSERT(e.time >= SimTime::zero() && !e.time.is_never() && e.station < 3 && e.psdu.size() <= 127);
  } catch (const nodes::PeerError& e) {
    XEDGESIM_ASSERT(!std::string_view(e.what()).empty());
  }
}

/// A request to a control socket: what is accepted is written again and understood as the same.
inline void control_request(std::span<const uint8_t> bytes) {
  try {
    const control::Request r = control::parse_request(as_text(bytes));
    const auto dump = [](const control::Request& x) {
      return control::to_json(x).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    XEDGESIM_ASSERT(dump(control::parse_request(dump(r))) == dump(r));
  } catch (const control::RequestError& e) {
    XEDGESIM_ASSERT(!std::string_view(e.what()).empty());
  }
}

}  // namespace xedgesim::fuzz
