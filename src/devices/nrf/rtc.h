#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// RTC (nRF52840 PS v1.1, 6.22). Parameter `channels`: 3 (RTC0) or 4.
///
/// Counts edges of LFCLK, which lie at exactly n / 32768 s of that clock (Links::lf_clock) after its start,
/// rounded up to a nanosecond. Nothing ticks unless the TICK event is enabled.
///
/// Limits: START and CLEAR take effect at the next LFCLK edge, STOP at once (the chip needs up to 46 us for
/// each); writing CC = COUNTER + 1 always generates the event, which the chip does not guarantee.
class Rtc final : public Peripheral, public LfClockUser, public DeviationUser {
 public:
  static constexpr unsigned kMaxChannels = 4;
  Rtc(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void on_alarm(uint32_t code) override;
  void lfclk_changed() override;
  void clocks_deviate() override { reschedule(); }

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void stop();
  void clear_counter();
  void trigger_overflow();
  void write_cc(unsigned, uint32_t) { reschedule(); }
  uint32_t read_evten(unsigned) { return evten_; }
  void write_evten(unsigned, uint32_t v);
  void set_evten(unsigned, uint32_t v) { write_evten(0, evten_ | v); }
  void clear_evten(unsigned, uint32_t v) { write_evten(0, evten_ & ~v); }
  uint32_t read_counter(unsigned) { return counter(); }
  void write_prescaler(unsigned, uint32_t v);
  void listeners_changed() override { reschedule(); }

  uint32_t enabled() const { return evten_ | inten(); }
  void restart_at(uint32_t count);
  int64_t edge_now() const;
  SimTime edge_time(int64_t edge) const;
  uint64_t increments() const;  ///< since the count was base_count_
  uint32_t counter() const;
  void reschedule();

  const unsigned channels_;
  uint32_t evten_ = 0;
  bool started_ = false, counting_ = false;  ///< counting: started and LFCLK runs
  int64_t base_edge_ = 0;                    ///< edge at which the counter was base_count_
  uint32_t base_count_ = 0;
  int64_t divider_ = 1;
  uint64_t due_ = 0;  ///< the alarm's increment, counted from the base
  bus::AlarmId alarm_ = 0;
  SimTime alarm_time_;
};

}  // namespace xedgesim::devices::nrf
