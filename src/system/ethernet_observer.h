#pragma once
#include "metrics/flow_recorder.h"
#include "metrics/summary.h"
#include "system/ethernet.h"
#include "system/system.h"

namespace xedgesim::system {

/// Records flows, links and switch ports of a run: flow_metrics, link_metrics and port_metrics tables, the
/// `flow_…`, `link_…` and `port_…` metrics, and their objects in the summary. Writes nothing when the
/// scenario has none of them.
class EthernetObserver {
 public:
  EthernetObserver(System& system, metrics::RunDirectory& directory, metrics::Formats formats);
  void collect(SimTime t);
  metrics::MetricSource source() const;
  void add_to(metrics::Json& summary) const;

 private:
  metrics::MetricValue link_metric(std::string_view name, const metrics::Scope& scope) const;
  metrics::MetricValue port_metric(std::string_view name, const metrics::Scope& scope) const;
  std::vector<std::string> members() const;

  System& system_;
  metrics::FlowRecorder flows_;
  std::unique_ptr<metrics::TableWriter> flow_table_, link_table_, port_table_;
  std::vector<net::LinkStatistics> last_links_;  // two a link
  std::vector<std::vector<std::pair<std::string_view, uint64_t>>> last_ports_;
  SimTime last_;
};

}  // namespace xedgesim::system
