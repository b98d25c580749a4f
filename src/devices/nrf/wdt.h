#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// WDT (nRF52840 PS v1.1, 6.36). Expires (CRV + 1) / 32768 s after the last reload, then resets the chip two
/// LFCLK cycles after TIMEOUT. Only a reset stops it.
///
/// Limits: the counter is not aligned to LFCLK edges; a halted debugger does not pause it.
class Wdt final : public Peripheral, public bus::SleepObserver, public DeviationUser {
 public:
  Wdt(const DeviceParams& params, bus::Board& board, Resources& resources)
      : Peripheral(params, registers(), board, resources) {
    links().deviation_users.push_back(this);
  }
  void reset() override;
  void on_alarm(uint32_t code) override;
  void cpu_sleep(bool asleep) override;
  void clocks_deviate() override;

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void reload(unsigned channel, uint32_t value);
  uint32_t run_status(unsigned) { return running_; }
  uint32_t request_status(unsigned) { return pending_; }
  void set_reload(unsigned, uint32_t value);
  void set_config(unsigned, uint32_t value);
  void restart();

  bool running_ = false, resetting_ = false;
  uint32_t crv_ = 0, enabled_ = 1, config_ = 1;  ///< locked at START
  uint32_t pending_ = 1;                         ///< reload channels still to be written
  int64_t due_ = 0;   ///< in half nanoseconds of Links::lf_clock
  int64_t left_ = 0;  ///< of the period, while paused; likewise
  bool paused_ = false;
  bus::AlarmId alarm_ = 0;
};

}  // namespace xedgesim::devices::nrf
