#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// TEMP (nRF52840 PS v1.1, 6.29): a measurement takes 36 us and gives Resources::temperature_c in steps of
/// 0.25 C.
///
/// Limits: the calibration registers A0-A5, B0-B5, T0-T4 hold their values and do not bend the result.
class Temp final : public Peripheral {
 public:
  Temp(const DeviceParams& params, bus::Board& board, Resources& resources)
      : Peripheral(params, registers(), board, resources) {}
  void reset() override;
  void on_alarm(uint32_t code) override;

 private:
  static const bus::TaskEventTable& registers();
  void start();
  void stop();
  bus::AlarmId alarm_ = 0;
};

}  // namespace xedgesim::devices::nrf
