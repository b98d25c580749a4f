#include "system/trace.h"

namespace xedgesim::system {
Trace::Trace(System& system, metrics::RunDirectory& directory, metrics::Collector& collector)
    : system_(system), writer_(directory), changes_(system.devices().size()) {
  for (size_t i = 0; i < changes_.size(); ++i) connect_device(i);
  collector.spans().closed.connect(
      [this](const metrics::Span& s) { writer_.span(system_.devices()[metrics::raw(s.device)].id, s); });
  if (auto* edge = system_.edge())
    edge->on_result.connect([this](const nodes::Classification& r) {
      writer_.slice(system_.scenario().edge.front().id, "inference", "inference", r.begun, r.ended);
    });
}

void Trace::connect_device(size_t index) {
  if (!system_.devices()[index].mcu) return;
  auto& changes = changes_[index];
  platforms::Machine& machine = system_.devices()[index].mcu->machine();
  changes.push_back({SimTime::zero(), "cpu", "active"});
  machine.on_sleep.connect([&changes](bool asleep, SimTime t) {
    changes.push_back({t, "cpu", asleep ? "sleep" : "active"});
  });
  machine.on_power.connect([&changes](bool powered, SimTime t) {
    changes.push_back({t, "cpu", powered ? "active" : "off"});
  });
  machine.on_current.connect([&changes, transmits = false, receives = false](
                                 std::string_view consumer, double amperes, SimTime t) mutable {
    if (!consumer.starts_with("radio_")) return;
    (consumer == "radio_tx" ? transmits : receives) = amperes != 0;
    changes.push_back({t, "radio", transmits ? "transmit" : receives ? "receive" : ""});
  });
}

void Trace::drain() {
  for (size_t i = 0; i < changes_.size(); ++i) {
    const std::string& node = system_.devices()[i].id;
    for (const Change& c : changes_[i]) writer_.state(node, c.track, c.state, c.time);
    changes_[i].clear();
  }
}

void Trace::finish(SimTime t) {
  drain();
  writer_.finish(t);
}

}  // namespace xedgesim::system
