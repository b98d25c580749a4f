// Directed tests from ARMv7-M ARM B1.5: entry, return, priorities, tail-chaining, late arrival, masks.
#include "board.h"

namespace xedgesim::isa::test {
namespace {

TEST(Exceptions, SvcStacksTheFrameOfTheManualAndReturns) {
  Board b;
  b.code(Board::kMain, {0xDF05, Board::kHere});  // svc #5
  b.start();
  Registers in = b.core->registers();
  for (uint32_t i = 0; i < 13; ++i) in.r[i] = 0x100 + i;
  in.r[14] = 0xABCDEF01;
  in.xpsr |= 0xA0000000;
  b.core->set_registers(in);
  b.step();
  b.step();
  EXPECT_EQ(b.ipsr(), 11u);
  const uint32_t sp = Board::kStackTop - 0x20;
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(b.ram_word(sp + 4 * i), 0x100 + i);
  EXPECT_EQ(b.ram_word(sp + 16), 0x10Cu);
  EXPECT_EQ(b.ram_word(sp + 20), 0xABCDEF01u);
  EXPECT_EQ(b.ram_word(sp + 24), Board::kMain + 2);
  EXPECT_EQ(b.ram_word(sp + 28), 0xA1000000u);
  // The handler is BX LR: it has executed, so we are back.
  b.step();
  EXPECT_EQ(b.ipsr(), 0u);
  EXPECT_EQ(b.r(13), Board::kStackTop);
  EXPECT_EQ(b.core->registers().xpsr & 0xF0000000, 0xA0000000u);
}

TEST(Exceptions, EntryTakesTwelveCyclesAndReturnTen) {
  Board b;
  b.handler(16, {Board::kNop, Board::kBxLr});
  b.code(Board::kMain, {Board::kNop, Board::kNop, Board::kNop, Board::kHere});
  b.start();
  b.enable_irq(0, 0);
  const uint64_t t0 = b.core->cycles();
  b.core->set_irq(0, true);
  b.core->set_irq(0, false);
  b.core->run(t0 + 1);
  EXPECT_EQ(b.core->cycles(), t0 + 12);
  EXPECT_EQ(b.pc(), Board::handler_address(16));
  EXPECT_EQ(b.r(14), 0xFFFFFFF9u);
  b.step();
  EXPECT_EQ(b.core->cycles(), t0 + 13);
  b.step();  // BX LR: 1 + 10
  EXPECT_EQ(b.core->cycles(), t0 + 24);
  EXPECT_EQ(b.pc(), Board::kMain);
}

TEST(Exceptions, StackIsAlignedToEightBytes) {
  Board b;
  b.start();
  Registers in = b.core->registers();
  in.msp = in.r[13] = Board::kStackTop - 4;
  b.core->set_registers(in);
  b.enable_irq(0, 0);
  b.core->set_irq(0, true);
  b.core->set_irq(0, false);
  b.step();
  EXPECT_EQ(b.r(13), Board::kStackTop - 0x28);
  EXPECT_TRUE(b.ram_word(b.r(13) + 28) & 0x200);
  b.step();
  EXPECT_EQ(b.r(13), Board::kStackTop - 4);
}

TEST(Exceptions, HigherPriorityPreemptsAndEqualDoesNot) {
  Board b;
  b.handler(16, {Board::kNop, Board::kNop, Board::kNop, Board::kBxLr});
  b.handler(17, {Board::kNop, Board::kBxLr});
  b.handler(18, {Board::kNop, Board::kBxLr});
  b.start();
  b.enable_irq(0, 0x40);
  b.enable_irq(1, 0x20);
  b.enable_irq(2, 0x40);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 16u);
  b.core->set_irq(2, true), b.core->set_irq(2, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 16u) << "equal priority does not pre-empt";
  b.core->set_irq(1, true), b.core->set_irq(1, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 17u);
  EXPECT_EQ(b.r(14), 0xFFFFFFF1u);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 16u) << "back in the pre-empted handler";
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 18u) << "then the pending one, tail-chained";
  EXPECT_EQ(b.r(14), 0xFFFFFFF9u);
}

TEST(Exceptions, GroupingMakesSubprioritiesThatDoNotPreempt) {
  Board b;
  b.handler(16, {Board::kNop, Board::kNop, Board::kBxLr});
  b.start();
  b.write_system(0xE000ED0C, 0x05FA0000 | 6 << 8);  // PRIGROUP 6: bit 7 is the group
  b.enable_irq(0, 0x60);
  b.enable_irq(1, 0x20);
  b.enable_irq(2, 0x00);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.steps(2);
  b.core->set_irq(1, true), b.core->set_irq(1, false);
  b.core->set_irq(2, true), b.core->set_irq(2, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 16u);
  b.step();
  EXPECT_EQ(b.ipsr(), 18u) << "of the pending ones the better subpriority goes first";
}

TEST(Exceptions, TailChainingTakesSixCyclesAndDoesNotUnstack) {
  Board b;
  b.start();
  b.enable_irq(0, 0x40);
  b.enable_irq(1, 0x40);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.step();
  b.core->set_irq(1, true), b.core->set_irq(1, false);
  const uint64_t t0 = b.core->cycles();
  const uint32_t sp = b.r(13);
  b.step();  // BX LR of IRQ 0
  EXPECT_EQ(b.ipsr(), 17u);
  EXPECT_EQ(b.core->cycles(), t0 + 1 + 6);
  EXPECT_EQ(b.r(13), sp);
}

TEST(Exceptions, LateArrivalUsesTheFrameThatIsThere) {
  Board b;
  b.handler(17, {Board::kNop, Board::kBxLr});
  b.start();
  b.enable_irq(0, 0x40);
  b.enable_irq(1, 0x20);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.step();
  const uint32_t sp = b.r(13);
  b.core->set_irq(1, true), b.core->set_irq(1, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 17u);
  EXPECT_EQ(b.r(13), sp);
  EXPECT_EQ(b.r(14), 0xFFFFFFF9u);
  b.step();
  EXPECT_EQ(b.ipsr(), 16u) << "the first one, tail-chained";
}

TEST(Exceptions, MasksHoldBack) {
  Board b;
  b.code(Board::kMain, {0xB672, Board::kNop, 0xB662, Board::kNop, Board::kHere});  // cpsid i; nop; cpsie i
  b.start();
  b.enable_irq(0, 0x40);
  b.step();
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 0u);
  b.step();  // CPSIE
  b.step();  // entry
  EXPECT_EQ(b.ipsr(), 16u);
  b.step();  // BX LR
  EXPECT_EQ(b.ipsr(), 0u);
  EXPECT_EQ(b.pc(), Board::kMain + 6) << "served right behind CPSIE";

  Registers in = b.core->registers();
  in.basepri = 0x40;
  b.core->set_registers(in);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.steps(3);
  EXPECT_EQ(b.pc(), Board::kMain + 8) << "BASEPRI equal to the priority masks it";
  in = b.core->registers();
  in.basepri = 0x60;
  b.core->set_registers(in);
  b.core->run(b.core->cycles() + 1);
  EXPECT_EQ(b.ipsr(), 16u);
}

TEST(Exceptions, HeldLinePendsAgainAfterReturn) {
  Board b;
  b.start();
  b.enable_irq(3, 0);
  b.core->set_irq(3, true);
  b.step();
  EXPECT_EQ(b.ipsr(), 19u);
  b.step();
  EXPECT_EQ(b.ipsr(), 19u) << "tail-chained to itself";
  b.core->set_irq(3, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 0u);
}

TEST(Exceptions, ThreadOnProcessStackReturnsThere) {
  Board b;
  // msr psp, r0; movs r1, #2; msr control, r1; isb; svc 0
  b.code(Board::kMain, {0xF380, 0x8809, 0x2102, 0xF381, 0x8814, 0xF3BF, 0x8F6F, 0xDF00, Board::kHere});
  b.handler(11, {Board::kNop, Board::kBxLr});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = Board::kRam + 0x4000;
  b.core->set_registers(in);
  b.steps(5);
  EXPECT_EQ(b.r(13), Board::kRam + 0x4000);
  b.step();  // entry; NOP
  EXPECT_EQ(b.ipsr(), 11u);
  EXPECT_EQ(b.r(14), 0xFFFFFFFDu);
  EXPECT_EQ(b.r(13), Board::kStackTop);
  EXPECT_EQ(b.core->registers().psp, Board::kRam + 0x4000 - 0x20);
  b.steps(2);
  EXPECT_EQ(b.r(13), Board::kRam + 0x4000);
  EXPECT_EQ(b.core->registers().control & 2, 2u);
}

TEST(Exceptions, UnprivilegedCodeCannotTouchMasksOrSystemRegisters) {
  Board b;
  // movs r1, #1; msr control, r1; cpsid i; ldr r2, [r0]
  b.code(Board::kMain, {0x2101, 0xF381, 0x8814, 0xB672, 0x6802, Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = 0xE000ED08;
  b.core->set_registers(in);
  b.steps(3);
  EXPECT_EQ(b.core->registers().primask, 0u);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_NE(b.core->fault_status().find("CFSR=0x00008200"), std::string::npos) << b.core->fault_status();
}

TEST(Exceptions, WorksWithoutACodeImage) {
  Board b;
  b.code(Board::kMain, {0xDF05, 0x2007, Board::kHere});
  b.start(false);
  b.steps(4);
  EXPECT_EQ(b.r(0), 7u);
  EXPECT_EQ(b.ipsr(), 0u);
}

TEST(Exceptions, InterruptInsideAnItBlockResumesIt) {
  Board b;
  // movs r0,#0; cmp r0,#0; itee eq; moveq r1,#1; movne r2,#2; movne r3,#3
  b.code(Board::kMain, {0x2000, 0x2800, 0xBF0E, 0x2101, 0x2202, 0x2303, Board::kHere});
  b.handler(16, {0x2800, Board::kNop, Board::kBxLr});
  b.start();
  b.enable_irq(0, 0);
  Registers in = b.core->registers();
  in.r[1] = in.r[2] = in.r[3] = 0x55;
  b.core->set_registers(in);
  b.steps(4);
  EXPECT_EQ(b.r(1), 1u);
  b.core->set_irq(0, true), b.core->set_irq(0, false);
  b.step();
  EXPECT_EQ(b.ipsr(), 16u);
  EXPECT_NE(b.ram_word(b.r(13) + 28) & 0x0600FC00, 0u) << "ITSTATE is stacked";
  b.steps(6);
  EXPECT_EQ(b.r(2), 0x55u);
  EXPECT_EQ(b.r(3), 0x55u);
  EXPECT_EQ(b.pc(), Board::kMain + 12);
}

}  // namespace
}  // namespace xedgesim::isa::test
