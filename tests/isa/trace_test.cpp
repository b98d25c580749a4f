// What a program can say without a serial port: ITM stimulus ports (ARMv7-M ARM C1.7) and semihosting (IHI
// 0047).
#include "board.h"

namespace xedgesim::isa::test {
namespace {

TEST(Itm, EnabledStimulusPortsReachTheHost) {
  Board b;
  b.start();
  b.write_system(0xE0000000, 'x');
  EXPECT_EQ(b.traced, "") << "nothing before trace, ITM and port are enabled";
  b.write_system(0xE000EDFC, 1u << 24);
  b.write_system(0xE0000E80, 1);
  b.write_system(0xE0000E00, 1u << 0 | 1u << 5);
  EXPECT_EQ(b.read_system(0xE0000000) & 1, 1u) << "ready";
  b.write_system(0xE0000000, 0x64636261);
  b.write_system(0xE0000014, 'e');
  b.write_system(0xE0000018, 'f');  // port 6 is not enabled
  EXPECT_EQ(b.traced, std::string("abcde\0\0\0", 8));
}

TEST(Semihosting, IsABreakpointUnlessAskedFor) {
  Board b;
  b.code(Board::kMain, {0xBEAB});
  b.start();
  EXPECT_EQ(b.step(), Stop::breakpoint);
}

TEST(Semihosting, PrintsAndExits) {
  Board b;
  b.config.semihosting = true;
  std::memcpy(&b.flash[0x3000], "Hello", 6);
  b.put_word(0x3010, 1), b.put_word(0x3014, 0x3001), b.put_word(0x3018, 3);  // SYS_WRITE: handle, "ell", 3
  b.code(Board::kMain, {0x2004, 0xBEAB,          // movs r0, #SYS_WRITE0; r1 is set below
                        0x2003, 0xBEAB,          // SYS_WRITEC of 'H'
                        0x2005, 0x1C11, 0xBEAB,  // SYS_WRITE with r2's block
                        0x2007, 0xBEAB, 0x4603,  // SYS_READC is not there: r3 = -1
                        0x2018, 0xBEAB, Board::kHere});
  b.start();
  Registers in = b.core->registers();
  in.r[1] = 0x3000, in.r[2] = 0x3010;
  b.core->set_registers(in);
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::exit);
  EXPECT_EQ(b.traced, "HelloHell");
  EXPECT_EQ(b.r(3), ~0u);
  EXPECT_FALSE(b.core->awake());
  EXPECT_EQ(b.core->run(b.core->cycles() + 100), Stop::exit);
  EXPECT_EQ(b.core->instructions(), 12u);
  b.core->reset();
  EXPECT_TRUE(b.core->awake());
}

}  // namespace
}  // namespace xedgesim::isa::test
