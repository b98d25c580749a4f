#include "isa/arm/decode.h"

#include <bit>

#include "isa/arm/cpu.h"
#include "isa/arm/forms.h"

namespace xedgesim::isa::arm {
namespace {

void undefined_instruction(Cpu& c, const Op& op) { c.undefined(op); }
void no_coprocessor(Cpu& c, const Op& op) { c.fault(op, kUsageFault, cfsr::kNoCp); }

/// Coprocessor encodings other than CP10 and CP11 (A5.3.18).
bool is_absent_coprocessor(uint32_t raw, bool wide) {
  return wide && (raw >> 26 & 0x3B) == 0x3B && (raw >> 8 & 14) != 10;
}

/// Fields of registers that must not be the PC, see picture.h.
bool names_forbidden_pc(const Picture& p, const Fields& f) {
  for (int i = 0; i < p.piece_count; ++i) switch (const char c = p.pieces[static_cast<size_t>(i)].letter) {
      case 'd':
      case 't':
      case 'n':
      case 'm':
      case 'a':
        if (f[c] == 15) return true;
        break;
      default:
        break;
    }
  return false;
}

/// A load followed by another single load or store that does not need its result is pipelined with it and
/// costs one cycle (TRM 3.3.2). Whatever else follows, a load costs two.
bool pipelines_with(const Op& op, const Site& site) {
  const auto first = static_cast<uint16_t>(site.next >> 16);
  const bool wide = is_wide(first);
  const uint32_t raw = wide ? site.next : first;
  const uint16_t row = find_row(raw, wide);
  if (row == kNoRow || op.rd == 15) return false;
  const Row& next = decode_table()[row];
  if (next.cost != Cost::load && next.cost != Cost::store) return false;
  const Fields f(next.picture, raw);
  const bool sp_based = next.form == access_sp_16;
  const uint32_t base = sp_based ? 13 : f['n'];
  const bool literal = next.form == load_literal, indexed = next.form == access_register;
  return literal || (base != op.rd && !(indexed && f['m'] == op.rd));
}

bool wide_system(const Row& row) {
  return row.form == move_to_special || row.form == move_from_special || row.form == change_processor_state;
}

uint8_t static_cycles(const Row& row, const Op& op, const Site& site) {
  switch (row.cost) {
    case Cost::two:
      return wide_system(row) ? site.model->system : 2;
    case Cost::divide:
      return 2;
    case Cost::store:
      return site.model->store;
    case Cost::pair:
    case Cost::fp_mac:
      return 3;
    case Cost::barrier:
      return 4;
    case Cost::fp_divide:
      return 14;
    case Cost::load:
      return site.model->pairs_loads && pipelines_with(op, site) ? 1 : site.model->load;
    case Cost::fp_words:
      return static_cast<uint8_t>(1 + op.ra);
    case Cost::multiple:
      return static_cast<uint8_t>(1 + std::popcount(op.imm));
    default:
      return 1;
  }
}

}  // namespace

Op decode(const Site& site) {
  const bool wide = site.wide;
  Op op;
  op.advance = static_cast<uint8_t>(wide ? 2 * sizeof(Op) : sizeof(Op));
  op.cycles = 1;
  op.row = find_row(site.raw, wide);
  if (op.row != kNoRow) {
    const Architecture needs = architecture_of(decode_table()[op.row]);
    if (needs > site.model->architecture) {
      const bool fpu_missing =
          needs == Architecture::v7em_fp && site.model->architecture != Architecture::v6m;
      op.handler = fpu_missing ? no_coprocessor : undefined_instruction;
      op.row = kNoRow;
      return op;
    }
  }
  if (op.row == kNoRow) {
    op.handler = is_absent_coprocessor(site.raw, wide) ? no_coprocessor : undefined_instruction;
    return op;
  }
  const Row& row = decode_table()[op.row];
  const Fields f(row.picture, site.raw);
  op.rd = static_cast<uint8_t>(f['d'] | f['D'] | f['t'] | f['T']);
  op.rn = static_cast<uint8_t>(f['n'] | f['N']);
  op.rm = static_cast<uint8_t>(f['m'] | f['M']);
  op.ra = static_cast<uint8_t>(f['a']);
  if (!names_forbidden_pc(row.picture, f)) row.form(f, site, row.kind, op);
  // A form that picks no handler has met an unpredictable encoding.
  if (!op.handler) op.handler = undefined_instruction;
  op.cycles = static_cycles(row, op, site);
  return op;
}

Architecture architecture_of(const Row& row) {
  const auto is = [&](auto... forms) { return ((row.form == forms) || ...); };
  if (!row.picture.wide) return is(compare_branch, if_then) ? Architecture::v7m : Architecture::v6m;
  if (is(fp_arithmetic, fp_move, fp_immediate, fp_compare, fp_convert, fp_transfer, fp_access))
    return Architecture::v7em_fp;
  static constexpr std::string_view kBaseline[] = {"BL T1",  "MSR T1", "MRS T1", "DSB T1",
                                                   "DMB T1", "ISB T1", "UDF T2"};
  for (const std::string_view name : kBaseline)
    if (row.name == name) return Architecture::v6m;
  const unsigned kind = row.kind;
  const bool dsp_multiply =
      row.form == multiply && !(kind <= kMls || kind == kSmull || kind == kUmull || kind == kSmlal ||
                                kind == kUmlal || kind == kSdiv || kind == kUdiv);
  const bool dsp =
      is(parallel, select_bytes, saturating_add, sum_of_differences, pack_halfword, extend_and_add) ||
      dsp_multiply || (row.form == saturate && kind >= 2) ||
      (row.form == extend && (kind == kSxtb16 || kind == kUxtb16));
  return dsp ? Architecture::v7em : Architecture::v7m;
}

std::string_view name_of(uint32_t raw, bool wide) {
  const uint16_t row = find_row(raw, wide);
  return row == kNoRow ? "undefined" : decode_table()[row].name;
}

bool keeps_flags_in_it(uint16_t row) {
  if (row == kNoRow) return false;
  const Row& r = decode_table()[row];
  return !r.picture.wide && (r.kind & kOutsideIt) != 0;
}

}  // namespace xedgesim::isa::arm
