#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "isa/core.h"

namespace xedgesim::isa {

enum class CortexModel : uint8_t {
  m4f  ///< ARMv7E-M with FPv4-SP (Cortex-M4F r0p1)
};

/// How instructions are executed; the outcome is the same to the bit.
enum class Engine : uint8_t {
  automatic,   ///< the translator where there is one
  interpreter  ///< always
};

/// What a SoC designer chooses about the core, with the nRF52840's values as defaults.
struct CortexMConfig {
  CortexModel model = CortexModel::m4f;
  unsigned irq_count = 48;              ///< external interrupt lines, 1..240
  unsigned priority_bits = 3;           ///< implemented priority bits, 2..8
  uint32_t vtor_reset = 0;              ///< vector table at reset, 128-byte aligned
  uint32_t cpuid = 0x410FC241;          ///< SCB.CPUID
  uint32_t systick_calib = 0xC0000000;  ///< SYST_CALIB: NOREF, SKEW, no TENMS
  /// Cycles added to every pipeline refill from, and data load from, the code image. 0 models an instruction
  /// cache that always hits; see docs/cpu.md for the error this makes.
  unsigned flash_wait_states = 0;
  Engine engine = Engine::automatic;
  /// The translator takes code that the interpreter has come to so often (1..254).
  unsigned translate_after = 24;
};

/// A read-only piece of memory (flash) decoded once, eagerly, at every halfword. Immutable, so any number of
/// cores on any number of threads share one.
class CodeImage;

/// Decodes `bytes` that the guest sees at `base` (even). `bytes` need not outlive the call. Timing parameters
/// are baked into the image: use the config of the cores that will run it.
/// Throws ConfigError when base or size is out of range.
std::shared_ptr<const CodeImage> make_code_image(const CortexMConfig& config, uint32_t base,
                                                 std::span<const uint8_t> bytes);

/// A core in the state before its first reset(): call reset() before run().
/// `memory` must contain the bytes of `code` as one of its blocks (loads of literals go there); `code` may be
/// null, then everything is decoded while it runs. Throws ConfigError for a config out of range.
///
/// Example:
///   auto image = make_code_image(config, 0, flash);
///   auto core = make_cortex_m(config, host,
///       {{.base = 0x20000000, .size = ram_size, .bytes = ram, .writable = true},
///        {.base = 0, .size = flash_size, .bytes = flash_bytes, .writable = false}}, image);
///   core->reset();
///   while (core->run(limit) == Stop::limit) { ... }
///
/// During a Host verb cycles() is the start of the accessing instruction.
std::unique_ptr<Core> make_cortex_m(const CortexMConfig& config, Host& host, std::vector<MemoryBlock> memory,
                                    std::shared_ptr<const CodeImage> code);

/// True when this build and host can translate.
bool translator_available();

}  // namespace xedgesim::isa
