#include "program_generator.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "board.h"
#include "exclusions.h"
#include "generator.h"

namespace xedgesim::isa::test {
namespace {

using arm::Cost;
using arm::Row;

constexpr uint32_t kBlocks = 0x4000;  // where the program stands; the handlers are before it

class Writer {
 public:
  Writer(RandomStream& random, std::string& listing)
      : random_(random), listing_(listing), bytes_(Board::kSize, 0) {}

  std::vector<uint8_t> write() {
    word(0, Board::kStackTop);
    word(4, Board::kMain | 1);
    for (uint32_t n = 2; n < 64; ++n) word(4 * n, handler_address(n) | 1);
    // A fault: go on behind what was faulting, with a little luck. Registers stay as they are.
    for (uint32_t n = 2; n < 64; ++n) {
      at_ = handler_address(n);
      if (n < 7) {
        half(0xF8DD), half(0x0018);  // ldr r0, [sp, #24]
        half(0x3002);                // adds r0, #2
        half(0xF8CD), half(0x0018);  // str r0, [sp, #24]
      } else {
        half(0x3001 + (n & 7));      // adds r0, #n
        half(0xEE30), half(0x0A20);  // vadd.f32 s0, s0, s1
        half(0x4240);                // negs r0, r0
      }
      half(Board::kBxLr);
    }
    const unsigned count = 6 + random_.below(20);
    uint32_t at = kBlocks;
    // Twice: branches need to know where blocks stand.
    const RandomStream start = random_;
    for (unsigned pass = 0; pass < 2; ++pass) {
      random_ = start;
      at_ = at = kBlocks;
      listing_.clear();
      std::vector<uint32_t> starts;
      for (unsigned n = 0; n < count; ++n) {
        starts.push_back(at_);
        if (starts_.empty()) starts_.assign(count, kBlocks);
        block();
      }
      go_to(starts_[0]);
      starts_ = starts;
    }
    at_ = Board::kMain;
    move(0, 0xE000ED88), move(1, 0xF << 20);
    half(0x6001);  // str r1, [r0]: FPU on
    move(0, 0xE000E100), move(1, 0xFFFF);
    half(0x6001);  // interrupts on
    move(0, 0xE000E014), move(1, 200 + random_.below(3000));
    half(0x6001);
    half(0x6041);  // str r1, [r0, #4]
    move(1, random_.chance(0.7) ? 7 : 0);
    half(0xF840), half(0x1C04);  // str r1, [r0, #-4]: SysTick on
    move(0, 0xE000ED24), move(1, 7 << 16);
    half(0x6001);
    if (random_.chance(0.2)) {
      move(1, random_.below(8) << 22);
      half(0xEEE1), half(0x1A10);  // vmsr fpscr, r1
    }
    go_to(kBlocks);
    return bytes_;
  }

 private:
  static uint32_t handler_address(uint32_t n) { return Board::handler_address(n); }
  void word(uint32_t at, uint32_t v) { std::memcpy(&bytes_[at], &v, 4); }
  void half(uint32_t v) {
    bytes_.at(at_) = static_cast<uint8_t>(v);
    bytes_.at(at_ + 1) = static_cast<uint8_t>(v >> 8);
    at_ += 2;
  }
  void put(uint32_t raw, bool wide, std::string_view name) {
    listing_ += fmt::format("  {:08x} {:0{}x} {}\n", at_, raw, wide ? 8 : 4, name);
    if (wide) half(raw >> 16);
    half(raw & 0xFFFF);
  }
  /// MOVW and MOVT.
  void move(uint32_t r, uint32_t v) {
    for (uint32_t top = 0; top < 2; ++top) {
      const uint32_t i = top ? v >> 16 : v & 0xFFFF;
      put(0xF2400000 | top << 23 | (i >> 12) << 16 | (i >> 11 & 1) << 26 | (i >> 8 & 7) << 12 | r << 8 |
              (i & 0xFF),
          true, "MOVW/MOVT");
    }
  }
  static uint32_t jump_fields(uint32_t from, uint32_t to) {
    const uint32_t offset = to - (from + 4), s = offset >> 31, i1 = offset >> 23 & 1, i2 = offset >> 22 & 1;
    return s << 26 | (offset >> 12 & 0x3FF) << 16 | (~(i1 ^ s) & 1) << 13 | (~(i2 ^ s) & 1) << 11 |
           (offset >> 1 & 0x7FF);
  }
  void go_to(uint32_t to) { put(0xF0009000 | jump_fields(at_, to), true, "B T4"); }
  void call(uint32_t to) { put(0xF000D000 | jump_fields(at_, to), true, "BL"); }
  void go_if(uint32_t cond, uint32_t to) {
    const uint32_t offset = to - (at_ + 4), s = offset >> 31;
    put(0xF0008000 | s << 26 | cond << 22 | (offset >> 12 & 0x3F) << 16 | (offset >> 18 & 1) << 13 |
            (offset >> 19 & 1) << 11 | (offset >> 1 & 0x7FF),
        true, "B T3");
  }
  uint32_t any_block() { return starts_[random_.below(static_cast<uint32_t>(starts_.size()))]; }

  uint32_t any_address() {
    const uint32_t aligned = random_.chance(0.8) ? ~3u : ~0u;
    switch (random_.below(12)) {
      case 0:
        return (kBlocks + random_.below(0x400)) & aligned;  // flash
      case 1:
        return (Board::kDevice + random_.below(0x100)) & aligned;
      case 2:
        return (Board::kRam +
                (random_.chance(0.5) ? Board::kSize - 16 + random_.below(40) : 0 - random_.below(16))) &
               aligned;  // the ends
      default:
        return (Board::kRam + 0x1000 + random_.below(0x4000)) & aligned;
    }
  }

  void straight() {
    bool wide;
    uint16_t row;
    const uint32_t raw = random_straight_line(random_, wide, row);
    put(raw, wide, arm::decode_table()[row].name);
  }
  void straight_in_it(uint32_t n) {
    for (; n; --n) straight();
  }

  void access() {
    const auto table = arm::decode_table();
    for (;;) {
      const Row& row = table[random_.below(static_cast<uint32_t>(table.size()))];
      const bool single = row.cost == Cost::load || row.cost == Cost::store,
                 exclusive = row.name.find("EX") == 3;
      if (!(single || row.cost == Cost::multiple || row.cost == Cost::pair || row.cost == Cost::fp_words ||
            exclusive))
        continue;
      const uint32_t raw = random_encoding(row, random_);
      const arm::Fields f(row.picture, raw);
      const bool multiple = row.cost == Cost::multiple;
      if (f['T'] == 15 || f['T'] == 13 || f['t'] == 13) continue;
      if (multiple && (row.name.starts_with("POP") || row.name.starts_with("LDM")) && raw & 0x8000) continue;
      if (row.name.starts_with("POP T1") && raw & 0x100) continue;
      const uint32_t base = f['n'] | f['N'];
      if (base == 15) continue;
      const bool sp_based = row.name.find("T2") != std::string_view::npos && !row.picture.wide;
      const bool by_sp = sp_based || base == 13 || row.name.starts_with("PUSH") ||
                         row.name.starts_with("POP") || row.name.starts_with("VPUSH") ||
                         row.name.starts_with("VPOP") || row.name.starts_with("LDR (literal)");
      if (!by_sp && random_.chance(0.8)) move(base, any_address());
      if (row.name.find("(register)") != std::string_view::npos && random_.chance(0.8))
        move(f['m'], random_.below(64));
      put(raw, row.picture.wide, row.name);
      return;
    }
  }

  void block() {
    for (uint32_t n = 1 + random_.below(12); n; --n) {
      const uint32_t what = random_.below(100);
      if (what < 45) {
        straight();
      } else if (what < 75) {
        access();
      } else if (what < 85) {
        const uint32_t cond = random_.below(14), mask = 1 + random_.below(15);
        put(0xBF00 | cond << 4 | mask, false, "IT");
        for (auto left = 4 - static_cast<uint32_t>(std::countr_zero(mask)); left; --left) {
          // Accesses in the block, with whatever the base register holds.
          if (random_.chance(0.3))
            put(0x6800 | random_.below(0x40) | random_.below(2) << 11, false, "LDR/STR in IT");
          else
            straight();
        }
      } else if (what < 92) {
        go_if(random_.below(14), any_block());
      } else if (what < 95) {
        // CBZ, CBNZ over the next one
        put(0xB100 | random_.below(2) << 11 | random_.below(8) | 1 << 3, false, "CBZ/CBNZ");
        move(random_.below(8), random_());
      } else if (what < 97) {
        // A loop with a counter
        move(7, 2 + random_.below(60));
        const uint32_t top = at_;
        straight();
        put(0x3F01, false, "SUBS r7");
        if (random_.chance(0.5)) put(0x9001, false, "STR r0, [sp, #4]");
        go_if(1, top);
      } else if (what < 98) {
        put(0xBF30, false, "WFI");
      } else {
        // TBB over two words
        move(5, random_.below(2));
        put(0xE8DFF005, true, "TBB [pc, r5]");
        put(0x0301, false, "table");
        half(Board::kNop), half(Board::kNop);
      }
    }
    switch (random_.below(8)) {
      case 0:
        go_to(any_block());
        break;
      case 1:
        move(14, any_block() | 1);
        put(Board::kBxLr, false, "BX lr");
        break;
      case 2:
        put(0xB500, false, "PUSH {lr}");
        call(any_block());
        break;
      case 3:
        move(4, any_block() | 1);
        put(0xB410, false, "PUSH {r4}");
        put(0xBD00, false, "POP {pc}");
        break;
      case 4:
        move(12, any_block() | 1);
        put(0x47E0, false, "BLX r12");
        break;
      case 5:
        move(3, any_block() | (random_.chance(0.9) ? 1 : 0));
        put(0xBF00 | random_.below(14) << 4 | 8, false, "IT");
        put(0x4718, false, "BX r3 in IT");
        break;
      case 6:
        move(13, Board::kStackTop - 8 * random_.below(16));
        break;
      default:
        break;
    }
  }

  RandomStream& random_;
  std::string& listing_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> starts_;
  uint32_t at_ = 0;
};

}  // namespace

std::vector<uint8_t> random_program(RandomStream& random, std::string& listing) {
  return Writer(random, listing).write();
}

}  // namespace xedgesim::isa::test
