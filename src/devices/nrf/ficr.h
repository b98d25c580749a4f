#pragma once
#include "bus/register_device.h"
#include "devices/params.h"

namespace xedgesim::devices::nrf {

/// FICR, factory information (nRF52840 PS v1.1, 4.4): an nRF52840-QIAA, build code AAD0, revision 2. Device
/// (parameter `family: 51`: an nRF51822-QFAA). Device
/// id, address and the keys ER and IR follow from the node's identity.
class Ficr final : public bus::RegisterDevice {
 public:
  Ficr(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;

 private:
  static const bus::RegisterTable& registers();
  static const bus::RegisterTable& registers_51();
  const Identity identity_;
};

}  // namespace xedgesim::devices::nrf
