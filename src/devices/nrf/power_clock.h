#pragma once
#include <vector>

#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// CLOCK and POWER (nRF52840 PS v1.1, 5.3 and 5.4): one block on the bus with one interrupt.
///
/// Limits. LFRC and LFSYNTH run at 32768 Hz like LFXO, with its deviation (Links::lf_clock), and a change of
/// source keeps the phase. Start-up times, and the times of the radio and of the ADC's sampling, which derive
/// from HFCLK on the chip, do not deviate. Calibration finishes with DONE after a fixed time and changes nothing. POFCON, USB
/// supply, RAM power and DC/DC registers hold their values without effect on memory or supply. The trace port
/// is not modelled.
class PowerClock final : public Peripheral,
                         public Clocks,
                         public bus::SleepObserver,
                         public bus::ResetRecorder {
 public:
  PowerClock(const DeviceParams& params, bus::Board& board, Resources& resources);

  void reset() override;
  void on_alarm(uint32_t code) override;
  bool hfxo_running() const override { return hfxo_ == Oscillator::running; }
  bool lfclk_running() const override { return lfclk_running_; }
  int64_t lfclk_origin() const override { return lfclk_origin_; }
  void request_lfclk() override { start_lfclk(); }
  void add_user(LfClockUser& user) override { users_.push_back(&user); }
  void cpu_sleep(bool asleep) override;
  void reset_happened(bus::ResetReason reason) override;

 private:
  enum class Oscillator : uint8_t { off, starting, running };
  static const bus::TaskEventTable& registers();

  void start_hfxo();
  void stop_hfxo();
  void start_lfclk();
  void stop_lfclk();
  void calibrate();
  void start_calibration_timer();
  void stop_calibration_timer();
  void power_mode() {}
  void lfclk_up();

  uint32_t hfclkrun(unsigned) { return hfxo_ != Oscillator::off; }
  uint32_t hfclkstat(unsigned) { return 1u << 16 | (hfxo_ == Oscillator::running ? 1u : 0u); }
  uint32_t lfclkrun(unsigned) { return lfclk_ != Oscillator::off; }
  uint32_t lfclkstat(unsigned);
  void clear_resetreas(unsigned, uint32_t ones);
  uint32_t resetreas(unsigned) { return resetreas_; }
  void enter_system_off(unsigned, uint32_t value);
  void set_ram_power(unsigned block, uint32_t bits);
  void clear_ram_power(unsigned block, uint32_t bits);

  Oscillator hfxo_ = Oscillator::off, lfclk_ = Oscillator::off;
  bool lfclk_running_ = false;
  int64_t lfclk_origin_ = 0;
  uint32_t lfclk_source_ = 0;
  uint32_t resetreas_ = 0;
  bus::AlarmId hfxo_alarm_ = 0, lfrc_alarm_ = 0, lfclk_alarm_ = 0, calibration_alarm_ = 0, timer_alarm_ = 0;
  std::vector<LfClockUser*> users_;
};

}  // namespace xedgesim::devices::nrf
