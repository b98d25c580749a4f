#pragma once
#include <cstdint>

namespace xedgesim::vm {

// Programs for QEMU's virt board, raw at EL1.

/// Sets its timer, works a little, waits for it, and does so for ever.
inline constexpr uint32_t kNapper[] = {
    0xD2A10000,  //   movz x0, #0x800, lsl #16    GICD of virt
    0x52800021,  //   movz w1, #1
    0xB9000001,  //   str  w1, [x0]               GICD_CTLR
    0x52A10002,  //   movz w2, #0x800, lsl #16    interrupt 27, the virtual timer
    0xB9010002,  //   str  w2, [x0, #0x100]       GICD_ISENABLER0
    0xD2A10020,  //   movz x0, #0x801, lsl #16    GICC
    0x52801FE3,  //   movz w3, #0xff
    0xB9000403,  //   str  w3, [x0, #4]           GICC_PMR
    0xB9000001,  //   str  w1, [x0]               GICC_CTLR
    0xD51BE321,  //   msr  cntv_ctl_el0, x1
    0xD2809C46,  //   movz x6, #1250
    0xD53BE044,  // 1: mrs  x4, cntvct_el0
    0x8B060084,  //   add  x4, x4, x6             20 us of 62.5 MHz
    0xD51BE344,  //   msr  cntv_cval_el0, x4
    0xD2803E85,  //   movz x5, #500               some work, 8 us
    0xF10004A5,  // 2: subs x5, x5, #1
    0x54FFFFE1,  //   b.ne 2b
    0xD503207F,  //   wfi                         ends with the interrupt pending, which stays masked
    0x17FFFFF9,  //   b    1b
};

/// Prints a line every 200 us, for ever.
inline constexpr uint32_t kPrinter[] = {
    0xD2A12000,  //   movz x0, #0x900, lsl #16    the UART
    0x52800F01,  //   movz w1, #'x'
    0x52800142,  //   movz w2, #'\n'
    0x39000001,  // 1: strb w1, [x0]
    0x39000002,  //   strb w2, [x0]
    0xD2861A85,  //   movz x5, #12500
    0xF10004A5,  // 2: subs x5, x5, #1
    0x54FFFFE1,  //   b.ne 2b
    0x17FFFFFB,  //   b    1b
};

}  // namespace xedgesim::vm
