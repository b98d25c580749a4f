#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "devices/factory.h"
#include "isa/core.h"
#include "platforms/address_space.h"
#include "platforms/alarm_queue.h"
#include "platforms/clock_grid.h"
#include "platforms/debugger.h"
#include "platforms/memory.h"
#include "platforms/platform.h"
#include "sim/participant.h"
#include "sim/signal.h"

namespace xedgesim::platforms {

/// What makes one machine different from another of the same platform and firmware.
struct MachineConfig {
  std::string name;  ///< node name: key of its random streams
  uint64_t seed = 0;
  devices::Identity identity;
  std::vector<std::pair<uint32_t, uint32_t>> uicr;  ///< (offset, word)
  bus::AnalogSource* analog = nullptr;
  std::string energy_profile;                ///< empty: the platform's default
  sim::ParticipantId medium = sim::kNobody;  ///< target of the radio's messages
  bool semihosting = false;                  ///< BKPT 0xAB asks the host
  int64_t lf_ppb = 0, hf_ppb = 0;  ///< deviation of LFCLK and of HFCLK at the start
  bool stop_on_lockup = true;  ///< false: a locked-up machine stays silent for the rest of the run
};

/// One microcontroller: core, memory, devices and their alarms on the node's own clock.
///
/// Time: the core counts cycles on a fixed grid from time zero; an alarm at time t is handled before the
/// first instruction that starts at or after t; a delivery at t after everything the machine does at t by
/// itself.
///
/// Limits: clocks have no start-up jitter; what the radio does takes its nominal time whatever HFCLK does; wake-up from WFE/WFI takes no time beyond the exception
/// entry; bus contention between core and EasyDMA is not modelled.
class Machine final : private bus::Board,
                      private isa::Host,
                      private bus::PowerControl,
                      private bus::FlashStore {
 public:
  /// Throws ConfigError when the firmware does not fit the platform's memories.
  Machine(const Platform& platform, std::shared_ptr<const FirmwareImage> firmware,
          std::shared_ptr<const FlashTemplate> flash, MachineConfig config);
  ~Machine() override;

  // The running-participant verbs (sim/participant.h).
  SimTime next_activity() const;
  SimTime advance(SimTime limit, sim::Outbox& outbox);
  void deliver(const sim::Event& e, sim::Outbox& outbox);

  /// Power switched off, and on again: memory lost, devices and core reset at `t`.
  void power_off(SimTime t);
  void power_on(SimTime t);
  bool powered() const { return powered_; }
  /// From `t` on LFCLK (RTC, WDT) and HFCLK (core, SysTick, TIMER) run faster by so many parts per billion.
  void set_clock_deviation(int64_t lf_ppb, int64_t hf_ppb, SimTime t);
  /// The advance() that runs returns at `t` at the latest.
  void return_at(SimTime t) { sync_at(t); }

  uint64_t cycles_active() const { return active_cycles_; }
  Duration time_active() const { return counted_active_ + clock_.length_of(active_cycles_ - counted_cycles_); }
  uint64_t instructions() const { return core_->instructions(); }
  uint64_t wakeups() const { return wakeups_; }
  /// Changes of level of pins that the chip drives.
  uint64_t pin_changes() const { return pins_.changes; }
  bool locked_up() const { return locked_up_; }
  const devices::Currents& currents() const { return resources_.currents; }
  const Platform& platform() const { return platform_; }
  isa::Core& core() { return *core_; }
  /// From now on `debugger` looks at every stretch that the core runs; null: nobody. Outlives the machine or
  /// is taken back.
  void attend(Debugger* debugger) { debugger_ = debugger; }
  const std::string& name() const { return config_.name; }
  /// Where the machine stands.
  SimTime time() const { return now(); }
  bus::AddressMap& address_map() { return space_; }

  sim::Signal<std::string_view, uint8_t, SimTime> on_console;  ///< device, byte
  sim::Signal<std::string_view, SimTime> on_log;               ///< text
  sim::Signal<std::string_view, double, SimTime> on_current;   ///< consumer, amperes from now on
  sim::Signal<bool, SimTime> on_sleep;                         ///< asleep or awake from now on
  sim::Signal<int64_t, SimTime> on_conversion_end;             ///< the ADC filled a buffer of so many samples
  sim::Signal<bool, SimTime> on_power;                         ///< power there or gone from now on
  sim::Signal<SimTime> on_reset;
  sim::Signal<unsigned, uint32_t, SimTime> on_trace;  ///< ITM stimulus port, word; as a probe would see

 private:
  // bus::Board
  SimTime now() const override;
  bus::AlarmId schedule(bus::Device& device, SimTime when, uint32_t code) override;
  void cancel(bus::AlarmId id) override { alarms_.cancel(id); }
  void set_irq(unsigned irq, bool level) override;
  void publish(bus::RegisterAddress event) override;
  bool dma_read(uint32_t address, std::span<uint8_t> out) override;
  bool dma_write(uint32_t address, std::span<const uint8_t> in) override;
  void transmit(bus::Device& device, sim::Event e) override;
  void sync_at(SimTime when) override;
  uint32_t random_bits(std::string_view purpose) override;
  void log(std::string_view text, bool once) override;
  void console(std::string_view device, uint8_t byte) override { on_console(device, byte, now()); }
  void current(std::string_view consumer, double amperes) override { on_current(consumer, amperes, now()); }
  // isa::Host
  bool read(uint32_t address, unsigned width, uint32_t& value) override;
  bool write(uint32_t address, unsigned width, uint32_t value) override;
  void system_reset_requested() override {}
  void stimulus(unsigned port, uint32_t value, unsigned width, bool enabled) override;
  void semihosting(uint8_t byte) override { console("semihosting", byte); }
  void log(const std::string& text) override { log(std::string_view(text), true); }
  // bus::PowerControl
  void reset(bus::ResetReason reason) override;
  void system_off() override;
  // bus::FlashStore
  uint32_t size() const override { return flash_.size(); }
  void program(uint32_t address, uint32_t value) override;
  void erase(uint32_t address, uint32_t length) override;

  void build_devices(const FirmwareImage& firmware);
  void reset_now(bus::ResetReason reason);
  void run_core(uint64_t cycle_limit);
  isa::Stop run_attended(uint64_t cycle_limit);
  void wait_for_flash();
  bool flash_busy() const { return flash_controller_ && flash_controller_->busy_until() > now(); }
  void run_alarm();
  void interrupt_run();
  void set_asleep(bool asleep, SimTime t);
  bool awake() const;
  uint8_t* ram_at(uint32_t address, size_t length);
  [[noreturn]] void report_lockup();

  Debugger* debugger_ = nullptr;
  bool interrupted_ = false;  // a verb wants the core to stop behind this instruction

  const Platform& platform_;
  std::shared_ptr<const FirmwareImage> firmware_;
  std::shared_ptr<const FlashTemplate> flash_template_;
  MachineConfig config_;
  ClockGrid clock_;
  HostMemory flash_;
  uint32_t flash_base_ = 0;
  struct Ram {
    uint32_t base;
    HostMemory memory;
  };
  std::vector<Ram> rams_;
  devices::Resources resources_;
  AddressSpace space_;
  AlarmQueue alarms_;
  std::vector<std::unique_ptr<bus::Device>> devices_;
  std::unique_ptr<isa::Core> core_;
  bus::EventSink* event_sink_ = nullptr;
  bus::FlashController* flash_controller_ = nullptr;
  bus::Device* air_device_ = nullptr;
  bus::Device* console_device_ = nullptr;
  bus::RegisterAddress conversion_end_ = 0;
  bus::Device* adc_ = nullptr;
  std::vector<bus::SleepObserver*> sleep_observers_;
  std::vector<bus::ResetRecorder*> reset_recorders_;
  std::vector<std::pair<std::string, RandomStream>> random_;
  std::set<std::string, std::less<>> logged_;

  sim::Outbox* outbox_ = nullptr;  // set while advancing or delivering
  SimTime sync_ = SimTime::never();
  SimTime event_time_;  // time of the alarm or delivery being handled
  bool in_event_ = false;
  bool in_core_ = false;
  bool asleep_ = false;
  bool powered_ = true;
  bool system_off_ = false;
  bool locked_up_ = false;
  bool reset_pending_ = false;
  bus::ResetReason reset_reason_ = bus::ResetReason::power_on;
  uint64_t active_cycles_ = 0;
  // Of the cycles before the last change of HFCLK.
  uint64_t counted_cycles_ = 0;
  Duration counted_active_;
  uint64_t wakeups_ = 0;
  struct PinCounter final : bus::PinObserver {
    void pin_changed(unsigned, bool, SimTime) override { ++changes; }
    uint64_t changes = 0;
  } pins_;
};

}  // namespace xedgesim::platforms
