#pragma once
#include <span>
#include <string_view>

#include "isa/arm/decode.h"
#include "machine.h"

/// What is not compared with Unicorn 2.0.1, and why: the only place where the generator learns of it.
namespace xedgesim::isa::test {

struct Exclusion {
  enum class Scope : uint8_t {
    row,       ///< the instruction is never compared here (directed tests have it)
    encoding,  ///< some encodings of the row (those that `applies` picks)
    state,     ///< the start state is adapted (`adapt`)
    sequence   ///< compared alone, not inside sequences
  };
  std::string_view instruction;  ///< start of the row's name up to a blank; empty: every row
  Scope scope;
  std::string_view section;  ///< of the ARMv7-M Architecture Reference Manual (DDI 0403)
  std::string_view reason;
  bool (*applies)(const arm::Row&, const arm::Fields&, uint32_t raw) = nullptr;
  void (*adapt)(const arm::Fields&, Registers&) = nullptr;
};

std::span<const Exclusion> exclusions();
bool names(const Exclusion&, const arm::Row&);

/// The entry that keeps a row out altogether, or null.
const Exclusion* excluded_row(const arm::Row& row);
bool excluded_encoding(const arm::Row& row, uint32_t raw);
bool excluded_from_sequences(const arm::Row& row);
/// Applies every adaptation that concerns the row to the start state.
void adapt_state(const arm::Row& row, uint32_t raw, Registers& registers);
/// The adaptations that concern any row that a sequence may contain.
void adapt_state(Registers& registers);

}  // namespace xedgesim::isa::test
