#include "generator.h"

#include <cstring>
#include <stdexcept>

#include "exclusions.h"

namespace xedgesim::isa::test {
namespace {

using arm::Cost;
using arm::Fields;
using arm::Row;

bool starts_with(const Row& row, const char* text) { return row.name.substr(0, std::strlen(text)) == text; }

bool accesses_memory(const Row& row) {
  return row.cost == Cost::load || row.cost == Cost::store || row.cost == Cost::multiple ||
         row.cost == Cost::pair || row.cost == Cost::fp_words || starts_with(row, "LDREX") ||
         starts_with(row, "STREX") || starts_with(row, "TB");
}
bool must_be_aligned(const Row& row) {
  return row.cost == Cost::multiple || row.cost == Cost::pair || row.cost == Cost::fp_words ||
         starts_with(row, "LDREX") || starts_with(row, "STREX");
}

/// Values near the borders of the data types more often than chance would bring them.
uint32_t interesting(RandomStream& random) {
  static constexpr uint32_t kBorders[] = {0,          1,          2,          0x7F,       0x80,
                                          0xFF,       0x7FFF,     0x8000,     0xFFFF,     0x10000,
                                          0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00800000, 0x7F800000,
                                          0x7FC00000, 0x7F800001, 0xFF800000, 0x3F800000, 0x80808080,
                                          0x7F7F7F7F, 0x80008000, 0x00000020, 0x0000001F, 0x4F000000};
  switch (random.below(4)) {
    case 0:
      return kBorders[random.below(std::size(kBorders))] + (random.chance(0.3) ? random.below(3) - 1 : 0);
    case 1:
      return random.below(256);
    default:
      return random();
  }
}
/// Floating-point operands whose exponents are close, so that sums and products meet.
uint32_t interesting_float(RandomStream& random) {
  switch (random.below(6)) {
    case 0:
      return interesting(random);
    case 1:
      return (random() & 0x807FFFFF) | (random.below(3) << 23);  // denormal or nearly
    case 2:
      return (random() & 0x807FFFFF) | ((252 + random.below(4)) << 23);  // overflow, infinity, NaN
    case 3:
      return (random() & 0x807FF000) | ((120 + random.below(40)) << 23);  // few fraction bits: exact results
    default:
      return (random() & 0x807FFFFF) | ((120 + random.below(16)) << 23);
  }
}

uint32_t random_code_address(RandomStream& random) { return kSlots + (random.below(0x8000) & ~1u); }

void fill_ram(State& state, RandomStream& random, bool with_code_addresses) {
  state.ram.resize(kRamSize);
  // Most of a comparison's time was here: one draw, spread by SplitMix64.
  uint64_t s = uint64_t{random()} << 32 | random();
  for (size_t i = 0; i < kRamSize; i += 4) {
    if (with_code_addresses) {
      const uint32_t v = random_code_address(random) | 1;
      std::memcpy(&state.ram[i], &v, 4);
      continue;
    }
    uint64_t v = s += 0x9e3779b97f4a7c15u;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v ^= v >> 27;
    std::memcpy(&state.ram[i], &v, 4);
  }
}

}  // namespace

uint32_t random_encoding(const Row& row, RandomStream& random) {
  const auto& p = row.picture;
  for (unsigned attempt = 0;; ++attempt) {
    if (attempt == 1'000'000) throw std::logic_error("no legal encoding found for " + std::string(row.name));
    const uint32_t free = ~p.mask & (p.wide ? ~0u : 0xFFFFu);
    uint32_t raw = (p.value | (random() & free & ~p.should_be_mask)) | p.should_be;
    // Short immediates and lists keep far branches and literals inside the code.
    if ((starts_with(row, "B T4") || starts_with(row, "BL T1")) && !random.chance(0.1)) {
      const bool negative = raw >> 26 & 1;
      raw =
          negative ? raw | 0x03F00000 | 0x2800 : (raw & ~0x03F00000u) | 0x2800;  // J1 = J2 = 1: small offset
    }
    if (excluded_encoding(row, raw)) continue;
    // The SP cannot hold an address with the Thumb bit.
    if ((starts_with(row, "BLX (register)") || starts_with(row, "BX")) && (raw >> 3 & 15) == 13) continue;
    if (starts_with(row, "VCVT (floating-point and fixed") && random.chance(0.5)) raw |= 0x80;
    if (arm::find_row(raw, p.wide) != static_cast<uint16_t>(&row - arm::decode_table().data())) continue;
    const Fields f(p, raw);
    const auto any = [&](const char* letters, uint32_t value) {
      for (const char* c = letters; *c; ++c)
        for (int i = 0; i < p.piece_count; ++i)
          if (p.pieces[static_cast<size_t>(i)].letter == *c && f[*c] == value) return true;
      return false;
    };
    // SP in general fields of 32-bit encodings is unpredictable nearly everywhere (A5.1.4).
    const bool sp_allowed = starts_with(row, "ADD (") || starts_with(row, "SUB (") ||
                            row.cost == Cost::load || row.cost == Cost::store || row.cost == Cost::multiple ||
                            row.cost == Cost::fp_words;
    if (p.wide && any("dtnmaDTNM", 13)) {
      if (!sp_allowed || any("dtmaDTM", 13) || !any("nN", 13)) continue;
    }
    if (any("dtnma", 15)) continue;
    if (starts_with(row, "TB") && f['N'] == f['m']) continue;
    if (f['n'] == f['m'] && any("nN", f['n']) && any("m", f['m']) && accesses_memory(row)) continue;
    if (starts_with(row, "CLZ") || starts_with(row, "REV") || starts_with(row, "RBIT"))
      if (p.wide) raw = (raw & ~0xF0000u) | (raw & 15) << 16;  // Rm stands twice
    if (starts_with(row, "SMULL") || starts_with(row, "UM") || starts_with(row, "SMLAL") ||
        starts_with(row, "SMLSLD"))
      if (f['t'] == f['a']) continue;
    if (starts_with(row, "STREX") && (f['a'] == f['t'] || f['a'] == f['n'])) continue;
    if (starts_with(row, "LDRD") && f['t'] == f['a']) continue;
    if (starts_with(row, "CMP (register) T2") && f['d'] < 8 && f['m'] < 8) continue;
    if (starts_with(row, "ADD (register) T2") && f['D'] == 15 && f['M'] == 15) continue;
    if (starts_with(row, "STM T1") && raw & 1u << f['n'] && (raw & ((1u << f['n']) - 1) & 0xFF)) continue;
    if (starts_with(row, "MSR") && f['y'] == 0) continue;
    if (row.cost == Cost::fp_words && f['i'] > 16 && !starts_with(row, "VLDR") && !starts_with(row, "VSTR"))
      continue;
    if (row.cost == Cost::fp_words && f['i'] & 1 && p.value >> 8 & 1 && !starts_with(row, "VLDR") &&
        !starts_with(row, "VSTR"))
      continue;  // FLDMX (A7.7.225)
    // An encoding that our forms refuse is unpredictable.
    arm::Site site;
    site.address = kSlots;
    site.raw = raw;
    site.wide = p.wide;
    static const arm::Handler kUndefined = [] {
      arm::Site unallocated;
      unallocated.raw = 0xB800;
      return arm::decode(unallocated).handler;
    }();
    if (arm::decode(site).handler == kUndefined) continue;
    return raw;
  }
}

State random_state(RandomStream& random) {
  State state;
  Registers& r = state.registers;
  for (auto& v : r.r) v = interesting(random);
  r.r[13] = kRamBase + 0x1800 + random.below(64) * 4;
  r.r[14] = random_code_address(random) | 1;
  for (auto& v : r.s) v = interesting_float(random);
  r.xpsr = random() & 0xF80F0000;
  if (random.chance(0.5)) r.fpscr = random() & 0x07C00000;
  if (random.chance(0.2)) r.fpscr |= random() & 0xF000009F;
  fill_ram(state, random, false);
  return state;
}

State random_state(const Row& row, uint32_t raw, RandomStream& random) {
  State state = random_state(random);
  Registers& r = state.registers;
  const Fields f(row.picture, raw);
  const bool loads_pc = f['T'] == 15 || starts_with(row, "POP") || (raw & 0x8000 && starts_with(row, "LDM"));
  if (loads_pc) fill_ram(state, random, true);
  if (accesses_memory(row)) {
    const uint32_t m = f['m'], n = f['n'] | f['N'];
    const bool sp_based = row.name.find("(immediate) T2") != std::string_view::npos && !row.picture.wide;
    const uint32_t wiggle = must_be_aligned(row) || loads_pc || random.chance(0.5) ? 0 : random.below(4);
    if (starts_with(row, "TB")) {
      r.r[m] = random.below(64);
    } else {
      r.r[m] = loads_pc ? random.below(16) * 4 : random.below(256);
    }
    if (n != 13 && n != 15) r.r[n] = kRamBase + 0x1800 + random.below(64) * 4 + wiggle;
    if (n == 13 || sp_based) r.r[13] = kRamBase + 0x1800 + random.below(64) * 4;
  }
  if (starts_with(row, "BX") || starts_with(row, "BLX") || starts_with(row, "MOV (register) T1"))
    r.r[(raw >> 3) & 15] = random_code_address(random) | 1;
  if (starts_with(row, "ADD (register) T2") && f['D'] == 15)
    r.r[(raw >> 3) & 15] = random.below(0x1000) & ~1u;
  adapt_state(row, raw, r);
  return state;
}

uint32_t random_straight_line(RandomStream& random, bool& wide, uint16_t& index) {
  const auto table = arm::decode_table();
  for (;;) {
    index = static_cast<uint16_t>(random.below(static_cast<uint32_t>(table.size())));
    const Row& row = table[index];
    if (excluded_from_sequences(row) || row.cost == Cost::flow || accesses_memory(row)) continue;
    const uint32_t raw = random_encoding(row, random);
    const Fields f(row.picture, raw);
    const uint32_t d = f['d'] | f['D'] | f['t'], a = f['a'];
    if (d == 13 || d == 15 || f['D'] == 15 || f['M'] == 15) continue;
    if (starts_with(row, "ADD (SP plus immediate) T2") || starts_with(row, "SUB (SP")) continue;
    if (starts_with(row, "ADR") || a == 13) continue;
    wide = row.picture.wide;
    return raw;
  }
}

}  // namespace xedgesim::isa::test
