// Faults, escalation and lock-up (ARMv7-M ARM B1.5.11 to B1.5.15).
#include "board.h"

namespace xedgesim::isa::test {
namespace {

TEST(Faults, UndefinedInstructionEscalatesToHardFault) {
  Board b;
  b.code(Board::kMain, {0x2001, 0xDE00, Board::kHere});
  b.handler(3, {Board::kHere});
  b.start();
  b.steps(3);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kMain + 2) << "the return address is the instruction itself";
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00010000 HFSR=0x40000000");
}

TEST(Faults, WideUndefinedInstructionIsAUsageFaultAtItsFirstHalfword) {
  Board b;
  b.code(Board::kMain, {0x2001, 0xF7F1, 0xA234, Board::kHere});  // movs r0, #1; udf.w #0x1234
  b.handler(6, {Board::kHere});
  b.start();
  b.write_system(0xE000ED24, 7 << 16);
  b.steps(3);
  EXPECT_EQ(b.ipsr(), 6u);
  EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kMain + 2);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00010000 HFSR=0x00000000");
  EXPECT_EQ(b.r(0), 1u);
}

TEST(Faults, EnabledUsageFaultIsTakenAsSuch) {
  Board b;
  b.code(Board::kMain, {0xDE00});
  b.handler(6, {Board::kHere});
  b.start();
  b.write_system(0xE000ED24, 7 << 16);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 6u);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00010000 HFSR=0x00000000");
}

TEST(Faults, BusErrorNamesTheAddressAndLeavesTheRegister) {
  Board b;
  b.code(Board::kMain, {0x6801, Board::kHere});  // ldr r1, [r0]
  b.handler(3, {Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = 0x60000004;
  in.r[1] = 77;
  b.core->set_registers(in);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_EQ(b.r(1), 77u);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00008200 HFSR=0x40000000 BFAR=0x60000004");
}

TEST(Faults, AnItBlockAtTheEndOfFlashFaultsEvenIfItsConditionFails) {
  for (const bool with_image : {true, false}) {
    Board b;
    b.put_word(4, (Board::kSize - 4) | 1);
    b.code(Board::kSize - 4, {0x2000, 0xBF18});  // movs r0, #0; it ne
    b.handler(3, {Board::kHere});
    b.start(with_image);
    b.steps(3);
    EXPECT_EQ(b.ipsr(), 3u);
    EXPECT_EQ(b.core->instructions(), 2u);
    EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kSize);
    EXPECT_NE(b.ram_word(b.r(13) + 28) & 0x0600FC00, 0u) << "ITSTATE is stacked as it was";
  }
}

TEST(Faults, HalfAnInstructionAtTheEndOfFlashFaultsInAnItBlock) {
  for (const bool with_image : {true, false}) {
    Board b;
    b.put_word(4, (Board::kSize - 6) | 1);
    b.code(Board::kSize - 6, {0x2000, 0xBF18, 0xF04F});  // movs r0, #0; it ne; first half of mov.w
    b.handler(3, {Board::kHere});
    b.start(with_image);
    b.steps(3);
    EXPECT_EQ(b.ipsr(), 3u);
    EXPECT_EQ(b.core->instructions(), 2u);
    EXPECT_EQ(b.ram_word(b.r(13) + 24), Board::kSize - 2);
  }
}

TEST(Faults, StackOverflowLocksUp) {
  Board b;
  b.code(Board::kMain, {0xB401, 0xE7FD});  // push {r0}; b .-2
  b.handler(3, {0xB401, Board::kHere});    // entered without a frame, as on hardware; its PUSH is the end
  b.start();
  Registers in = b.core->registers();
  in.msp = in.r[13] = Board::kRam + 16;
  b.core->set_registers(in);
  Stop s = Stop::limit;
  for (int i = 0; i < 50 && s == Stop::limit; ++i) s = b.step();
  EXPECT_EQ(s, Stop::lockup);
  EXPECT_FALSE(b.core->awake());
  EXPECT_NE(b.core->fault_status().find("CFSR=0x00009200"), std::string::npos) << b.core->fault_status();
  EXPECT_EQ(b.step(), Stop::lockup);
}

TEST(Faults, FaultInHardFaultLocksUp) {
  Board b;
  b.code(Board::kMain, {0xDE00});
  b.handler(3, {0xDE01});
  b.start();
  EXPECT_EQ(b.steps(5), Stop::lockup);
  EXPECT_EQ(b.pc(), Board::handler_address(3));
}

TEST(Faults, BranchToAnEvenAddressIsAnInvalidState) {
  Board b;
  b.code(Board::kMain, {0x4700});  // bx r0
  b.handler(3, {Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = 0x1100;
  b.core->set_registers(in);
  b.steps(3);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00020000 HFSR=0x40000000");
  EXPECT_EQ(b.ram_word(b.r(13) + 24), 0x1100u);
}

TEST(Faults, BadExceptionReturnIsAnInvalidPc) {
  Board b;
  b.code(Board::kMain, {0xDF00, Board::kHere});
  b.handler(11, {0x4700});  // bx r0 with a reserved EXC_RETURN value
  b.handler(3, {Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = 0xFFFFFFF5;
  b.core->set_registers(in);
  b.steps(3);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00040000 HFSR=0x40000000");
}

TEST(Faults, ExecutingFromDevicesOrNowhere) {
  for (const auto& [target, cfsr] :
       {std::pair{0x40000001u, "CFSR=0x00000001"}, std::pair{0x00200001u, "CFSR=0x00000100"}}) {
    Board b;
    b.code(Board::kMain, {0x4700});
    b.handler(3, {Board::kHere});
    b.start();
    Registers in = b.core->registers();
    in.r[0] = target;
    b.core->set_registers(in);
    b.steps(3);
    EXPECT_EQ(b.ipsr(), 3u);
    EXPECT_EQ(b.core->fault_status().substr(0, 15), cfsr);
  }
}

TEST(Faults, UnalignedAndDivideTraps) {
  Board b;
  b.code(Board::kMain, {0x6801, 0xFBB1, 0xF2F3, Board::kHere});  // ldr r1, [r0]; udiv r2, r1, r3
  b.handler(3, {Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = Board::kRam + 1;
  in.r[2] = 5;
  in.r[3] = 0;
  b.core->set_registers(in);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 0u);
  EXPECT_EQ(b.r(2), 0u) << "without the trap a division by zero gives zero";

  b.start();
  b.write_system(0xE000ED14, 0x200 | 8 | 16);
  b.core->set_registers(in);
  b.steps(2);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x01000000 HFSR=0x40000000");

  b.start();
  b.write_system(0xE000ED14, 0x200 | 16);
  b.core->set_registers(in);
  b.steps(3);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x02000000 HFSR=0x40000000");
}

TEST(Faults, UnalignedMultipleAlwaysTraps) {
  Board b;
  b.code(Board::kMain, {0xC806, Board::kHere});  // ldm r0!, {r1, r2}
  b.handler(3, {Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = Board::kRam + 2;
  b.core->set_registers(in);
  b.steps(2);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x01000000 HFSR=0x40000000");
}

TEST(Faults, FloatingPointWithoutAccessIsNoCoprocessor) {
  Board b;
  b.code(Board::kMain, {0xEE30, 0x0A81});
  b.handler(3, {Board::kHere});
  b.start();
  b.steps(2);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00080000 HFSR=0x40000000");
}

TEST(Faults, BreakpointIsToldOnceThenAHardFault) {
  Board b;
  b.code(Board::kMain, {0xBE12, Board::kHere});
  b.handler(3, {Board::kHere});
  b.start();
  EXPECT_EQ(b.step(), Stop::breakpoint);
  EXPECT_EQ(b.pc(), Board::kMain);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 3u);
  EXPECT_EQ(b.core->fault_status(), "CFSR=0x00000000 HFSR=0x80000000");
}

TEST(Faults, SystemResetRequestStops) {
  Board b;
  b.code(Board::kMain, {0x6001, Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[0] = 0xE000ED0C;
  in.r[1] = 0x05FA0004;
  b.core->set_registers(in);
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::reset);
  EXPECT_TRUE(b.reset_requested);
  b.core->reset();
  EXPECT_EQ(b.pc(), Board::kMain);
}

TEST(Faults, ConfigurationsOutOfRangeAreRefused) {
  Board b;
  b.config.irq_count = 241;
  EXPECT_ANY_THROW(b.start());
  b.config = CortexMConfig();
  b.config.priority_bits = 1;
  EXPECT_ANY_THROW(b.start());
  b.config = CortexMConfig();
  b.config.vtor_reset = 0x10;
  EXPECT_ANY_THROW(b.start());
}

}  // namespace
}  // namespace xedgesim::isa::test
