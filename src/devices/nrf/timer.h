#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// TIMER (nRF52840 PS v1.1, 6.30). Parameter `channels`: 4 (TIMER0-2) or 6 (TIMER3-4).
///
/// Nothing ticks: the instant of the next compare match is computed. Instants are kept in half nanoseconds
/// of HFCLK (Links::hf_clock), in which the 62.5 ns of PCLK16M are whole, so a timer that clears itself by a SHORT never drifts;
/// device-visible times are the exact instants rounded up.
///
/// Energy: the consumer "timer" is on while any TIMER of the chip runs; two draw no more than one
/// (PS 5.2.1.9).
///
/// Limits: a timer starts counting at the instant of START (no synchronisation to PCLK1M/PCLK16M); MODE,
/// BITMODE and PRESCALER written while running take effect at the next START or CLEAR; COMPARE is generated
/// when the counter reaches CC, not when CC is written with the present count or the counter is cleared to
/// it.
class Timer final : public Peripheral, public DeviationUser {
 public:
  static constexpr unsigned kMaxChannels = 6;
  Timer(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;
  void on_alarm(uint32_t code) override;
  void clocks_deviate() override {
    if (counting_time()) reschedule();
  }

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void stop();
  void count();
  void clear_counter();
  void shutdown();
  void capture(unsigned channel);
  void write_cc(unsigned channel, uint32_t value);

  void set_running(bool running);
  bool counting_time() const { return running_ && !counter_mode_; }
  int64_t instant() const;  ///< now in half nanoseconds, exact while a compare is handled
  uint64_t ticks() const;   ///< since origin_
  uint32_t counter() const;
  void latch_configuration();
  void generate_matches(uint32_t counter_value);
  void reschedule();

  const unsigned channels_;
  bool running_ = false, counter_mode_ = false;
  uint32_t held_ = 0;   ///< counter value while stopped or in counter mode
  int64_t origin_ = 0;  ///< instant at which the counter was zero
  int64_t period_ = 0;  ///< of one count
  uint32_t mask_ = 0xffff;
  uint64_t due_ticks_ = 0;  ///< the alarm's match, in ticks since origin_
  bool at_match_ = false;
  int64_t match_instant_ = 0;
  bus::AlarmId alarm_ = 0;
  SimTime alarm_time_;
};

}  // namespace xedgesim::devices::nrf
