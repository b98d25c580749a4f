#pragma once
#include <cstdint>

#include "base/time.h"

namespace xedgesim::bus {

/// The flash array behind a flash controller; the machine owns the bytes.
class FlashStore {
 public:
  virtual ~FlashStore() = default;
  virtual uint32_t size() const = 0;
  /// Ands `value` into the word at `address` (multiple of 4, < size()): programming only clears bits.
  virtual void program(uint32_t address, uint32_t value) = 0;
  /// Sets [address, address + length) to 0xff.
  virtual void erase(uint32_t address, uint32_t length) = 0;
};

/// The flash controller as the machine sees it: CPU stores into flash go through here.
class FlashController {
 public:
  virtual ~FlashController() = default;
  /// A CPU store to the flash array. False when writing is not enabled (the store is ignored and logged).
  virtual bool flash_write(uint32_t address, unsigned width, uint32_t value) = 0;
  /// A CPU that executes from flash stands still until then (nRF52840 PS 4.3, NVMC).
  virtual SimTime busy_until() const = 0;
};

}  // namespace xedgesim::bus
