#pragma once
#include <optional>

#include "base/descriptor.h"
#include "live/event_loop.h"
#include "live/guest.h"
#include "scenario/health.h"

namespace xedgesim::live {

/// Asks a guest at intervals whether it is well, by a command in it. Each change of the answer is a line of
/// its console; the latest one is Guest::health().
class HealthWatch {
 public:
  HealthWatch(EventLoop& loop, Guest& guest, scenario::Health health);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

  /// Asks no more, and hears no answer: what it asked last ends with the guest. It has to outlive that.
  void retire();

 private:
  void arm(Duration after);
  void due();
  void ask();
  void answered(const std::string& trouble);

  EventLoop& loop_;
  Guest& guest_;
  scenario::Health health_;
  Descriptor timer_;
  std::optional<uint64_t> question_;
  uint64_t boot_ = 0;
  Duration asked_for_;  ///< how long, since it was switched on
  int64_t failures_ = 0;
};

}  // namespace xedgesim::live
