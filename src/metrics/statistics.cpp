#include "metrics/statistics.h"

#include <algorithm>

namespace xedgesim::metrics {

std::vector<CauseEnergy> DeviceStatistics::energy() const {
  std::vector<CauseEnergy> causes = end.energy;
  for (CauseEnergy& c : causes) {
    const auto before = std::find_if(begin.energy.begin(), begin.energy.end(),
                                     [&](const CauseEnergy& b) { return b.cause == c.cause; });
    if (before != begin.energy.end()) c.nanojoules -= before->nanojoules;
  }
  return causes;
}

int64_t DeviceStatistics::energy_nanojoules() const {
  return total_nanojoules(end.energy) - total_nanojoules(begin.energy);
}

void Statistics::add_device() { devices_.emplace_back(); }

void Statistics::sample(const Span& s) {
  if (!range_.contains(s.born())) return;
  DeviceStatistics& d = devices_[raw(s.device)];
  ++d.samples;
  if (s.in_flight()) {
    ++d.in_flight;
    return;
  }
  if (s.lost()) {
    ++d.lost;
    ++lost_causes_[s.cause];
    if (s.truth >= 0) {
      ++d.labelled;
      accuracy_.lost(s.truth);
    }
    return;
  }
  ++d.processed;
  if (const auto e2e = s.e2e()) d.e2e.add(*e2e);
  if (const auto age = s.age()) age_.add(*age);
  if (s.truth < 0 || s.predicted < 0) return;
  ++d.labelled;
  ++d.classified;
  d.correct += s.truth == s.predicted;
  accuracy_.classified(s.truth, s.predicted);
}

void Statistics::written(const Span& s) {
  if (!range_.contains(s.born())) return;
  devices_[raw(s.device)].attempts += s.attempts;
  // The last attempt of a lost sample is no part of the way to a result, and hops are to add up to the
  // latency.
  if (s.lost()) return;
  for (size_t i = 0; i < kHops.size(); ++i) {
    if (const auto hop = s.hop(kHops[i])) hops_[i].add(*hop);
  }
}

void Statistics::packet_sent(DeviceIndex device, SimTime t) {
  if (range_.contains(t)) ++devices_[raw(device)].packets_sent;
}

void Statistics::packet(const PacketOutcome& p) {
  if (!range_.contains(p.sent_at)) return;
  DeviceStatistics& d = devices_[raw(p.device)];
  ++(p.delivered ? d.packets_delivered : d.packets_dropped);
}

void Statistics::counters(DeviceIndex device, SimTime t, const DeviceCounters& c) {
  DeviceStatistics& d = devices_[raw(device)];
  if (t <= range_.from) d.begin = c;
  if (t <= range_.to) {
    d.end = c;
    last_ = t;
  }
}

Duration Statistics::elapsed() const { return last_ <= range_.from ? Duration() : last_ - range_.from; }

}  // namespace xedgesim::metrics
