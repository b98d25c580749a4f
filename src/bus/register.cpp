#include "bus/register.h"

#include "base/error.h"

namespace xedgesim::bus {

RegisterTable::RegisterTable(std::initializer_list<std::vector<Register>> groups) {
  for (const auto& group : groups) {
    for (const Register& row : group) add(row);
  }
}

void RegisterTable::add(const Register& row) {
  uint32_t mask = row.fields.empty() ? ~0u : 0u;
  for (const Field& f : row.fields) mask |= f.mask();
  const auto row_number = static_cast<uint16_t>(rows_.size());
  rows_.push_back(row);
  for (unsigned i = 0; i < row.count; ++i) {
    const uint32_t offset = row.offset + i * row.stride;
    XEDGESIM_ASSERT(offset % 4 == 0 && offset < kBlockSize);
    uint16_t& entry = slot_of_word_[offset >> 2];
    XEDGESIM_ASSERT(entry == 0);
    entry = static_cast<uint16_t>(slots_.size());
    slots_.push_back({.read = row.read,
                      .write = row.write,
                      .write_mask = mask,
                      .reset = row.reset,
                      .index = static_cast<uint16_t>(row.first_index + i * row.index_step),
                      .row = row_number,
                      .access = row.access});
  }
}

std::string RegisterTable::name_of(uint32_t offset) const {
  const unsigned i = slot_of(offset);
  if (i == 0) return {};
  const Register& row = rows_[slots_[i].row];
  if (row.count == 1) return row.name;
  return std::string(row.name) + "[" + std::to_string((offset - row.offset) / row.stride) + "]";
}

}  // namespace xedgesim::bus
