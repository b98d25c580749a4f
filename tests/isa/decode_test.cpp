#include "isa/arm/decode.h"

#include <gtest/gtest.h>

namespace xedgesim::isa::arm {
namespace {

TEST(Decode, NamesKnownEncodings) {
  EXPECT_EQ(name_of(0x1840, false), "ADD (register) T1");
  EXPECT_EQ(name_of(0xF1000001, true), "ADD (immediate) T3");
  EXPECT_EQ(name_of(0x4770, false), "BX T1");
  EXPECT_EQ(name_of(0xBF30, false), "WFI T1");
  EXPECT_EQ(name_of(0xEE300A81, true), "VADD T2");
  EXPECT_EQ(name_of(0xFB902F11, true), "undefined");
}

}  // namespace
}  // namespace xedgesim::isa::arm
