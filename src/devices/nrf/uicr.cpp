#include "devices/nrf/uicr.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace xedgesim::devices::nrf {

using namespace bus;

const RegisterTable& Uicr::registers() {
  static const RegisterTable table({[] {
    std::vector<Register> rows;
    const auto add = [&](uint16_t offset, const char* name, uint16_t count) {
      rows.push_back({.offset = offset,
                      .name = name,
                      .read = get<&Uicr::word>,
                      .write = set<&Uicr::program>,
                      .count = count,
                      .first_index = static_cast<uint16_t>(offset / 4)});
    };
    add(0x000, "UNUSED0", 5);
    add(0x014, "NRFFW", 15);
    add(0x050, "NRFHW", 12);
    add(0x080, "CUSTOMER", 32);
    add(0x100, "UNUSED1", 64);
    add(0x200, "PSELRESET", 2);
    add(0x208, "APPROTECT", 1);
    add(0x20c, "NFCPINS", 1);
    add(0x210, "DEBUGCTRL", 1);
    add(0x214, "UNUSED2", 60);
    add(0x304, "REGOUT0", 1);
    return rows;
  }()});
  return table;
}

Uicr::Uicr(const DeviceParams& params, Board& board, Resources& resources)
    : RegisterDevice(params.name, params.base, params.size, registers(), board),
      words_(kWords, 0xffffffffu),
      links_(resources.links) {
  links_.uicr = this;
  for (const auto& [offset, value] : resources.uicr) {
    if (offset % 4 != 0 || offset / 4 >= kWords) {
      throw ConfigError(fmt::format("UICR has no word at offset 0x{:x}: use multiples of 4 below 0x{:x}",
                                    offset, 4 * kWords));
    }
    words_[offset / 4] = value;
  }
}

void Uicr::program(unsigned index, uint32_t value) {
  if (links_.nvmc == nullptr || !links_.nvmc->write_enabled()) {
    return note("write ignored: NVMC.CONFIG does not enable writing");
  }
  words_[index] &= value;
  links_.nvmc->word_written();
}

void Uicr::erase() { std::fill(words_.begin(), words_.end(), 0xffffffffu); }

}  // namespace xedgesim::devices::nrf
