// The translator against the interpreter: the same programs, the same state at every exit of run(), and the
// same accesses to devices in the same cycles. XEDGESIM_ISA_SEED and XEDGESIM_ISA_FACTOR as for Unicorn.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "board.h"
#include "program_generator.h"

namespace xedgesim::isa::test {
namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}
uint64_t seed() { return number_from("XEDGESIM_ISA_SEED", 20240607); }
uint64_t factor() { return number_from("XEDGESIM_ISA_FACTOR", 1); }

/// Two boards with the same program, one an engine.
class Pair {
 public:
  Pair(const std::vector<uint8_t>& code, unsigned wait_states, unsigned translate_after) {
    for (Board* b : {&a, &b_}) {
      std::copy(code.begin(), code.end(), b->flash.begin());
      b->config.flash_wait_states = wait_states;
      b->config.translate_after = translate_after;
    }
    a.config.engine = Engine::interpreter;
    a.start();
    b_.start();
  }

  /// Runs both for `cycles`; differences in words, empty when there are none.
  std::string run(uint64_t cycles, Stop& stop) {
    const uint64_t limit = a.core->cycles() + cycles;
    stop = a.core->run(limit);
    const Stop other = b_.core->run(limit);
    if (stop != other)
      return fmt::format("stop {} and {}\n", static_cast<int>(stop), static_cast<int>(other)) + difference();
    return difference();
  }
  template <class F>
  void both(F f) {
    f(a);
    f(b_);
  }
  std::string difference() const {
    std::string out;
    const auto differ = [&](const std::string& what, uint64_t x, uint64_t y) {
      if (x != y) out += fmt::format("  {}: interpreter {:x}, translator {:x}\n", what, x, y);
    };
    const Registers x = a.core->registers(), y = b_.core->registers();
    for (size_t n = 0; n < 16; ++n) differ(fmt::format("r{}", n), x.r[n], y.r[n]);
    for (size_t n = 0; n < 32; ++n) differ(fmt::format("s{}", n), x.s[n], y.s[n]);
    differ("xpsr", x.xpsr, y.xpsr);
    differ("fpscr", x.fpscr, y.fpscr);
    differ("msp", x.msp, y.msp);
    differ("psp", x.psp, y.psp);
    differ("control", x.control, y.control);
    differ("cycles", a.core->cycles(), b_.core->cycles());
    differ("instructions", a.core->instructions(), b_.core->instructions());
    differ("wake-up", a.core->next_wakeup(), b_.core->next_wakeup());
    if (a.core->fault_status() != b_.core->fault_status())
      out += "  " + a.core->fault_status() + " and " + b_.core->fault_status() + "\n";
    for (size_t n = 0; a.ram != b_.ram && n < a.ram.size(); ++n)
      differ(fmt::format("memory {:x}", Board::kRam + n), a.ram[n], b_.ram[n]);
    if (a.accesses.size() != b_.accesses.size()) out += "  numbers of device accesses differ\n";
    for (size_t n = 0; n < std::min(a.accesses.size(), b_.accesses.size()) && out.empty(); ++n) {
      const auto &p = a.accesses[n], &q = b_.accesses[n];
      if (p.write != q.write || p.address != q.address || p.value != q.value || p.cycle != q.cycle)
        out += fmt::format("  device access {}: {:x} at {} and {:x} at {}\n", n, p.address, p.cycle,
                           q.address, q.cycle);
    }
    return out;
  }

  Board a, b_;
};

#define REQUIRE_TRANSLATOR() \
  if (!translator_available()) GTEST_SKIP() << "this build or host has no translator"

/// Random regions over all of RAM and flash, or a random watchpoint; faults are taken as they come.
void guard_memory(Pair& pair, RandomStream& random) {
  std::vector<std::pair<uint32_t, uint32_t>> writes;  // address, value
  const auto region = [&](uint32_t n, uint32_t base, uint32_t exponent, uint32_t more) {
    writes.emplace_back(0xE000ED9C, base | 0x10 | n);
    writes.emplace_back(0xE000EDA0, more | (exponent - 1) << 1 | 1);
  };
  region(0, 0, 16, 6u << 24);
  region(1, Board::kRam, 16, 3u << 24);
  for (uint32_t n = 2; n < 5; ++n) {
    const uint32_t exponent = 5 + random.below(9), permission = random.below(8);
    region(n, (Board::kRam + random.below(Board::kSize)) & ~((1u << exponent) - 1), exponent,
           permission << 24 | random.below(256) << 8 | (random.chance(0.2) ? 1u << 28 : 0));
  }
  if (random.chance(0.3)) region(5, 0x4000, 8, 6u << 24 | 1u << 28);  // part of the flash may not execute
  if (random.chance(0.5)) writes.emplace_back(0xE000ED24, 1u << 16);
  if (random.chance(0.3)) {
    writes.emplace_back(0xE000EDFC, 1u << 24 | 1u << 16);
    writes.emplace_back(0xE0001020, Board::kRam + random.below(Board::kSize));
    writes.emplace_back(0xE0001024, random.below(10));
    writes.emplace_back(0xE0001028, 5 + random.below(3));
  }
  writes.emplace_back(0xE000ED94, 1 | (random.chance(0.5) ? 4 : 0) | (random.chance(0.2) ? 2 : 0));
  pair.both([&](Board& b) {
    for (const auto& [address, value] : writes) b.write_system(address, value);
  });
}

class RandomPrograms : public testing::TestWithParam<unsigned> {};

TEST_P(RandomPrograms, TakeTheSameCourseInBothEngines) {
  REQUIRE_TRANSLATOR();
  RandomStream random(seed(), "engines", fmt::format("part {}", GetParam()));
  uint64_t instructions = 0;
  const auto programs = static_cast<unsigned>(25 * factor());
  for (unsigned program = 0; program < programs; ++program) {
    std::string listing;
    const std::vector<uint8_t> code = random_program(random, listing);
    Pair pair(code, program % 5 == 0 ? 2 : 0, 1 + random.below(3));
    if (program % 3 == 1) guard_memory(pair, random);
    for (unsigned slice = 0; slice < 120; ++slice) {
      Stop stop;
      const uint64_t length = random.chance(0.3) ? 1 + random.below(30) : 1 + random.below(3000);
      const Registers before = pair.a.core->registers();
      const std::string difference = pair.run(length, stop);
      if (!difference.empty()) {
        FAIL() << "seed " << seed() << " part " << GetParam() << " program " << program << " slice " << slice
               << " of " << length << " from " << fmt::format("{:x}", before.r[15]) << "\n"
               << difference << listing;
      }
      if (stop == Stop::lockup) break;
      if (stop == Stop::sleep && pair.a.core->next_wakeup() == UINT64_MAX) {
        pair.both([](Board& b) { b.core->set_irq(1, true), b.core->set_irq(1, false); });
      } else if (stop == Stop::sleep) {
        const uint64_t wake = pair.a.core->next_wakeup();
        pair.both([&](Board& b) { b.core->skip_to(wake); });
      }
      if (random.chance(0.02)) {  // privilege comes and goes
        const uint32_t privilege = random.below(2);
        pair.both([&](Board& b) {
          Registers r = b.core->registers();
          r.control = (r.control & ~1u) | privilege;
          b.core->set_registers(r);
        });
      }
      if (random.chance(0.2)) {
        const unsigned irq = random.below(8);
        pair.both([&](Board& b) { b.core->set_irq(irq, true), b.core->set_irq(irq, false); });
      }
      if (random.chance(0.01)) {  // the flash changes
        const uint32_t at = 0x4000 + random.below(0x300) * 2;
        pair.both([&](Board& b) {
          b.code(at, {Board::kNop, Board::kNop});
          b.core->code_changed(at, 4);
        });
      }
    }
    instructions += pair.a.core->instructions();
  }
  std::cout << "compared " << instructions << " instructions, seed " << seed() << "\n";
  EXPECT_GT(instructions, 100'000u);
}

INSTANTIATE_TEST_SUITE_P(Part, RandomPrograms, testing::Range(0u, 8u));

class Compiled : public testing::TestWithParam<const char*> {};

TEST_P(Compiled, TakesTheSameCourseInBothEngines) {
  REQUIRE_TRANSLATOR();
  const std::string file = std::string(XEDGESIM_BINARY_DIR "/tests/isa/interrupts_") + GetParam() + ".bin";
  std::ifstream in(file, std::ios::binary);
  if (!in) GTEST_SKIP() << "no " << file << ": it is built when arm-none-eabi-gcc is there";
  const std::vector<uint8_t> code((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (unsigned wait : {0u, 2u}) {
    Pair pair(code, wait, 3);
    uint32_t done = 0;
    for (uint64_t slice = 1; !done; slice = slice * 7 % 10007) {
      Stop stop;
      const std::string difference = pair.run(slice, stop);
      ASSERT_EQ(difference, "");
      ASSERT_TRUE(stop == Stop::limit || stop == Stop::sleep);
      std::memcpy(&done, pair.a.ram.data(), 4);
      if (stop == Stop::sleep && !done) {
        const uint64_t wake = pair.a.core->next_wakeup();
        pair.both([&](Board& b) { b.core->skip_to(wake); });
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Compiled, testing::Values("O0", "O2", "Os"));

}  // namespace
}  // namespace xedgesim::isa::test
