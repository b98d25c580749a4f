#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// RNG (nRF52840 PS v1.1, 6.19): a byte every 30 us, or every 120 us with bias correction. The bytes are the
/// node's random stream "rng", so they are the same in every run with the same seed.
///
/// Limits: bias correction takes its average time for every byte; the uncorrected bytes are unbiased too.
class Rng final : public Peripheral {
 public:
  Rng(const DeviceParams& params, bus::Board& board, Resources& resources)
      : Peripheral(params, registers(), board, resources) {}
  void reset() override;
  void on_alarm(uint32_t code) override;

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void stop();
  Duration byte_time() const;
  bus::AlarmId alarm_ = 0;
};

}  // namespace xedgesim::devices::nrf
