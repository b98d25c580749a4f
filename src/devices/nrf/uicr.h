#pragma once
#include "bus/register_device.h"
#include "devices/params.h"

namespace xedgesim::devices::nrf {

/// UICR, user information (nRF52840 PS v1.1, 4.5): flash words, 0xffffffff where nothing was programmed.
/// Resources::uicr gives the programmed words. Survives reset; written through NVMC only.
///
/// Limits: APPROTECT, PSELRESET, NFCPINS and REGOUT0 are plain words without effect.
class Uicr final : public bus::RegisterDevice, public Erasable {
 public:
  Uicr(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override {}
  void erase() override;

 private:
  static constexpr uint32_t kWords = 0x308 / 4;
  static const bus::RegisterTable& registers();
  uint32_t word(unsigned index) { return words_[index]; }
  void program(unsigned index, uint32_t value);

  std::vector<uint32_t> words_;
  Links& links_;
};

}  // namespace xedgesim::devices::nrf
