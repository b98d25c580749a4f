// A compiled program under interrupts (firmware/interrupts.c), against the same computation on the host.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "board.h"

namespace xedgesim::isa::test {
namespace {

struct Report {
  uint32_t done, ticks, switches, low, high, nested, crc;
  float main_sum, tick_sum, low_sum;
};

class CompiledProgram : public testing::TestWithParam<const char*> {};

TEST_P(CompiledProgram, ComputesTheSameUnderInterrupts) {
  const std::string file = std::string(XEDGESIM_BINARY_DIR "/tests/isa/interrupts_") + GetParam() + ".bin";
  std::ifstream in(file, std::ios::binary);
  if (!in) GTEST_SKIP() << "no " << file << ": it is built when arm-none-eabi-gcc is there";
  const std::vector<uint8_t> code((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  Board b;
  ASSERT_LE(code.size(), b.flash.size());
  std::copy(code.begin(), code.end(), b.flash.begin());
  b.start();
  Report report{};
  // Slices of odd lengths: a run may be cut anywhere.
  for (uint64_t slice = 1; !report.done && b.core->cycles() < 20'000'000; slice = slice * 7 % 10007) {
    const Stop stop = b.core->run(b.core->cycles() + slice);
    ASSERT_TRUE(stop == Stop::limit || stop == Stop::sleep) << b.core->fault_status();
    std::memcpy(&report, b.ram.data(), sizeof report);
    if (stop == Stop::sleep && !report.done) {
      ASSERT_NE(b.core->next_wakeup(), UINT64_MAX);
      b.core->skip_to(b.core->next_wakeup());
    }
  }
  uint32_t crc = 0xFFFFFFFF;
  float sum = 0, ticks = 0, low = 0;
  for (uint32_t round = 0; round < 40; ++round)
    for (uint32_t i = 0; i < 256; ++i) {
      const auto byte = static_cast<uint8_t>(i * 7 + round);
      crc ^= byte;
      for (int k = 0; k < 8; ++k) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
      sum = sum * 0.75f + static_cast<float>(byte);
    }
  for (uint32_t i = 1; i <= report.ticks; ++i) ticks += 0.5f * static_cast<float>(i);
  for (uint32_t n = 0; n < report.low; ++n) {
    float x = 1;
    for (int i = 1; i < 8; ++i) x = x * 1.25f + static_cast<float>(i);
    low += x;
  }
  EXPECT_EQ(report.done, 1u);
  EXPECT_GE(report.ticks, 800u);
  EXPECT_EQ(report.switches, report.ticks);
  EXPECT_EQ(report.low, report.ticks / 4);
  EXPECT_EQ(report.high, report.low);
  EXPECT_EQ(report.nested, report.low) << "the higher interrupt pre-empts the lower one at once";
  EXPECT_EQ(report.crc, ~crc);
  EXPECT_EQ(report.main_sum, sum);
  EXPECT_EQ(report.tick_sum, ticks);
  EXPECT_EQ(report.low_sum, low);
}

INSTANTIATE_TEST_SUITE_P(Levels, CompiledProgram, testing::Values("O0", "O2", "Os"));

}  // namespace
}  // namespace xedgesim::isa::test
