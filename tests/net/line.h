#pragma once
#include <gtest/gtest.h>

#include <functional>

#include "base/rng.h"
#include "harness.h"
#include "net/ethernet/frame.h"
#include "net/link/link.h"

namespace xedgesim::net {

/// One link between two participants, and packets that are handed to it at given times.
class TestLine {
 public:
  static constexpr sim::ParticipantId kLink{0}, kA{1}, kB{2};

  explicit TestLine(LinkParameters forward, uint64_t seed = 1)
      : link({.id = kLink, .name = "line", .seed = seed, .a = kA, .b = kB, .a_to_b = forward, .b_to_a = {}}) {
    harness.add(kLink, link);
    harness.add(kA, a);
    harness.add(kB, b);
  }
  void message(SimTime when, int64_t tag, size_t bytes) {
    harness.post(
        kA, to_event({.from = kA, .to = kB, .tag = tag, .bytes = std::make_shared<sim::Bytes>(bytes)}, when,
                     kLink));
  }
  /// A frame with an 802.1Q tag of that priority.
  void frame(SimTime when, int64_t tag, size_t bytes, uint8_t pcp = 0) {
    ethernet::Header h{
        .destination = ethernet::kBroadcast, .source = ethernet::Mac{2}, .tag_count = 1, .type = 0x88b5};
    h.tags[0] = {.pcp = pcp, .vid = 1};
    harness.post(kA, frame_event(std::make_shared<sim::Bytes>(ethernet::build(h, sim::Bytes(bytes - 18))),
                                 when, kLink, 0, tag));
  }
  void run(Duration until = Duration::s(1'000'000)) { harness.run_until(SimTime::at(until)); }
  const LinkStatistics& statistics() const { return link.statistics(Direction::a_to_b); }

  Link link;
  Probe a, b;
  Harness harness;
};

inline int64_t tag_of(const sim::Event& e) { return e.code == kFrameCode ? e.args[1] : to_message(e).tag; }

}  // namespace xedgesim::net
