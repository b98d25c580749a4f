#pragma once
#include <array>

#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// SAADC (nRF52840 PS v1.1, 6.23). A conversion takes its channel's acquisition time plus 2 us; the input is
/// sampled at the end of the acquisition. RESULT = (V(P) - V(N)) * GAIN / REFERENCE * 2^(RESOLUTION - m), m =
/// 1 in differential mode, rounded to nearest.
///
/// Limits: an ideal converter (no noise, offset, gain error or crosstalk); pins see 0 V to VDD; the pull
/// resistors RESP and RESN do not act; STARTED follows START at once; calibration takes a fixed time and
/// changes nothing.
class Saadc final : public Peripheral {
 public:
  static constexpr unsigned kChannels = 8;
  Saadc(const DeviceParams& params, bus::Board& board, Resources& resources)
      : Peripheral(params, registers(), board, resources) {}
  void reset() override;
  void on_alarm(uint32_t code) override;

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void sample();
  void stop();
  void calibrate();
  uint32_t status(unsigned) { return converting_; }
  void write_enable(unsigned, uint32_t value);

  void begin_scan();
  void begin_conversion();
  void conversion_done();
  double supply_volts(SimTime t) const;
  double input_volts(uint32_t psel, SimTime t) const;
  int32_t convert(unsigned channel, SimTime t) const;
  void result_ready(unsigned channel, int32_t result);
  void check_limits(unsigned channel, int32_t result);
  Duration acquisition_time(unsigned channel) const;
  unsigned oversampling() const;
  bool burst(unsigned channel) const;

  bool started_ = false, converting_ = false;
  uint32_t ptr_ = 0, max_ = 0;
  unsigned channel_ = 0;       ///< being converted
  unsigned samples_left_ = 0;  ///< of this channel in a burst
  unsigned averaged_ = 0;      ///< conversions in sum_
  int64_t sum_ = 0;
  bus::AlarmId alarm_ = 0, rate_alarm_ = 0, calibration_alarm_ = 0;
};

}  // namespace xedgesim::devices::nrf
