// What the smaller cores lack (ARMv6-M ARM DDI 0419, ARMv7-M ARM DDI 0403 A5) and their times.
#include "board.h"

namespace xedgesim::isa::test {
namespace {

struct Piece {
  const char* text;
  std::vector<uint16_t> code;
  CortexModel first;  // the smallest core that has it
};

const Piece kPieces[] = {
    {"adds r0, #1", {0x3001}, CortexModel::m0},
    {"rev r0, r0", {0xBA00}, CortexModel::m0},
    {"muls r0, r1", {0x4348}, CortexModel::m0},
    {"dmb", {0xF3BF, 0x8F5F}, CortexModel::m0},
    {"mrs r0, PRIMASK", {0xF3EF, 0x8010}, CortexModel::m0},
    {"cbz r7", {0xB107}, CortexModel::m3},
    {"it eq", {0xBF08, 0x3001}, CortexModel::m3},
    {"movw r0, #1", {0xF240, 0x0001}, CortexModel::m3},
    {"udiv r0, r0, r1", {0xFBB0, 0xF0F1}, CortexModel::m3},
    {"sxtb.w r0, r0", {0xFA4F, 0xF080}, CortexModel::m3},
    {"ssat r0, #8, r0", {0xF300, 0x0007}, CortexModel::m3},
    {"ldrex r0, [r4]", {0xE854, 0x0F00}, CortexModel::m3},
    {"smlad r0, r0, r1, r2", {0xFB20, 0x2001}, CortexModel::m4},
    {"sadd8 r0, r0, r1", {0xFA80, 0xF001}, CortexModel::m4},
    {"sel r0, r0, r1", {0xFAA0, 0xF081}, CortexModel::m4},
    {"pkhbt r0, r0, r1", {0xEAC0, 0x0001}, CortexModel::m4},
    {"sxtab r0, r0, r1", {0xFA40, 0xF081}, CortexModel::m4},
    {"umaal r0, r1, r2, r3", {0xFBE2, 0x0163}, CortexModel::m4},
    {"ssat16 r0, #8, r0", {0xF320, 0x0007}, CortexModel::m4},
    {"vadd.f32 s0, s1, s2", {0xEE30, 0x0A81}, CortexModel::m4f},
};

TEST(Cores, HaveTheInstructionsOfTheirArchitecture) {
  for (const CortexModel model :
       {CortexModel::m0, CortexModel::m0plus, CortexModel::m3, CortexModel::m4, CortexModel::m4f})
    for (const Piece& p : kPieces)
      for (bool image : {true, false}) {
        Board b;
        b.config.model = model;
        b.config.priority_bits = 2;
        uint32_t at = Board::kMain;
        for (uint16_t h : p.code) b.code(at, {h}), at += 2;
        b.code(at, {Board::kNop, Board::kHere});
        b.handler(3, {Board::kHere});
        b.start(image);
        if (model == CortexModel::m4f) b.enable_fpu();
        Registers in = b.core->registers();
        in.r[1] = 3, in.r[4] = Board::kRam + 0x100, in.r[7] = 1;
        b.core->set_registers(in);
        b.steps(2);
        const bool has = model >= p.first;
        EXPECT_EQ(b.ipsr(), has ? 0u : 3u) << p.text << " on model " << static_cast<int>(model);
      }
}

TEST(Cores, BaselineFaultsOnEveryUnalignedAccessAndHasOnlyHardFaults) {
  Board b;
  b.config.model = CortexModel::m0;
  b.config.priority_bits = 2;
  b.code(Board::kMain, {0x6820});  // ldr r0, [r4]
  b.handler(3, {Board::kHere});
  b.start();
  b.write_system(0xE000ED24, 7 << 16);  // SHCSR does not exist
  b.write_system(0xE000ED08, 0x1000);   // nor does VTOR
  EXPECT_EQ(b.read_system(0xE000ED24), 0u);
  EXPECT_EQ(b.read_system(0xE000ED08), 0u);
  EXPECT_EQ(b.read_system(0xE000ED14), 0x208u) << "CCR: UNALIGN_TRP and STKALIGN are fixed";
  EXPECT_EQ(b.read_system(0xE000ED00), 0x410CC200u);
  Registers in = b.core->registers();
  in.r[4] = Board::kRam + 0x102;
  b.core->set_registers(in);
  b.steps(2);
  EXPECT_EQ(b.ipsr(), 3u);
}

TEST(Cores, BranchesAndEntriesTakeTheTimesOfTheirManuals) {
  struct Times {
    CortexModel model;
    unsigned branch, load, entry;
  };
  for (const Times& t : {Times{CortexModel::m0, 3, 2, 16}, Times{CortexModel::m0plus, 2, 2, 15},
                         Times{CortexModel::m3, 3, 2, 12}, Times{CortexModel::m4f, 3, 2, 12}}) {
    Board b;
    b.config.model = t.model;
    b.config.priority_bits = 2;
    b.code(Board::kMain, {0xE000, Board::kNop, 0x6820, Board::kNop, Board::kHere});  // b; ldr r0, [r4]
    b.start();
    b.enable_irq(0, 0);
    Registers in = b.core->registers();
    in.r[4] = Board::kRam + 0x100;
    b.core->set_registers(in);
    uint64_t before = b.core->cycles();
    b.step();
    EXPECT_EQ(b.core->cycles() - before, t.branch) << static_cast<int>(t.model);
    before = b.core->cycles();
    b.step();
    EXPECT_EQ(b.core->cycles() - before, t.load) << static_cast<int>(t.model);
    b.core->set_irq(0, true), b.core->set_irq(0, false);
    before = b.core->cycles();
    b.core->run(before + 1);
    EXPECT_EQ(b.core->cycles() - before, t.entry) << static_cast<int>(t.model);
  }
}

}  // namespace
}  // namespace xedgesim::isa::test
