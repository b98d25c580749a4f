#pragma once
#include <memory>
#include <string>

#include "nodes/codes.h"
#include "platforms/machine.h"
#include "sim/participant.h"

namespace xedgesim::nodes {

/// An emulated microcontroller as a participant of a run: its machine, its console by lines, its radio's
/// shield, and the outside signs of a sensing firmware (ADC buffer full, core asleep again).
class McuNode final : public sim::RunningParticipant {
 public:
  struct Config {
    std::shared_ptr<const platforms::Platform> platform;
    std::shared_ptr<const platforms::FirmwareImage> firmware;
    std::shared_ptr<const platforms::FlashTemplate> flash;
    platforms::MachineConfig machine;
    std::string console;  ///< device whose bytes are its console; empty: the platform's
    sim::ParticipantId observer = sim::kNobody;  ///< gets ObserverCode events
  };
  explicit McuNode(Config config);

  SimTime next_activity() const override { return machine_.next_activity(); }
  SimTime advance(SimTime limit, sim::Outbox& outbox) override;
  void deliver(const sim::Event& e, sim::Outbox& outbox) override;

  platforms::Machine& machine() { return machine_; }
  const platforms::Machine& machine() const { return machine_; }

  struct Counters {
    int64_t cca_started = 0;
    int64_t tx_frames = 0, tx_bytes = 0;  ///< PSDU bytes, acknowledgements included
  };
  const Counters& counters() const { return counters_; }

  sim::Signal<int64_t, int64_t>
      on_transmit;  ///< power in hundredths of dBm, PSDU bytes; on the node's thread

 private:
  void filter(sim::Outbox& outbox, size_t first);
  void control(const sim::Event& e, sim::Outbox& outbox);
  void print(uint8_t byte, SimTime t);
  void observe(ObserverCode code, SimTime t, std::array<int64_t, 4> args, std::string_view text = {});
  void shield(bool on, SimTime t, sim::Outbox& outbox);

  Config config_;
  platforms::Machine machine_;
  sim::Outbox* outbox_ = nullptr;
  std::string line_;
  int64_t windows_ = 0;
  int64_t boot_window_ = 0;  // windows_ when the machine last booted
  bool computing_ = false;
  bool shielded_ = false;
  bool listening_ = false;
  std::array<int64_t, 4> listen_args_{};
  Counters counters_;
};

}  // namespace xedgesim::nodes
