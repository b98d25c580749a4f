#pragma once
#include <map>
#include <string>

#include "metrics/counters.h"
#include "metrics/network_recorder.h"
#include "metrics/span_recorder.h"
#include "metrics/table_writer.h"

/// The tables of the implementation guide 3.5: its columns first, ours after them. Amounts in a row are those
/// of the interval that ends at time_us; each class keeps the last cumulative reading to subtract.
namespace xedgesim::metrics {

class DeviceTable {
 public:
  DeviceTable(RunDirectory& directory, Formats formats);
  void row(const std::string& device, size_t index, SimTime t, const DeviceCounters& now);
  void flush() { table_.flush(); }

 private:
  TableWriter table_;
  std::vector<DeviceCounters> last_;
};

class NetworkTable {
 public:
  NetworkTable(RunDirectory& directory, Formats formats);
  void row(SimTime t, Duration interval, NetworkRecorder& network);
  void flush() { table_.flush(); }

 private:
  TableWriter table_;
  NetworkRecorder::Totals last_;
  std::map<int64_t, Duration> last_busy_;
};

class EdgeTable {
 public:
  EdgeTable(RunDirectory& directory, Formats formats);
  void row(const std::string& container, SimTime t, Duration interval, const EdgeCounters& now);
  void flush() { table_.flush(); }

 private:
  TableWriter table_;
  std::map<std::string, EdgeCounters> last_;
};

class CloudTable {
 public:
  CloudTable(RunDirectory& directory, Formats formats);
  void row(const std::string& service, SimTime t, const CloudCounters& now);
  void flush() { table_.flush(); }

 private:
  TableWriter table_;
  std::map<std::string, CloudCounters> last_;
};

/// Follows samples and packets as their outcomes become known.
class CrossTierTable {
 public:
  CrossTierTable(RunDirectory& directory, Formats formats);
  void outcome(const Span& s);
  void packet(const PacketOutcome& p);
  /// `energy_nanojoules`: of all devices since the start of the run.
  void row(SimTime t, Duration interval, int64_t energy_nanojoules);
  void flush() { table_.flush(); }

 private:
  struct Counts {
    int64_t processed = 0, lost = 0, classified = 0, correct = 0;
    int64_t latencies = 0;
    Duration latency_sum;
    int64_t delivered = 0, dropped = 0;
  };
  void count(Counts& c, const Span& s) const;

  TableWriter table_;
  Counts interval_, run_;
  int64_t last_energy_ = 0;
};

}  // namespace xedgesim::metrics
