// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once
#include "qemu.h"

/// The loop of the processor's thread lets the guest execute, then does what is due. From this call on `here`
/// is called each time the loop has taken the big lock, before it runs timers that are due: with no guest
/// instruction under way and all of them added to the clock.
///
/// A timer that is found due there wakes QEMU's main loop, which has nothing to do: two switches between
/// threads. Whoever acts here and sets the timer anew spares them.
///
/// There the thread has the lock, but QEMU does not know it yet: it is given up and taken again by the
/// functions below, not by QEMU's.
///
/// To be called once. A QEMU without such a hook stays as it is: the timer is found due.
void watch_processor_loop(const qemu::Functions& f, void (*here)());
void give_up_lock();
void take_lock();
