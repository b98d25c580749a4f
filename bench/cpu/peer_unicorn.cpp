#include <unicorn/unicorn.h>

#include <cstring>

#include "peers.h"

namespace xedgesim::bench {

std::optional<double> unicorn_seconds(const std::vector<uint8_t>& image, unsigned kernel, uint64_t rounds) {
  uc_engine* uc = nullptr;
  if (uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc) != UC_ERR_OK)
    return std::nullopt;
  uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M4);
  uc_mem_map(uc, 0, 0x10000, UC_PROT_ALL);
  uc_mem_map(uc, 0x20000000, 0x10000, UC_PROT_ALL);
  uc_mem_map(uc, 0x40000000, 0x1000, UC_PROT_ALL);
  uc_mem_map(uc, 0xE000E000, 0x1000, UC_PROT_ALL);
  uc_mem_write(uc, 0, image.data(), image.size());
  const uint32_t parameters[] = {kernel, static_cast<uint32_t>(rounds)};
  uc_mem_write(uc, kParameters, parameters, sizeof parameters);
  uint32_t vectors[2];
  std::memcpy(vectors, image.data(), sizeof vectors);
  uc_reg_write(uc, UC_ARM_REG_SP, &vectors[0]);
  // The end is the breakpoint: an error of Unicorn's, without a handler.
  const double start = cpu_seconds();
  const uc_err e = uc_emu_start(uc, vectors[1] | 1, 0xFFFFFFFE, 0, 0);
  const double seconds = cpu_seconds() - start;
  uint32_t pc = 0;
  uint16_t at_end = 0;
  uc_reg_read(uc, UC_ARM_REG_PC, &pc);
  uc_mem_read(uc, pc & ~1u, &at_end, 2);
  uc_close(uc);
  if (e == UC_ERR_OK || at_end != 0xBEAB) return std::nullopt;
  return seconds;
}

}  // namespace xedgesim::bench
