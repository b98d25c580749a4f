// Directed tests from the manual: SysTick (B3.3), sleep and events (B1.5.17, B1.5.18), lazy floating-point
// state (B1.5.7), the cycle counter, and the contract of core.h.
#include "board.h"

namespace xedgesim::isa::test {
namespace {

TEST(SysTick, PendsEveryReloadPlusOneCycles) {
  Board b;
  b.start();
  b.write_system(0xE000E014, 99);
  b.write_system(0xE000E018, 0);
  const uint64_t enabled_at = b.core->cycles();
  b.write_system(0xE000E010, 7);
  EXPECT_EQ(b.core->next_wakeup(), enabled_at + 100);
  b.core->run(enabled_at + 100);
  EXPECT_EQ(b.ipsr(), 0u);
  b.core->run(b.core->cycles() + 1);
  EXPECT_EQ(b.ipsr(), 15u);
  EXPECT_EQ(b.core->next_wakeup(), enabled_at + 200);
  EXPECT_EQ(b.read_system(0xE000E010) >> 16, 1u) << "COUNTFLAG";
  EXPECT_EQ(b.read_system(0xE000E010) >> 16, 0u) << "cleared by reading";
}

TEST(SysTick, CountsDownAndStandsStillWhenDisabled) {
  Board b;
  b.start();
  b.write_system(0xE000E014, 1000);
  b.write_system(0xE000E018, 0);
  b.write_system(0xE000E010, 5);
  const uint32_t first = b.read_system(0xE000E018);
  const uint64_t t = b.core->cycles();
  b.core->run(t + 100);
  const uint32_t second = b.read_system(0xE000E018);
  EXPECT_NEAR(static_cast<double>(first - second), 102, 4);
  b.write_system(0xE000E010, 4);
  const uint32_t stopped = b.read_system(0xE000E018);
  b.core->run(b.core->cycles() + 50);
  EXPECT_EQ(b.read_system(0xE000E018), stopped);
  EXPECT_EQ(b.core->next_wakeup(), UINT64_MAX);
}

TEST(SysTick, GoesOnDuringSleepAndWakes) {
  Board b;
  b.code(Board::kMain, {Board::kWfi, 0x3001, 0xE7FC});  // wfi; adds r0, #1; b wfi
  b.start();
  b.write_system(0xE000E014, 63999);
  b.write_system(0xE000E018, 0);
  b.write_system(0xE000E010, 7);
  uint64_t ticks = 0;
  const uint64_t end = b.core->cycles() + 64000 * 100 + 1000;
  while (b.core->cycles() < end) {
    const Stop s = b.core->run(end);
    if (s != Stop::sleep) break;
    EXPECT_FALSE(b.core->awake());
    const uint64_t wake = b.core->next_wakeup();
    b.core->skip_to(wake < end ? wake : end);
    if (b.core->awake()) ++ticks;
  }
  EXPECT_EQ(ticks, 100u);
  EXPECT_EQ(b.r(0), 100u);
}

TEST(Sleep, WfiWakesForAMaskedInterruptWithoutTakingIt) {
  Board b;
  b.code(Board::kMain, {0xB672, Board::kWfi, 0x2005, Board::kHere});
  b.start();
  b.enable_irq(0, 0x20);
  EXPECT_EQ(b.core->run(b.core->cycles() + 10), Stop::sleep);
  EXPECT_FALSE(b.core->awake());
  b.core->set_irq(0, true);
  EXPECT_TRUE(b.core->awake());
  b.step();
  EXPECT_EQ(b.r(0), 5u);
  EXPECT_EQ(b.ipsr(), 0u);
}

TEST(Sleep, WfiDoesNotWakeForADisabledInterrupt) {
  Board b;
  b.code(Board::kMain, {Board::kWfi, Board::kHere});
  b.start();
  EXPECT_EQ(b.core->run(b.core->cycles() + 10), Stop::sleep);
  b.core->set_irq(5, true);
  EXPECT_FALSE(b.core->awake());
  EXPECT_EQ(b.core->run(b.core->cycles() + 10), Stop::sleep);
}

TEST(Sleep, WfeTakesTheEventRegisterFirst) {
  Board b;
  b.code(Board::kMain, {Board::kSev, Board::kWfe, 0x2001, Board::kWfe, 0x2002, Board::kHere});
  b.start();
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep);
  EXPECT_EQ(b.r(0), 1u) << "the first WFE only cleared the register";
  b.core->set_event();
  EXPECT_TRUE(b.core->awake());
  b.core->run(b.core->cycles() + 1);
  EXPECT_EQ(b.r(0), 2u);
}

TEST(Sleep, HintsHaveTheSameEffectInBothLengths) {
  // SEV sets the own event register, WFE takes it or sleeps, WFI sleeps whatever the event register holds.
  struct Case {
    const char* text;
    std::initializer_list<uint16_t> sev, wfe, wfi;
  };
  const Case cases[] = {{"16-bit", {0xBF40}, {0xBF20}, {0xBF30}},
                        {"32-bit", {0xF3AF, 0x8004}, {0xF3AF, 0x8002}, {0xF3AF, 0x8003}}};
  for (const Case& c : cases) {
    Board b;
    uint32_t at = Board::kMain;
    for (const auto& part : {c.sev, c.wfe, c.wfe, c.sev, c.wfi}) {
      b.code(at, part);
      at += static_cast<uint32_t>(part.size()) * 2;
    }
    b.code(at, {Board::kHere});
    const auto size = static_cast<uint32_t>(c.sev.size()) * 2;
    b.start();
    EXPECT_EQ(b.steps(2), Stop::limit) << c.text << ": the event is taken";
    EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep) << c.text;
    EXPECT_EQ(b.pc(), Board::kMain + 3 * size) << c.text << ": the second WFE sleeps";
    b.core->set_event();
    EXPECT_TRUE(b.core->awake()) << c.text;
    EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep) << c.text;
    EXPECT_EQ(b.pc(), Board::kMain + 5 * size) << c.text << ": WFI does not look at the event register";
    EXPECT_FALSE(b.core->awake()) << c.text;
  }
}

TEST(Sleep, WfeWakesBySevonpendAndNotByAMaskedInterruptOtherwise) {
  for (bool sevonpend : {false, true}) {
    Board b;
    b.code(Board::kMain, {0xB672, Board::kWfe, 0x2001, Board::kHere});
    b.start();
    b.enable_irq(0, 0);
    if (sevonpend) b.write_system(0xE000ED10, 16);
    EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep);
    b.core->set_irq(0, true);
    EXPECT_EQ(b.core->awake(), sevonpend);
  }
}

TEST(Sleep, ExceptionEntryAndReturnSetTheEventRegister) {
  Board b;
  b.code(Board::kMain, {Board::kWfe, 0x2001, Board::kWfe, 0x2002, Board::kWfe, 0x2003, Board::kHere});
  b.start();
  b.enable_irq(0, 0);
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep);
  EXPECT_EQ(b.r(0), 2u) << "the second WFE found the event of the return";
}

TEST(Sleep, SleepOnExitSleepsAfterTheHandler) {
  Board b;
  b.start();
  b.enable_irq(0, 0);
  b.write_system(0xE000ED10, 2);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::sleep);
  EXPECT_EQ(b.ipsr(), 0u);
}

TEST(LazyStacking, ReservesAndStoresWhenTheHandlerUsesTheUnit) {
  for (bool handler_uses_fp : {false, true}) {
    Board b;
    b.code(Board::kMain, {0xEEB0, 0x0A40, Board::kNop, Board::kHere});  // vmov s0, s0
    if (handler_uses_fp) {
      b.handler(16, {0xEEB7, 0x0A00, Board::kBxLr});  // vmov s0, #1.0
    } else {
      b.handler(16, {Board::kNop, Board::kBxLr});
    }
    b.start();
    b.enable_irq(0, 0);
    b.enable_fpu();
    b.step();
    EXPECT_EQ(b.core->registers().control & 4, 4u) << "FPCA";
    Registers in = b.core->registers();
    in.s[0] = 0x42280000;
    in.s[15] = 0x12345678;
    in.fpscr = 0x80000000;
    b.core->set_registers(in);
    b.core->set_irq(0, true), b.core->set_irq(0, false);
    b.step();
    EXPECT_EQ(b.r(14), 0xFFFFFFE9u);
    EXPECT_EQ(b.r(13), Board::kStackTop - 0x68);
    EXPECT_EQ(b.core->registers().control & 4, 0u);
    EXPECT_EQ(b.ram_word(b.r(13) + 0x20), 0u) << "reserved, not stored";
    EXPECT_EQ(b.read_system(0xE000EF34) & 1, 1u) << "LSPACT";
    EXPECT_EQ(b.read_system(0xE000EF38), Board::kStackTop - 0x68 + 0x20);
    const uint32_t frame = b.r(13);
    b.step();
    EXPECT_EQ(b.ram_word(frame + 0x20), handler_uses_fp ? 0x42280000u : 0u);
    EXPECT_EQ(b.ram_word(frame + 0x5C), handler_uses_fp ? 0x12345678u : 0u);
    EXPECT_EQ(b.ram_word(frame + 0x60), handler_uses_fp ? 0x80000000u : 0u);
    if (handler_uses_fp) {
      EXPECT_EQ(b.core->registers().s[0], 0x3F800000u);
    }
    b.step();
    EXPECT_EQ(b.core->registers().s[0], 0x42280000u);
    EXPECT_EQ(b.core->registers().fpscr, 0x80000000u);
    EXPECT_EQ(b.core->registers().control & 4, 4u);
    EXPECT_EQ(b.r(13), Board::kStackTop);
  }
}

TEST(LazyStacking, WithoutItTheFrameIsStoredAtEntryAndTakesItsTime) {
  uint64_t entry[2];
  for (bool lazy : {true, false}) {
    Board b;
    b.code(Board::kMain, {0xEEB0, 0x0A40, Board::kNop, Board::kHere});  // vmov s0, s0
    b.handler(16, {0xEEB7, 0x0A00, Board::kBxLr});                      // vmov s0, #1.0
    b.start();
    b.enable_irq(0, 0);
    b.enable_fpu();
    if (!lazy) b.write_system(0xE000EF34, 1u << 31);  // FPCCR: ASPEN without LSPEN
    b.step();
    Registers in = b.core->registers();
    for (uint32_t i = 0; i < 32; ++i) in.s[i] = 0x40000000 + i;
    in.fpscr = 0x60000000;
    b.core->set_registers(in);
    b.core->set_irq(0, true), b.core->set_irq(0, false);
    const uint64_t before = b.core->cycles();
    b.core->run(before + 1);  // entry
    entry[lazy] = b.core->cycles() - before;
    const uint32_t frame = b.r(13);
    EXPECT_EQ(frame, Board::kStackTop - 0x68);
    EXPECT_EQ(b.r(14), 0xFFFFFFE9u);
    EXPECT_EQ(b.read_system(0xE000EF34) & 1, lazy ? 1u : 0u) << "LSPACT";
    for (uint32_t i = 0; i < 16; ++i)
      EXPECT_EQ(b.ram_word(frame + 0x20 + 4 * i), lazy ? 0 : 0x40000000 + i) << i;
    EXPECT_EQ(b.ram_word(frame + 0x60), lazy ? 0 : 0x60000000u);
    b.steps(2);
    EXPECT_EQ(b.r(13), Board::kStackTop);
    EXPECT_EQ(b.core->registers().s[0], 0x40000000u) << "the handler's value is gone";
    EXPECT_EQ(b.core->registers().s[31], 0x4000001Fu);
    EXPECT_EQ(b.core->registers().fpscr, 0x60000000u);
  }
  EXPECT_EQ(entry[false], entry[true] + 17) << "16 registers and FPSCR (TRM 3.3.3)";
}

TEST(FloatingPoint, FlagsGatherAndHostCodeDoesNotDisturbThem) {
  Board b;
  // vdiv s0, s1, s2; ldr r2, [r1]; vmrs r3, fpscr
  b.code(Board::kMain, {0xEE80, 0x0A81, 0x680A, 0xEEF1, 0x3A10, Board::kHere});
  b.start();
  b.enable_fpu();
  Registers in = b.core->registers();
  in.r[1] = Board::kDevice;
  in.s[1] = 0x3F800000;
  in.s[2] = 0x40400000;
  b.core->set_registers(in);
  volatile double one = 1, zero = 0;
  one = one / zero;  // leaves a flag in the host's register
  b.steps(3);
  EXPECT_EQ(b.r(3), 0x10u) << "IXC and nothing else";
  EXPECT_EQ(b.core->registers().s[0], 0x3EAAAAABu);
}

TEST(CycleCounter, CountsFromWhereItWasWritten) {
  Board b;
  b.start();
  b.write_system(0xE0001004, 0);
  b.write_system(0xE0001000, 1);
  const uint64_t t = b.core->cycles();
  const uint32_t first = b.read_system(0xE0001004);
  b.core->run(t + 1000);
  const uint64_t u = b.core->cycles();
  EXPECT_EQ(b.read_system(0xE0001004) - first, u - t);
}

TEST(Contract, HostSeesTheStartOfTheAccessingInstruction) {
  Board b;
  b.code(Board::kMain, {Board::kNop, 0x6801, 0x6001, Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = Board::kDevice;
  b.core->set_registers(in);
  b.core->run(b.core->cycles() + 20);
  ASSERT_EQ(b.accesses.size(), 2u);
  EXPECT_EQ(b.accesses[0].cycle, 1u);
  EXPECT_EQ(b.accesses[1].cycle, 2u);
  EXPECT_TRUE(b.accesses[1].write);
  EXPECT_EQ(b.accesses[1].value, 0x11223344u);
}

TEST(Contract, ChangedFlashIsExecutedAsItIsNow) {
  Board b;
  b.code(Board::kMain, {0x2001, 0xE7FD});  // movs r0, #1; b .-2
  b.start();
  b.steps(3);
  EXPECT_EQ(b.r(0), 1u);
  b.code(Board::kMain, {0x2009});
  b.core->code_changed(Board::kMain, 2);
  b.steps(3);
  EXPECT_EQ(b.r(0), 9u);
}

TEST(Contract, CodeInRamMayChangeWithoutNotice) {
  Board b;
  b.start();
  const auto put = [&](uint16_t h) { std::memcpy(b.ram.data(), &h, 2); };
  Registers in = b.core->registers();
  for (uint16_t value = 1; value < 10; ++value) {
    put(static_cast<uint16_t>(0x2000 | value));
    in.r[15] = Board::kRam;
    b.core->set_registers(in);
    b.step();
    EXPECT_EQ(b.r(0), value);
  }
}

TEST(Contract, SecondCoreWithTheSameImageIsIndependent) {
  Board a, b;
  a.code(Board::kMain, {0x3001, 0xE7FD});
  b.flash = a.flash;
  auto image = make_code_image(a.config, 0, a.flash);
  for (Board* x : {&a, &b}) {
    x->core = make_cortex_m(
        x->config, *x,
        {{Board::kRam, Board::kSize, x->ram.data(), true}, {0, Board::kSize, x->flash.data(), false}}, image);
    x->core->reset();
  }
  a.core->run(400);
  b.core->run(40);
  EXPECT_EQ(a.r(0), 100u);
  EXPECT_EQ(b.r(0), 10u);
  b.code(Board::kMain, {0x3002});
  b.core->code_changed(Board::kMain, 2);
  a.core->run(800);
  b.core->run(80);
  EXPECT_EQ(a.r(0), 200u);
  EXPECT_EQ(b.r(0), 30u);
}

struct CycleCase {
  const char* text;
  std::vector<uint16_t> code;
  unsigned instructions, cycles;
};

TEST(Cycles, FollowTheReferenceManual) {
  const CycleCase cases[] = {
      {"adds", {0x3001}, 1, 1},
      {"mul", {0x4348}, 1, 1},
      {"umull", {0xFBA1, 0x2301}, 1, 1},
      {"ldr alone", {0x6820, Board::kNop}, 1, 2},
      {"ldr ldr nop", {0x6820, 0x6861, Board::kNop}, 3, 4},
      {"ldr of the next one's base", {0x6824, 0x6820, Board::kNop}, 1, 2},
      {"str", {0x6020}, 1, 1},
      {"ldm of 3", {0xCC0E}, 1, 4},
      {"push of 3", {0xB40E}, 1, 4},
      {"ldrd", {0xE9D4, 0x0100}, 1, 3},
      {"b", {0xE000, Board::kNop, Board::kNop}, 1, 3},
      {"beq not taken", {0xD000, Board::kNop}, 1, 1},
      {"bne taken", {0xD100, Board::kNop}, 1, 3},
      {"cbz not taken", {0xB104, Board::kNop}, 1, 1},
      {"udiv 100/7", {0xFBB5, 0xF0F6}, 1, 4},
      {"it and a skipped add", {0xBF08, 0x3001}, 2, 2},
      {"vadd", {0xEE30, 0x0A81}, 1, 1},
      {"vdiv", {0xEE80, 0x0A81}, 1, 14},
      {"vfma", {0xEEA0, 0x0A81}, 1, 3},
      {"vldr", {0xED94, 0x0A00}, 1, 2},
      {"vldm of 4", {0xEC94, 0x0A04}, 1, 5},
  };
  for (const CycleCase& c : cases) {
    Board b;
    uint32_t at = Board::kMain;
    for (uint16_t h : c.code) b.code(at, {h}), at += 2;
    b.start();
    b.enable_fpu();
    Registers in = b.core->registers();
    in.r[4] = Board::kRam + 0x100;
    in.r[5] = 100;
    in.r[6] = 7;
    in.xpsr = 0x01000000;  // Z clear
    in.s[1] = in.s[2] = 0x40000000;
    b.core->set_registers(in);
    const uint32_t self = Board::kRam + 0x100;
    std::memcpy(&b.ram[0x100], &self, 4);
    // A first floating-point instruction opens the context; it costs nothing extra.
    const uint64_t t = b.core->cycles();
    b.steps(c.instructions);
    EXPECT_EQ(b.core->cycles() - t, c.cycles) << c.text;
  }
}

TEST(Cycles, WaitStatesLengthenRefillsAndLoadsFromFlashOnly) {
  struct WaitCase {
    const char* text;
    std::vector<uint16_t> code;
    unsigned instructions, cycles, waits;  // cycles without wait states; how often they are added
  };
  const WaitCase cases[] = {
      {"straight line", {0x3001, 0x3001, 0x3001}, 3, 3, 0},
      {"b", {0xE000, Board::kNop, Board::kNop}, 1, 3, 1},
      {"bne taken", {0xD100, Board::kNop, Board::kNop}, 1, 3, 1},
      {"beq not taken", {0xD000, Board::kNop, Board::kNop}, 1, 1, 0},
      {"cbnz taken", {0xB904, Board::kNop, Board::kNop, Board::kNop}, 1, 3, 1},
      {"bl and bx lr", {0xF000, 0xF801, Board::kNop, Board::kBxLr}, 2, 6, 2},
      {"literal", {0x4800, Board::kNop, Board::kNop, Board::kNop}, 1, 2, 1},
      {"ldr from RAM", {0x6820, Board::kNop}, 1, 2, 0},
      {"ldr from flash", {0x6828, Board::kNop}, 1, 2, 1},
      {"ldm of 3 from flash", {0xCD0E, Board::kNop}, 1, 4, 3},
      {"tbb", {0xE8DF, 0xF006, Board::kNop, Board::kNop}, 1, 4, 2},
  };
  for (unsigned wait : {0u, 1u, 2u, 5u})
    for (const WaitCase& c : cases) {
      Board b;
      b.config.flash_wait_states = wait;
      uint32_t at = Board::kMain;
      for (uint16_t h : c.code) b.code(at, {h}), at += 2;
      b.start();
      Registers in = b.core->registers();
      in.r[4] = Board::kRam + 0x100;
      in.r[5] = 0x100;
      in.r[6] = 0;
      in.xpsr = 0x01000000;
      b.core->set_registers(in);
      const uint64_t t = b.core->cycles();
      b.steps(c.instructions);
      EXPECT_EQ(b.core->cycles() - t, c.cycles + c.waits * wait)
          << c.text << " at " << wait << " wait states";
    }
}

}  // namespace
}  // namespace xedgesim::isa::test
