#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "metrics/energy_account.h"
#include "metrics/output_file.h"
#include "metrics/seed_energy_model.h"
#include "system/observer.h"

namespace xedgesim::system {

/// What is kept of one device between events.
struct Observer::Probe {
  metrics::DeviceIndex device{};
  std::unique_ptr<metrics::EnergyAccount> account;
  std::unique_ptr<metrics::SeedEnergyModel> seed_model;
  SimTime energy_time;  // of the last change of a current
  // Consumers' names are the same few strings all the time, so where one lies says which it is.
  std::vector<std::pair<const char*, metrics::EnergyAccount::Consumer>> consumers;
  metrics::EnergyAccount::Consumer consumer(std::string_view name) {
    for (const auto& [text, handle] : consumers)
      if (text == name.data()) return handle;
    consumers.emplace_back(name.data(), account->consumer(name));
    return consumers.back().second;
  }
  int64_t tx_packets = 0, rx_packets = 0, rx_bytes = 0, cca_busy = 0;
  // The latest sample.
  int64_t window = -1, boot_window = 0;
  SimTime window_time, sent_at;
  bool handed_over = false, on_air = false, delivered = true;
  std::unique_ptr<metrics::OutputFile> console;

  // Inference on the device, told by its trace marks: the first group on the node's thread, the second in event order.
  uint64_t begin_cycles = 0;
  int64_t begin_energy = -1, inferences = 0, inference_cycles = 0, inference_energy = 0, arena = 0;
  std::vector<float> scores;
  bool result_on_device = false, has_verdict = false;

  // Of a behavioural node, or one whose behaviour is a program: reports the MAC has, and the last one it is
  // through with.
  struct Pending {
    uint32_t sequence;
    SimTime sent_at;
    bool delivered, confirmed;
  };
  const nodes::ModelNode* model = nullptr;
  const nodes::ExternalNode* external = nullptr;
  bool spans = false;  // its reports are samples
  std::vector<Pending> pending;

  uint32_t absolute(uint16_t sequence) const {
    // Reports count windows modulo 65536 since the last boot; the run counts them all.
    const auto since_boot = static_cast<uint32_t>(std::max<int64_t>(0, window - boot_window));
    return static_cast<uint32_t>(boot_window) + since_boot - static_cast<uint16_t>(since_boot - sequence);
  }
};

}  // namespace xedgesim::system
