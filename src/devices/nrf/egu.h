#pragma once
#include "devices/nrf/peripheral.h"

namespace xedgesim::devices::nrf {

/// EGU and SWI (nRF52840 PS v1.1, 6.8): sixteen tasks, each with its event and interrupt.
class Egu final : public Peripheral {
 public:
  Egu(const DeviceParams& params, bus::Board& board, Resources& resources)
      : Peripheral(params, registers(), board, resources) {}

 private:
  static const bus::TaskEventTable& registers();
  void trigger_channel(unsigned channel) { generate(0x100 + 4 * channel); }
};

}  // namespace xedgesim::devices::nrf
