#include "scenario/metric_names.h"

namespace xedgesim::scenario {

const std::vector<NamedThing>& assertion_metrics() {
  static const std::vector<NamedThing> kMetrics = {
      {"total_packets_sent", "packets the devices' applications sent"},
      {"total_packets_received", "packets the gateway took up"},
      {"packets_dropped", "packets that were sent and never arrived"},
      {"packet_delivery_rate", "received / sent, 0 to 1"},
      {"packet_loss_rate", "1 - packet_delivery_rate"},
      {"collisions", "frames lost to overlapping transmissions"},
      {"retries", "link-layer retransmissions"},
      {"channel_utilization", "share of time the radio channel carried a transmission, 0 to 1"},
      {"throughput_bps", "application payload delivered, bits a second"},
      {"avg_packet_latency_ms", "send request at the device to arrival at the gateway, mean"},
      {"p50_packet_latency_ms", "the same, median"},
      {"p95_packet_latency_ms", "the same, 95th percentile"},
      {"p99_packet_latency_ms", "the same, 99th percentile"},
      {"avg_e2e_latency_ms", "end of sensing to result received, mean"},
      {"p50_e2e_latency_ms", "the same, median"},
      {"p95_e2e_latency_ms", "the same, 95th percentile"},
      {"p99_e2e_latency_ms", "the same, 99th percentile"},
      {"max_e2e_latency_ms", "the same, longest"},
      {"ml_accuracy", "right results / results that have a ground truth, 0 to 1"},
      {"ml_precision", "of the reported anomalies, the share that is one"},
      {"ml_recall", "of the anomalies, the share that is reported"},
      {"ml_f1", "harmonic mean of precision and recall"},
      {"ml_inferences", "inferences made"},
      {"avg_inference_time_ms", "time of one inference, mean"},
      {"p95_inference_time_ms", "time of one inference, 95th percentile"},
      {"total_samples", "samples (feature windows) that entered the system"},
      {"samples_processed", "samples that got a result"},
      {"samples_lost", "samples that never got a result"},
      {"samples_stored", "results the cloud stored"},
      {"total_energy_mJ", "energy of all devices"},
      {"avg_energy_mJ", "energy of a device, mean"},
      {"max_energy_mJ", "energy of the device that took most"},
      {"energy_per_sample_mJ", "total energy / samples processed"},
      {"compute_energy_mJ", "share of the processors in total energy"},
      {"radio_energy_mJ", "share of the radios in total energy"},
      {"idle_energy_mJ", "share of sleeping in total energy"},
      {"min_battery", "remaining charge of the emptiest battery, 0 to 1"},
      {"cpu_active_ratio", "share of time the device processors ran, 0 to 1"},
      {"device_resets", "resets of device processors"},
      {"device_lockups", "device processors in lock-up"},
      {"cloud_requests", "requests the cloud answered"},
      {"edge_queue_depth_max", "longest queue at the edge service"},
      {"speed_factor", "simulated time / wall time"},
  };
  return kMetrics;
}

const std::vector<NamedThing>& collectable_metrics() {
  static const std::vector<NamedThing> kMetrics = {
      {"device_energy", "energy of each device by component"},
      {"device_cpu", "cycles, sleep time and interrupts of each device"},
      {"device_memory", "memory used by each device"},
      {"device_gpio", "changes of output pins"},
      {"device_uart", "bytes over serial ports"},
      {"packet_latency", "latency of each packet"},
      {"packet_loss", "packets sent, delivered and dropped"},
      {"radio", "RSSI, SINR, collisions, retries"},
      {"channel_utilization", "share of time the channel is busy"},
      {"link_throughput", "bytes and packets of each wired link"},
      {"queue_depth", "lengths of queues"},
      {"end_to_end_latency", "span chain of each sample"},
      {"ml_inference_time", "time of each inference"},
      {"ml_accuracy", "results against the ground truth"},
      {"edge_cpu", "processor use at the edge"},
      {"edge_memory", "memory use at the edge"},
      {"edge_network", "bytes in and out of edge nodes"},
      {"cloud_requests", "requests and processing time in the cloud"},
      {"throughput", "samples processed a second"},
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
      {"raspberry-pi-3", "4 × Cortex-A53, 1.2 GHz"},
      {"raspberry-pi-4", "4 × Cortex-A72, 1.5 GHz"},
      {"raspberry-pi-5", "4 × Cortex-A76, 2.4 GHz"},
      {"jetson-nano", "4 × Cortex-A57 and 128-core GPU"},
      {"jetson-orin-nano", "6 × Cortex-A78AE and GPU"},
      {"x86-laptop", "4 cores, 2.5 GHz"},
      {"x86-server", "16 cores, 2.4 GHz"},
  };
  return kTargets;
}

std::vector<std::string> names_of(const std::vector<NamedThing>& things) {
  std::vector<std::string> out;
  for (const NamedThing& t : things) out.emplace_back(t.name);
  return out;
}

}  // namespace xedgesim::scenario
