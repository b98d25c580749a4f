#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "base/time.h"

namespace xedgesim::sim {

using Bytes = std::vector<uint8_t>;
using SharedBytes = std::shared_ptr<const Bytes>;

/// A participant's place in the natural-sort order of all names of the system, so that the order in
/// which a scenario declares its nodes never matters.
enum class ParticipantId : uint32_t {};
constexpr ParticipantId kNobody{0xffffffffu};

/// What happens first among events of one instant.
enum class EventKind : uint8_t {
  control,   ///< faults and changes of parameters
  state,     ///< something changed at a participant: transmitter on, receiver off, a message handed over
  timer,     ///< an event participant's own alarm
  decision,  ///< an outcome over an interval that ends now
  delivery,  ///< an input handed to a participant; these make the run digest
};

/// One event. The first four fields are the total order: values only, never a pointer, an insertion
/// order or a hash order, so the order is the same whatever the host, the thread count or the load.
/// The rest is the message: `code` and `args` mean what the target's interface header says
/// (src/sim/air.h for radios, src/sim/frame.h for wires), `data` is an immutable byte string or null.
struct Event {
  SimTime time;
  EventKind kind = EventKind::state;
  ParticipantId source = kNobody;
  uint64_t serial = 0;  ///< per source, given by the scheduler or outbox
  ParticipantId target = kNobody;
  uint32_t code = 0;
  std::array<int64_t, 4> args{};
  SharedBytes data{};

  auto order() const { return std::tuple(time, kind, source, serial); }
};

}  // namespace xedgesim::sim
