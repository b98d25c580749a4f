#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "isa/arm/core_model.h"
#include "isa/arm/op.h"
#include "isa/arm/picture.h"

namespace xedgesim::isa::arm {

/// Where an instruction stands: what its record depends on besides its bits.
struct Site {
  uint32_t address = 0;
  uint32_t raw = 0;         ///< wide: first halfword in the upper half
  uint32_t image_base = 0;  ///< branches inside [base, base + size) become record distances
  uint32_t image_size = 0;  ///< 0: not in an image
  unsigned wait_states = 0;
  bool wide = false;
  const CoreModel* model = &core_model(CortexModel::m4f);
  uint32_t next = 0;  ///< the halfwords that follow (first one in the upper half), for pairing costs
};

/// Fills a record from the fields of an encoding; `kind` is the row's variant of the form.
using Form = void (*)(const Fields&, const Site&, unsigned kind, Op&);

/// Static cost classes of the Cortex-M4 TRM 3.3.1 (docs/cpu.md).
enum class Cost : uint8_t {
  one,
  two,
  fp_mac,     ///< 3
  fp_divide,  ///< 14
  load,       ///< 2, or 1 when another single load or store follows and can be pipelined
  store,      ///< 1
  multiple,   ///< 1 + number of words in imm
  pair,       ///< 3
  fp_words,   ///< 1 + number of words in ra
  flow,       ///< 1; the form adds the refill of a taken branch
  divide,     ///< handler adds 1..10 to 2
  barrier     ///< 4
};

/// One row of the decode table: one encoding of one instruction.
struct Row {
  std::string_view name;  ///< as in the manual, for example "ADD (immediate) T3"
  Picture picture;
  Form form;
  uint8_t kind;
  Cost cost;
  bool first = false;  ///< taken before every later row that it overlaps
};

/// All rows, special cases before the general ones.
std::span<const Row> decode_table();
/// Row of an encoding (wide: first halfword in the upper half), or kNoRow.
uint16_t find_row(uint32_t raw, bool wide);
inline bool is_wide(uint16_t first_halfword) { return first_halfword >= 0xE800; }
/// The first architecture that has the encoding.
Architecture architecture_of(const Row& row);
/// Decodes one instruction. Encodings without a row get a handler that raises the UsageFault.
Op decode(const Site& site);
/// The manual's name of an encoding, "undefined" without a row.
std::string_view name_of(uint32_t raw, bool wide);
/// 16-bit data processing that leaves the flags alone inside an IT block (A7.3.2).
bool keeps_flags_in_it(uint16_t row);

}  // namespace xedgesim::isa::arm
