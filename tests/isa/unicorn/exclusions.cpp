#include "exclusions.h"

namespace xedgesim::isa::test {
namespace {

using arm::Fields;
using arm::Row;
using enum Exclusion::Scope;

constexpr uint32_t kRounding = 0x00C00000;

bool is_yield(const Row& row, const Fields&, uint32_t raw) {
  return (raw & 0xFF) == (row.picture.wide ? 0x01u : 0x10u);
}
bool is_not_apsr(const Row&, const Fields&, uint32_t raw) { return (raw & 0xFF) != 0; }
bool moves_pc_to_sp(const Row&, const Fields& f, uint32_t) { return f['D'] == 13 && f['M'] == 15; }

void clear_rounding(const Fields&, Registers& r) { r.fpscr &= ~kRounding; }
void clear_rounding_to_float(const Fields& f, Registers& r) {
  if (f['x'] == 0) r.fpscr &= ~kRounding;
}
/// The only operands whose products add up to 2^31.
void avoid_largest_products(const Fields& f, Registers& r) {
  if (r.r[f['n']] == 0x80008000 && r.r[f['m']] == 0x80008000) r.r[f['n']] = 0x80008001;
}
void align_sp(const Fields& f, Registers& r) {
  if (f['D'] == 13) r.r[f['M']] &= ~3u;
  r.r[13] &= ~3u;
}

constexpr Exclusion kTable[] = {
    // What Unicorn does not model for the M profile.
    {"BKPT", row, "C1.7", "debug event: Unicorn raises a host hook"},
    {"SVC", row, "B1.5", "Unicorn has no M-profile exception entry"},
    {"UDF", row, "B1.5", "Unicorn has no M-profile exception entry"},
    {"WFE", row, "B1.5.18", "event register: Unicorn halts"},
    {"WFI", row, "B1.5.19", "sleep: Unicorn halts"},
    {"SEV", row, "B1.5.18", "event register: no visible state in Unicorn"},
    {"CPS", row, "B5.2.1", "masks act on the exception model"},
    {"IT", row, "A7.3.3", "ITSTATE cannot be read back after one instruction; compared in sequences"},
    {"MSR", encoding, "B5.2.3", "registers other than the APSR act on the exception model", is_not_apsr},
    {"MRS", encoding, "B5.2.2", "registers other than the APSR belong to the exception model", is_not_apsr},
    // Where Unicorn 2.0.1 departs from the manual.
    {"NOP", encoding, "A7.7.263", "YIELD is a hint; Unicorn leaves its loop on it", is_yield},
    {"MOV (register) T1", encoding, "B1.4.1", "SP<1:0> are always zero; Unicorn keeps the PC's bit 1",
     moves_pc_to_sp},
    {"ADD (register) T2", encoding, "B1.4.1",
     "SP<1:0> are always zero; Unicorn keeps the sum with the PC's bit 1", moves_pc_to_sp},
    {"", state, "B1.4.1", "SP<1:0> are always zero; Unicorn keeps what is written there", nullptr, align_sp},
    {"VCVT (floating-point and fixed-point)", state, "A7.7.229",
     "fixed-point to floating-point rounds to nearest whatever FPSCR says; Unicorn uses FPSCR", nullptr,
     clear_rounding_to_float},
    {"VCVT (floating-point and fixed-point)", sequence, "A7.7.229",
     "as above; a sequence keeps it, with FPSCR's rounding mode at nearest", nullptr, clear_rounding},
    {"SMLAD, SMLADX T1", state, "A7.7, SMLAD",
     "Q tells that the whole sum overflows; Unicorn looks at the two products alone", nullptr,
     avoid_largest_products},
    {"ISB", sequence, "A7.3.3", "ITSTATE survives an ISB inside an IT block; Unicorn loses it"},
    {"VMSR", sequence, "A7.7.229", "could set the rounding mode that the conversion needs at nearest"},
};

}  // namespace

std::span<const Exclusion> exclusions() { return kTable; }

bool names(const Exclusion& e, const Row& row) {
  const size_t n = e.instruction.size();
  return row.name.substr(0, n) == e.instruction &&
         (n == 0 || row.name.size() == n || row.name[n] == ' ' || row.name[n] == ',');
}

const Exclusion* excluded_row(const Row& r) {
  for (const Exclusion& e : kTable)
    if (e.scope == row && names(e, r)) return &e;
  return nullptr;
}

bool excluded_encoding(const Row& r, uint32_t raw) {
  for (const Exclusion& e : kTable)
    if (e.scope == encoding && names(e, r) && e.applies(r, Fields(r.picture, raw), raw)) return true;
  return false;
}

bool excluded_from_sequences(const Row& r) {
  for (const Exclusion& e : kTable)
    if (e.scope == sequence && !e.adapt && names(e, r)) return true;
  return excluded_row(r) != nullptr;
}

void adapt_state(const Row& r, uint32_t raw, Registers& registers) {
  for (const Exclusion& e : kTable)
    if (e.scope == state && names(e, r)) e.adapt(Fields(r.picture, raw), registers);
}

void adapt_state(Registers& registers) {
  for (const Exclusion& e : kTable)
    if (e.scope == sequence && e.adapt) e.adapt(Fields("0000000000000000", 0), registers);
}

}  // namespace xedgesim::isa::test
