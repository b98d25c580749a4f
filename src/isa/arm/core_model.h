#pragma once
#include <cstdint>

#include "isa/arm/cortex_m.h"

namespace xedgesim::isa::arm {

/// Instruction sets, each contained in the next.
enum class Architecture : uint8_t { v6m, v7m, v7em, v7em_fp };

/// What makes one Cortex-M another: instruction set and times. Times in cycles, from the Technical Reference
/// Manuals (M0: DDI 0432 3.3; M0+: DDI 0484 3.3; M3: DDI 0337 18; M4: 100166 3.3).
struct CoreModel {
  CortexModel model;
  Architecture architecture;
  uint32_t cpuid;
  uint8_t refill;       ///< added to a taken branch
  uint8_t load, store;  ///< single register
  uint8_t system;       ///< MRS, MSR, CPS
  uint8_t entry, leave, tail_chain;
  bool pairs_loads;  ///< a load followed by an independent load or store takes one cycle
};

constexpr CoreModel kCoreModels[] = {
    {CortexModel::m0, Architecture::v6m, 0x410CC200, 2, 2, 2, 4, 16, 16, 16, false},
    {CortexModel::m0plus, Architecture::v6m, 0x410CC601, 1, 2, 2, 3, 15, 13, 13, false},
    {CortexModel::m3, Architecture::v7m, 0x412FC231, 2, 2, 1, 2, 12, 10, 6, true},
    {CortexModel::m4, Architecture::v7em, 0x410FC241, 2, 2, 1, 2, 12, 10, 6, true},
    {CortexModel::m4f, Architecture::v7em_fp, 0x410FC241, 2, 2, 1, 2, 12, 10, 6, true},
};

constexpr const CoreModel& core_model(CortexModel m) {
  for (const CoreModel& c : kCoreModels)
    if (c.model == m) return c;
  return kCoreModels[4];
}

}  // namespace xedgesim::isa::arm
