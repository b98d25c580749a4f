// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
#pragma once
#include <cstdint>

/// What xedgesim and the virtual-time plugin inside QEMU (backends/qemu-vt) say to each other, over one unix
/// stream socket that QEMU inherits. Both ends run on the same host: integers are the host's.
///
/// The plugin speaks first (hello), then at every boundary; it then stands still until it is told how far it
/// may go. Times are nanoseconds of QEMU's virtual clock, which is zero when the machine starts.
namespace xedgesim::vm::vt {

constexpr uint32_t kVersion = 4;

enum class ReportType : uint32_t {
  hello = 1,  ///< once; `now` is kVersion, `instructions` the plugin interface of this QEMU
  boundary,   ///< has done everything due before the time it was given
  goodbye,    ///< the machine is off: the guest switched it off, or QEMU was told to end
};

/// Plugin to xedgesim; `bytes` of records follow.
struct Report {
  ReportType type = ReportType::boundary;
  uint32_t idle = 0;         ///< the processor waits for an interrupt
  int64_t now = 0;           ///< at most one instruction after the boundary
  int64_t instructions = 0;  ///< executed since the start
  int64_t next = -1;         ///< when the machine's next timer is due; -1: none is set
  /// Of what it was handed: frames on their way or not yet taken by a card, bytes not yet typed, changes of
  /// carrier to come, carriers down. With none QEMU's own state is the machine's whole state.
  uint64_t waiting = 0;
  uint64_t bytes = 0;
};
static_assert(sizeof(Report) == 48);

enum class OrderType : uint32_t {
  go = 1,
  quit,
  tell,  ///< report again, with a `partial` record when a console line is under way
};

/// xedgesim to plugin; `bytes` of records follow, in order of their times.
struct Order {
  OrderType type = OrderType::go;
  uint32_t reserved = 0;
  int64_t until = 0;  ///< the next boundary
  /// Once it has sent something, at t, the boundary is at t + window at the latest; -1: stays where it is.
  int64_t window = -1;
  uint64_t bytes = 0;
};
static_assert(sizeof(Order) == 32);

enum class RecordType : uint32_t {
  frame = 1,  ///< an Ethernet frame without FCS, sent or to be received at `time`
  console,    ///< up: a line without its end, complete at `time`; down: bytes to be typed from `time` on
  partial,    ///< up, with goodbye and after tell: a line without its end; down: the next line begins so
  carrier,    ///< down only: one byte, 1 when the card's cable is plugged in from `time` on, 0 when not
};

/// Followed by `length` bytes.
struct Record {
  int64_t time = 0;
  RecordType type = RecordType::frame;
  uint32_t length = 0;
  uint32_t card = 0;  ///< of frame and carrier: which network card, counted from 0
  uint32_t reserved = 0;
};
static_assert(sizeof(Record) == 24);

constexpr uint32_t kLongestRecord = 1 << 20;
constexpr uint32_t kLongestLine = 1024;  ///< a longer one is cut into several

}  // namespace xedgesim::vm::vt
