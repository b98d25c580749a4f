#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nodes/battery.h"
#include "nodes/codes.h"
#include "platforms/machine.h"
#include "sim/participant.h"

namespace xedgesim::nodes {

/// An emulated microcontroller as a participant of a run: its machine, its console by lines, its radio's
/// shield, its battery, and the outside signs of a sensing firmware (ADC buffer full, core asleep again).
class McuNode final : public sim::RunningParticipant, private bus::AnalogSource {
 public:
  struct Config {
    std::shared_ptr<const platforms::Platform> platform;
    std::shared_ptr<const platforms::FirmwareImage> firmware;
    std::shared_ptr<const platforms::FlashTemplate> flash;
    platforms::MachineConfig machine;
    std::string console;  ///< device whose bytes are its console; empty: the platform's
    sim::ParticipantId observer = sim::kNobody;  ///< gets ObserverCode events
    std::optional<Battery::Config> battery;      ///< none: a supply that lasts
    /// Buffers of the ADC that the firmware counts as one sample: it looks at the last of them. Counted anew
    /// after a boot.
    int64_t windows_per_sample = 1;
    /// The ADC has filled a buffer of so many samples; the board was off or reset. Either may be missing.
    std::function<void(int64_t samples)> window_ended = {};
    std::function<void()> restarted = {};
  };
  explicit McuNode(Config config);

  SimTime next_activity() const override { return std::min(machine_.next_activity(), battery_end()); }
  SimTime advance(SimTime limit, sim::Outbox& outbox) override;
  void deliver(const sim::Event& e, sim::Outbox& outbox) override;

  platforms::Machine& machine() { return machine_; }
  const platforms::Machine& machine() const { return machine_; }

  struct Counters {
    int64_t cca_started = 0;
    int64_t tx_frames = 0, tx_bytes = 0;  ///< PSDU bytes, acknowledgements included
    int64_t uart_tx_bytes = 0, uart_rx_bytes = 0;
  };
  const Counters& counters() const { return counters_; }
  const Battery* battery() const { return battery_ ? &*battery_ : nullptr; }
  /// When the battery last ran out; never() if it did not.
  SimTime depleted_at() const { return depleted_at_; }

  sim::Signal<int64_t, int64_t>
      on_transmit;  ///< power in hundredths of dBm, PSDU bytes; on the node's thread
  /// Consumer, amperes from now on: the machine's own ones, the core's ("cpu_active", "sleep"), and zero for
  /// all when the power goes. A consumer's name lies at one place.
  sim::Signal<std::string_view, double, SimTime> on_current;
  struct Load {
    std::string_view consumer;
    int64_t picoamperes;
  };
  /// What draws current now.
  const std::vector<Load>& loads() const { return loads_; }

 private:
  // bus::AnalogSource
  double volts(unsigned ain, SimTime t) override;
  std::optional<double> supply_volts(SimTime t) override;

  void connect_power();
  void draw(std::string_view consumer, double amperes, SimTime t);
  SimTime battery_end() const;
  void power_off(SimTime t, sim::Outbox& outbox);
  void drain(double fraction, SimTime t, sim::Outbox& outbox);
  void deplete(sim::Outbox& outbox);
  void filter(sim::Outbox& outbox, size_t first);
  void control(const sim::Event& e, sim::Outbox& outbox);
  void print(uint8_t byte, SimTime t);
  void observe(ObserverCode code, SimTime t, std::array<int64_t, 4> args, std::string_view text = {});
  void shield(bool on, SimTime t, sim::Outbox& outbox);

  Config config_;
  bus::AnalogSource* feed_;
  platforms::Machine machine_;
  std::optional<Battery> battery_;
  std::vector<Load> loads_;
  int64_t picoamperes_ = 0;  // sum of the loads
  double cpu_active_a_ = 0, cpu_sleep_a_ = 0;
  SimTime drawn_at_;  // latest change of a current
  SimTime depleted_at_ = SimTime::never();
  SimTime advance_limit_;  // of the advance() that runs, else zero
  sim::Outbox* outbox_ = nullptr;
  std::string line_;
  int64_t windows_ = 0;      // samples
  int64_t boot_window_ = 0;  // windows_ when the machine last booted
  int64_t buffers_ = 0, boot_buffers_ = 0;
  bool computing_ = false;
  bool shielded_ = false;
  bool listening_ = false;
  std::array<int64_t, 4> listen_args_{};
  Counters counters_;
};

}  // namespace xedgesim::nodes
