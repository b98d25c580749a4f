#pragma once
#include <vector>

#include "bus/device.h"
#include "bus/register.h"

namespace xedgesim::bus {

/// A device whose registers are declared in a table. The table is one per class, the values are per instance.
/// An access to an offset with no row is logged once, reads as zero and ignores writes.
class RegisterDevice : public Device {
 public:
  RegisterDevice(std::string name, uint32_t base, uint32_t size, const RegisterTable& table, Board& board);

  uint32_t read(uint32_t offset, unsigned width) final;
  void write(uint32_t offset, unsigned width, uint32_t value) final;
  /// Loads the reset values; overriders call it first.
  void reset() override;

  const RegisterTable& table() const { return table_; }

 protected:
  Board& board() const { return board_; }
  /// The stored value of the register at `offset`, which must be declared.
  uint32_t value(uint32_t offset) const { return values_[table_.slot_of(offset)]; }
  void set_value(uint32_t offset, uint32_t v) { values_[table_.slot_of(offset)] = v; }
  /// One log line, once a run, that begins with the device's name.
  void note(const std::string& text) const;

 private:
  void log_unmapped(uint32_t offset, bool write) const;
  const RegisterTable& table_;
  Board& board_;
  std::vector<uint32_t> values_;
};

}  // namespace xedgesim::bus
