// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <cstddef>
#include <cstdint>

/// With `-icount` each block of translated code begins by taking its instructions off a counter: it loads 32
/// bits, of which the upper 16 ask it to stop, and stores the lower 16. An x86 processor does not forward
/// such a store to the next block's load, which then waits for it: in a booting kernel about as long as all
/// the rest of its blocks takes. From this call on every new block stores all 32 bits (an empty REX prefix in
/// place of the operand-size prefix; the block keeps its length).
///
/// What it stores in the upper half is the 0 it has just loaded, as it would have been left with anything
/// else. A request to stop that another thread makes within that nanosecond is overwritten; QEMU still sees
/// it, in the flag that comes with it, when the 16 bits are used up: at most 65,535 instructions later. The
/// processor's own thread makes none there, so what is executed does not change by an instruction.
///
/// To be called once, before QEMU translates anything. Changes nothing where the host is another than x86-64,
/// or this QEMU does not keep its blocks in a tree of GLib's, as Debian's 7.2 and 10.0 do.
void widen_counter_stores();

/// Of the blocks translated since: all that count, and those whose store is 32 bits wide.
struct CounterStores {
  uint64_t blocks = 0;
  uint64_t widened = 0;
};
CounterStores counter_stores();
