#pragma once
#include "bus/flash.h"
#include "bus/register_device.h"
#include "devices/params.h"

namespace xedgesim::devices::nrf {

/// NVMC and ACL (nRF52840 PS v1.1, 4.3 and 6.2): one block. Programming, erasing and their times; the machine
/// hands CPU stores to the flash array to flash_write() and stalls the CPU until busy_until().
///
/// Parameter `page`: bytes of a page (4096).
///
/// Limits: words may be written any number of times between erases (nWRITE is not enforced); the ACL
/// registers hold their values without protecting anything; the instruction cache is not modelled, its
/// counters read 0.
class Nvmc final : public bus::RegisterDevice, public bus::FlashController, public WriteGate {
 public:
  Nvmc(const DeviceParams& params, bus::Board& board, Resources& resources);
  void reset() override;

  bool flash_write(uint32_t address, unsigned width, uint32_t value) override;
  SimTime busy_until() const override { return busy_until_; }
  bool write_enabled() const override;
  void word_written() override;

 private:
  static const bus::RegisterTable& registers();
  bool erase_enabled(const char* what) const;
  void busy_for(Duration d);
  uint32_t ready(unsigned);
  void erase_page(unsigned, uint32_t address);
  void erase_all(unsigned, uint32_t value);
  void erase_uicr(unsigned, uint32_t value);
  void erase_partial(unsigned, uint32_t address);

  bus::FlashStore* flash_;
  Links& links_;
  const uint32_t page_;
  SimTime busy_until_;
  Duration partial_erased_;
  uint32_t partial_page_ = 0;
};

}  // namespace xedgesim::devices::nrf
