#include "bus/register_device.h"

#include <fmt/format.h>

namespace xedgesim::bus {

RegisterDevice::RegisterDevice(std::string name, uint32_t base, uint32_t size, const RegisterTable& table,
                               Board& board)
    : Device(std::move(name), base, size), table_(table), board_(board), values_(table.slot_count()) {
  RegisterDevice::reset();
}

uint32_t RegisterDevice::read(uint32_t offset, unsigned width) {
  const unsigned i = offset < RegisterTable::kBlockSize ? table_.slot_of(offset) : 0;
  const RegisterTable::Slot& s = table_.slot(i);
  uint32_t v = values_[i];
  if (s.read != nullptr) {
    v = s.read(*this, s.index);
  } else if (i == 0) {
    log_unmapped(offset, false);
    return 0;
  } else if (s.access == Access::wo) {
    return 0;
  }
  if (width == 4) return v;
  v >>= 8 * (offset & 3);
  return width == 1 ? v & 0xff : v & 0xffff;
}

void RegisterDevice::write(uint32_t offset, unsigned width, uint32_t value) {
  const unsigned i = offset < RegisterTable::kBlockSize ? table_.slot_of(offset) : 0;
  const RegisterTable::Slot& s = table_.slot(i);
  if (i == 0) return log_unmapped(offset, true);
  if (s.access == Access::ro)
    return note(fmt::format("write to read-only {} ignored", table_.name_of(offset)));
  if (width != 4) {
    note(fmt::format("{}-byte write to {}: the registers take words", width, table_.name_of(offset)));
    value <<= 8 * (offset & 3);
  }
  value &= s.write_mask;
  values_[i] = value;
  if (s.write != nullptr) s.write(*this, s.index, value);
}

void RegisterDevice::reset() {
  for (unsigned i = 0; i < table_.slot_count(); ++i) values_[i] = table_.slot(i).reset;
}

void RegisterDevice::note(const std::string& text) const { board_.log(name() + ": " + text); }

void RegisterDevice::log_unmapped(uint32_t offset, bool write) const {
  note(fmt::format("{} unmodelled register at offset 0x{:03x}{}", write ? "write to" : "read of", offset,
                   write ? " ignored" : " answered 0"));
}

}  // namespace xedgesim::bus
