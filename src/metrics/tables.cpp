#include "metrics/tables.h"

#include <algorithm>
#include <array>

namespace xedgesim::metrics {
namespace {

int64_t microseconds_at(SimTime t) { return t.count_ns() / 1000; }

/// Differences of truncated cumulative values, so that the rows add up to the truncated total.
int64_t whole_us(Duration now, Duration last) { return now.count_ns() / 1000 - last.count_ns() / 1000; }

std::optional<Decimal> mean_us(Duration sum, int64_t count) {
  const auto ns = ratio(sum.count_ns(), count, 0);
  return ns ? std::optional(microseconds(Duration::ns(ns->scaled))) : std::nullopt;
}

Decimal mebibytes(int64_t bytes) { return *ratio(bytes, 1024 * 1024, 3); }

constexpr std::array<std::string_view, 5> kCauses{"cpu_active", "sleep", "radio_tx", "radio_rx",
                                                  "radio_idle"};

int64_t energy_of(const DeviceCounters& c, std::string_view cause) {
  int64_t sum = 0;
  for (const CauseEnergy& e : c.energy) sum += e.cause == cause ? e.nanojoules : 0;
  return sum;
}

}  // namespace

DeviceTable::DeviceTable(RunDirectory& directory, Formats formats)
    : table_(directory, "device_metrics",
             {"node_id",       "time_us",       "cycles",         "energy_uJ",     "tx_bytes",
              "rx_bytes",      "sleep_time_us", "active_time_us", "instructions",  "memory_kb",
              "tx_packets",    "rx_packets",    "cca_busy",       "cpu_active_uJ", "sleep_uJ",
              "radio_tx_uJ",   "radio_rx_uJ",   "radio_idle_uJ",  "other_uJ",      "battery_fraction",
              "uart_tx_bytes", "uart_rx_bytes", "gpio_changes",   "wakeups"},
             formats) {}

void DeviceTable::row(const std::string& device, size_t index, SimTime t, const DeviceCounters& now) {
  if (index >= last_.size()) last_.resize(index + 1);
  DeviceCounters& last = last_[index];
  const int64_t total = total_nanojoules(now.energy) - total_nanojoules(last.energy);
  std::array<int64_t, kCauses.size()> causes;
  int64_t other = total;
  for (size_t i = 0; i < kCauses.size(); ++i) {
    causes[i] = energy_of(now, kCauses[i]) - energy_of(last, kCauses[i]);
    other -= causes[i];
  }
  table_.row({device,
              microseconds_at(t),
              now.cycles - last.cycles,
              microjoules(total),
              now.tx_bytes - last.tx_bytes,
              now.rx_bytes - last.rx_bytes,
              whole_us(now.asleep, last.asleep),
              whole_us(now.active, last.active),
              now.instructions - last.instructions,
              now.memory_bytes / 1024,
              now.tx_packets - last.tx_packets,
              now.rx_packets - last.rx_packets,
              now.cca_busy - last.cca_busy,
              microjoules(causes[0]),
              microjoules(causes[1]),
              microjoules(causes[2]),
              microjoules(causes[3]),
              microjoules(causes[4]),
              microjoules(other),
              now.battery_fraction ? Cell(rounded(*now.battery_fraction, 9)) : Cell(),
              now.uart_tx_bytes - last.uart_tx_bytes,
              now.uart_rx_bytes - last.uart_rx_bytes,
              now.gpio_changes - last.gpio_changes,
              now.wakeups - last.wakeups});
  last = now;
}

NetworkTable::NetworkTable(RunDirectory& directory, Formats formats)
    : table_(directory, "network_metrics",
             {"time_us", "packets_sent", "packets_delivered", "packets_dropped", "avg_latency_us",
              "channel_utilization", "max_latency_us", "collisions", "frames_on_air"},
             formats) {}

void NetworkTable::row(SimTime t, Duration interval, NetworkRecorder& network) {
  const NetworkRecorder::Totals now = network.totals();
  const auto busy = network.busy(t);
  Duration busiest;
  for (const auto& [frequency, covered] : busy) busiest = std::max(busiest, covered - last_busy_[frequency]);
  const int64_t delivered = now.delivered - last_.delivered;
  const Duration max_latency = network.take_max_latency();
  table_.row({microseconds_at(t), now.sent - last_.sent, delivered, now.dropped - last_.dropped,
              mean_us(now.latency_sum - last_.latency_sum, delivered),
              ratio(busiest.count_ns(), interval.count_ns(), 6),
              delivered > 0 ? Cell(microseconds(max_latency)) : Cell(), now.collisions - last_.collisions,
              now.frames - last_.frames});
  last_ = now;
  last_busy_ = busy;
}

EdgeTable::EdgeTable(RunDirectory& directory, Formats formats)
    : table_(directory, "edge_metrics",
             {"container_id", "time_us", "cpu_percent", "memory_mb", "requests_processed", "requests_failed",
              "network_tx_bytes", "network_rx_bytes", "avg_processing_time_us", "queue_depth"},
             formats) {}

void EdgeTable::row(const std::string& container, SimTime t, Duration interval, const EdgeCounters& now) {
  EdgeCounters& last = last_[container];
  const int64_t requests = now.requests_processed - last.requests_processed;
  // Percent with three decimals: the ratio with five, moved by two places.
  auto cpu = ratio((now.busy - last.busy).count_ns(), interval.count_ns() * std::max(1, now.processors), 5);
  if (cpu) cpu->decimals = 3;
  table_.row({container, microseconds_at(t), cpu, mebibytes(now.memory_bytes), requests,
              now.requests_failed - last.requests_failed, now.network_tx_bytes - last.network_tx_bytes,
              now.network_rx_bytes - last.network_rx_bytes,
              mean_us(now.processing - last.processing, requests), now.queue_depth});
  last = now;
}

CloudTable::CloudTable(RunDirectory& directory, Formats formats)
    : table_(directory, "cloud_metrics",
             {"service_id", "time_us", "requests", "avg_processing_time_us", "avg_latency_us", "stored",
              "answers", "requests_failed", "tx_bytes", "rx_bytes", "queue_depth"},
             formats) {}

void CloudTable::row(const std::string& service, SimTime t, const CloudCounters& now) {
  CloudCounters& last = last_[service];
  const int64_t requests = now.requests - last.requests;
  table_.row({service, microseconds_at(t), requests, mean_us(now.processing - last.processing, requests),
              mean_us(now.latency - last.latency, requests), now.stored - last.stored,
              now.answers - last.answers, now.requests_failed - last.requests_failed,
              now.tx_bytes - last.tx_bytes, now.rx_bytes - last.rx_bytes, now.queue_depth});
  last = now;
}

CrossTierTable::CrossTierTable(RunDirectory& directory, Formats formats)
    : table_(directory, "cross_tier_metrics",
             {"time_us", "e2e_latency_us", "total_energy_uJ", "ml_accuracy", "samples_processed",
              "packet_delivery_rate", "system_throughput", "samples_lost", "samples_classified",
              "samples_correct", "cumulative_energy_uJ", "cumulative_ml_accuracy",
              "cumulative_samples_processed", "cumulative_packet_delivery_rate"},
             formats) {}

void CrossTierTable::count(Counts& c, const Span& s) const {
  if (s.in_flight()) return;
  if (s.lost()) {
    ++c.lost;
    return;
  }
  ++c.processed;
  if (const auto e2e = s.e2e()) {
    ++c.latencies;
    c.latency_sum += *e2e;
  }
  if (s.truth < 0 || s.predicted < 0) return;
  ++c.classified;
  c.correct += s.truth == s.predicted;
}

void CrossTierTable::outcome(const Span& s) {
  count(interval_, s);
  count(run_, s);
}

void CrossTierTable::packet(const PacketOutcome& p) {
  for (Counts* c : {&interval_, &run_}) ++(p.delivered ? c->delivered : c->dropped);
}

void CrossTierTable::row(SimTime t, Duration interval, int64_t energy_nanojoules) {
  const Counts& i = interval_;
  table_.row({microseconds_at(t), mean_us(i.latency_sum, i.latencies),
              microjoules(energy_nanojoules - last_energy_), ratio(i.correct, i.classified, 6), i.processed,
              ratio(i.delivered, i.delivered + i.dropped, 6),
              // Samples a second: the count moved by nine places over nanoseconds.
              ratio(i.processed * 1'000'000'000, interval.count_ns(), 3), i.lost, i.classified, i.correct,
              microjoules(energy_nanojoules), ratio(run_.correct, run_.classified, 6), run_.processed,
              ratio(run_.delivered, run_.delivered + run_.dropped, 6)});
  interval_ = {};
  last_energy_ = energy_nanojoules;
}

}  // namespace xedgesim::metrics
