#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/accuracy.h"
#include "metrics/counters.h"
#include "metrics/network_recorder.h"
#include "metrics/scope.h"
#include "metrics/span_recorder.h"

namespace xedgesim::metrics {

/// What is kept of one device over one time range.
struct DeviceStatistics {
  int64_t samples = 0, processed = 0, lost = 0, in_flight = 0;
  int64_t classified = 0, correct = 0, labelled = 0;  ///< labelled: true class known, lost ones included
  int64_t packets_sent = 0, packets_delivered = 0, packets_dropped = 0;
  int64_t attempts = 0;
  LatencySet e2e;
  DeviceCounters begin, end;  ///< counters at the ends of the range

  /// By cause, of this range.
  std::vector<CauseEnergy> energy() const;
  int64_t energy_nanojoules() const;
};

/// Figures over one time range of the run, per device and in total.
class Statistics {
 public:
  Statistics(TimeRange range, std::vector<std::string> classes)
      : range_(range), accuracy_(std::move(classes)) {}

  const TimeRange& range() const { return range_; }
  void add_device();
  /// A sample's outcome, a written sample, packets: those outside the range are left out.
  void sample(const Span& s);
  void written(const Span& s);
  void packet_sent(DeviceIndex device, SimTime t);
  void packet(const PacketOutcome& p);
  /// Counters of a device at `t`: the last reading at or before `from` and at or before `to` are kept.
  void counters(DeviceIndex device, SimTime t, const DeviceCounters& c);

  size_t devices() const { return devices_.size(); }
  const DeviceStatistics& device(size_t i) const { return devices_[i]; }
  const LatencySet& hop(size_t i) const { return hops_[i]; }
  const LatencySet& age() const { return age_; }
  const Accuracy& accuracy() const { return accuracy_; }
  const std::map<std::string, int64_t>& lost_causes() const { return lost_causes_; }
  /// Simulated time inside the range, up to the last reading.
  Duration elapsed() const;

 private:
  TimeRange range_;
  std::vector<DeviceStatistics> devices_;
  std::array<LatencySet, kHops.size()> hops_;
  LatencySet age_;
  Accuracy accuracy_;
  std::map<std::string, int64_t> lost_causes_;
  SimTime last_;
};

}  // namespace xedgesim::metrics
