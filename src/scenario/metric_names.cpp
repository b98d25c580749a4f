#include "scenario/metric_names.h"

#include <fmt/format.h>

namespace xedgesim::scenario {

namespace {

struct Named {
  const char *name, *doc;
};

constexpr Named kSystemMetrics[] = {
    {"total_packets_sent", "packets the devices' applications sent"},
    {"total_packets_delivered", "of those, the ones the gateway got"},
    {"total_packets_dropped", "of those, the ones nobody got"},
    {"packet_delivery_rate", "delivered / sent, 0 to 1"},
    {"total_samples", "samples (feature windows) that entered the system"},
    {"samples_processed", "samples that got a result"},
    {"samples_lost", "samples that never get one"},
    {"samples_in_flight", "samples without a result when the run ended"},
    {"samples_classified", "samples the model classified"},
    {"ml_accuracy", "right / classified, of samples whose class is known"},
    {"ml_accuracy_all_samples", "the same with lost samples counted as wrong"},
    {"total_energy_mJ", "energy of the devices"},
    {"energy_mJ", "the same, for use with a node: energy_mJ[vib_3]"},
    {"min_device_energy_mJ", "energy of the device that took least"},
    {"avg_device_energy_mJ", "energy of a device, mean"},
    {"max_device_energy_mJ", "energy of the device that took most"},
    {"energy_per_sample_mJ", "total energy / samples processed"},
    {"battery_fraction", "charge of the emptiest battery, 0 to 1"},
    {"battery_life_days", "life of the worst battery at this rate"},
    {"system_throughput", "results a second"},
    {"tx_attempts", "transmissions, retries included"},
    {"tx_packets", "frames sent by the devices' radios"},
    {"rx_packets", "frames received by them"},
    {"tx_bytes", "bytes sent by them"},
    {"rx_bytes", "bytes received by them"},
    {"cca_busy", "channel assessments that found it busy"},
    {"uart_tx_bytes", "bytes their serial ports sent"},
    {"uart_rx_bytes", "bytes their serial ports received"},
    {"gpio_changes", "changes of level of pins they drive"},
    {"wakeups", "times their processors woke up"},
    {"cycles", "processor cycles of the devices"},
    {"instructions", "instructions of the devices"},
    {"sleep_fraction", "share of time the processors slept, 0 to 1"},
    {"collisions", "frames lost to another transmission"},
    {"frames_on_air", "transmissions of all radios, acknowledgements included"},
    {"channel_utilization", "share of time the channel carried a frame, 0 to 1"},
    {"duration_s", "simulated seconds"},
};

constexpr Named kNetworkMetrics[] = {
    {"flow_sent", "packets of flows between model nodes"},
    {"flow_received", "of those, the ones that arrived (ping: whose answer did)"},
    {"flow_lost", "of those, the ones that did not"},
    {"flow_loss_rate", "lost / sent, 0 to 1"},
    {"flow_duplicates", "packets that arrived a second time"},
    {"flow_reordered", "packets that arrived after a later one"},
    {"flow_throughput_Mbps", "bits received a second, Ethernet headers included"},
    {"flow_jitter_ms", "mean difference of the delays of consecutive packets"},
    {"link_sent", "packets handed to links"},
    {"link_delivered", "packets delivered by links, duplicates included"},
    {"link_lost", "packets lost on the wire"},
    {"link_loss_rate", "lost / sent on the wire, 0 to 1"},
    {"link_queue_drops", "packets dropped by queues and shapers"},
    {"link_down_drops", "packets handed to links that were down"},
    {"link_duplicated", "packets delivered twice"},
    {"link_corrupted", "packets with a wrong bit"},
    {"link_reordered", "packets that overtook others"},
};

constexpr const char* kPortCounters[] = {"etherStatsDropEvents",
                                         "etherStatsOctets",
                                         "etherStatsPkts",
                                         "etherStatsBroadcastPkts",
                                         "etherStatsMulticastPkts",
                                         "etherStatsCRCAlignErrors",
                                         "etherStatsUndersizePkts",
                                         "etherStatsOversizePkts",
                                         "etherStatsFragments",
                                         "etherStatsJabbers",
                                         "etherStatsCollisions",
                                         "etherStatsPkts64Octets",
                                         "etherStatsPkts65to127Octets",
                                         "etherStatsPkts128to255Octets",
                                         "etherStatsPkts256to511Octets",
                                         "etherStatsPkts512to1023Octets",
                                         "etherStatsPkts1024to1518Octets",
                                         "ifOutOctets",
                                         "ifOutPkts"};
constexpr const char* kPortDrops[] = {"vlanFiltered", "aclDenied",       "stormSuppressed",
                                      "stpBlocked",   "reservedAddress", "malformed"};

constexpr Named kLatencies[] = {
    {"e2e", "end of sensing to result"},
    {"age", "begin of sensing to result"},
    {"packet", "sent to received by the gateway"},
    {"sensing", "length of the window"},
    {"compute", "sensing to transmit request"},
    {"access", "request to first symbol on the air"},
    {"air", "transmission"},
    {"wire", "gateway to edge service"},
    {"queue", "waiting at the edge service"},
    {"inference", "running the model"},
    {"reply", "result to where it is wanted"},
    {"store", "result to cloud store"},
    {"answer", "cloud store to answer"},
};

/// Of several times, as the beginning of a metric's name.
constexpr std::pair<const char*, const char*> kStatistics[] = {{"", "mean, or the scope's percentile"},
                                                               {"avg_", "mean"},
                                                               {"min_", "shortest"},
                                                               {"p50_", "median"},
                                                               {"p95_", "95th percentile"},
                                                               {"p99_", "99th percentile"},
                                                               {"max_", "longest"}};

std::vector<NamedThing> all_assertion_metrics() {
  std::vector<NamedThing> out;
  for (const Named& m : kSystemMetrics) out.push_back({m.name, m.doc});
  for (const Named& m : kNetworkMetrics) out.push_back({m.name, m.doc});
  for (const char* counter : kPortCounters)
    out.push_back({fmt::format("port_{}", counter), "RFC 2819 or IF-MIB counter of switch ports"});
  for (const char* counter : kPortDrops)
    out.push_back({fmt::format("port_{}", counter), "frames dropped by switch ports for this reason"});
  for (const auto& [figure, said] : kStatistics)
    out.push_back({fmt::format("{}flow_delay_ms", figure),
                   fmt::format("sending to arrival (ping: and back): {}", said)});
  for (const std::string& cause : energy_causes())
    out.push_back({fmt::format("energy_{}_mJ", cause), fmt::format("energy of the devices for {}", cause)});
  for (const Named& l : kLatencies)
    for (const auto& [figure, said] : kStatistics)
      out.push_back({fmt::format("{}{}_latency_ms", figure, l.name), fmt::format("{}: {}", l.doc, said)});
  return out;
}

}  // namespace

const std::vector<NamedThing>& assertion_metrics() {
  static const std::vector<NamedThing> kMetrics = all_assertion_metrics();
  return kMetrics;
}

const std::vector<std::string>& energy_causes() {
  static const std::vector<std::string> kCauses{"cpu_active", "sleep",      "radio_tx",
                                                "radio_rx",   "radio_idle", "saadc"};
  return kCauses;
}

std::pair<std::string, std::string> split_metric(std::string_view name) {
  const size_t bracket = name.find('[');
  if (bracket == std::string_view::npos || name.back() != ']') return {std::string(name), ""};
  return {std::string(name.substr(0, bracket)),
          std::string(name.substr(bracket + 1, name.size() - bracket - 2))};
}

bool is_network_metric(std::string_view name) {
  return name.rfind("link_", 0) == 0 || name.rfind("port_", 0) == 0 ||
         name.find("flow_") != std::string_view::npos;
}

bool is_assertion_metric(std::string_view name) {
  const std::string bare = split_metric(name).first;
  for (const NamedThing& m : assertion_metrics())
    if (m.name == bare) return true;
  return (bare.rfind("precision_", 0) == 0 && bare.size() > 10) ||
         (bare.rfind("recall_", 0) == 0 && bare.size() > 7);
}

const std::vector<NamedThing>& collectable_metrics() {
  static const std::vector<NamedThing> kMetrics = {
      {"device_energy", "device table: energy by cause"},
      {"device_cpu", "device table: cycles, sleep, interrupts"},
      {"device_metrics", "device table"},
      {"packet_latency", "network table: latencies"},
      {"packet_loss", "network table: sent, delivered, dropped"},
      {"channel_utilization", "network table: share of busy time"},
      {"network_metrics", "network table"},
      {"ml_inference_time", "edge table and spans"},
      {"edge", "edge table"},
      {"edge_metrics", "edge table"},
      {"cloud", "cloud table"},
      {"cloud_metrics", "cloud table"},
      {"end_to_end_latency", "cross-tier table and spans"},
      {"ml_accuracy", "cross-tier table: results against the ground truth"},
      {"cross_tier_metrics", "cross-tier table"},
      {"spans", "one row a sample, stage by stage"},
  };
  return kMetrics;
}

const std::vector<NamedThing>& native_services() {
  static const std::vector<NamedThing> kServices = {
      {"mqtt_broker", "passes messages from publishers to subscribers"},
      {"ml_inference_service", "runs the node's ml_model on each message"},
      {"data_aggregator", "averages and forwards to the cloud"},
      {"data_store", "keeps what arrives"},
      {"analytics_dashboard", "counts and summarises what is stored"},
  };
  return kServices;
}

const std::vector<NamedThing>& compute_targets() {
  static const std::vector<NamedThing> kTargets = {
      {"raspberry-pi-3", "Cortex-A53, 1.2 GHz"},
      {"raspberry-pi-4", "Cortex-A72, 1.5 GHz"},
      {"raspberry-pi-5", "Cortex-A76, 2.4 GHz"},
      {"x86-server", "AVX2, 3 GHz"},
  };
  return kTargets;
}

std::vector<std::string> names_of(const std::vector<NamedThing>& things) {
  std::vector<std::string> out;
  for (const NamedThing& t : things) out.emplace_back(t.name);
  return out;
}

}  // namespace xedgesim::scenario
