// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include "qemu.h"

/// The clock of an idle machine jumps to its next timer. QEMU's main loop makes it jump as soon as it sees
/// the processor marked as halted; but the processor's thread adds its last instructions to the clock a
/// moment later, and a jump in between is too far by them, so the result would depend on when the main loop
/// looks. From this call on there is no jump until that thread waits for the machine to go on, when all is
/// added: until then the main loop sees a clock that is past every timer, at which it does nothing but ask
/// the thread.
///
/// To be called once, in the processor's thread. Null, or why it cannot be had.
const char* guard_clock_jumps(const qemu::Functions& f);

/// For tests: the main loop looks without pause.
void keep_main_loop_awake(const qemu::Functions& f);
