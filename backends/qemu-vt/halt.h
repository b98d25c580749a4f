// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include <cstdint>

#include "qemu.h"

/// Has every instruction that may halt the processor (HLT and MWAIT; WFI and WFIT) account for the time so
/// far before it runs.
///
/// With `sleep=off` QEMU's main loop lets the clock of a halted machine jump to its next timer. The
/// processor's thread marks itself halted without a lock, some hundred nanoseconds before it adds the
/// instructions of its last stretch to the clock. A main loop that looks just then (it wakes for many reasons
/// of the host's) reads a clock that is behind, and the machine jumps past its timer by what is added
/// afterwards: seldom, and never twice alike. Once the clock is right when the processor halts, it does not
/// matter when the main loop looks.
void account_before_halts(uint64_t plugin, const qemu::Functions& f);

/// A thread that wakes the main loop all the time, so that it looks at every possible moment: what a test
/// wants.
void keep_main_loop_awake(const qemu::Functions& f);
