#pragma once
#include <cstdint>

#include "base/time.h"

/// Event codes between nodes and the observers of a run, and ports of net::Message.
namespace xedgesim::nodes {

enum class ObserverCode : uint32_t {
  console_line = 0x500,  ///< a node's console printed a line. data: the bytes without the end of line
  log_line,              ///< the machine has something to say about the guest. data: text
  window_end,            ///< the node's ADC filled the buffer that makes a sample. args: number of the sample in this run,
                         ///< its values, number of the first sample since the last boot, number of the buffer
  fault_begin,   ///< a fault of the scenario begins. args: its number; data: what it is
  fault_end,     ///< likewise
  battery_empty,         ///< the battery ran out, the node is off
  first_sleep,           ///< the core went to sleep for the first time after that. args: number of the buffer
  trace,                 ///< the firmware wrote to a trace port (firmware/hal/trace.h). args: port, word
};

enum class ControlCode : uint32_t {
  power_off = 0x600,
  power_on,
  reset,
  shield_on,  ///< nothing the node sends is heard and it hears nothing
  shield_off,
  fail,  ///< a service stops: what it holds is lost, what arrives is dropped
  recover,
  slow,        ///< a service's work takes longer from now on. args: billionths of the usual time
  set_clock,   ///< clocks deviate from now on. args: parts per billion; which: 1 LFCLK, 2 HFCLK, 3 both
  set_charge,  ///< the battery holds this share of its capacity from now on. args: billionths
};

namespace port {
constexpr int64_t kReport = 1;  ///< gateway -> edge service: a device's report (the predefined topic id 1)
constexpr int64_t kResult = 2;  ///< edge service -> cloud: a classified sample, JSON
constexpr int64_t kAnswer = 3;  ///< cloud -> edge service: stored, JSON
constexpr int64_t kVerdict = 16;      ///< gateway -> edge service: a verdict of the device (firmware/common/verdict.h)
constexpr int64_t kFragment = 17;     ///< likewise: a piece of an intermediate tensor
constexpr int64_t kCloudReport = 18;  ///< gateway -> edge service -> cloud: a report that is to be classified there
constexpr int64_t kCloudTensor = 20;  ///< edge service -> cloud: an intermediate tensor behind the device's number of
                                      ///< the sample, 2 bytes, little-endian
constexpr int64_t kReturn = 19;       ///< service -> gateway -> device: the verdict, 4 bytes
}  // namespace port

/// A time of work that takes `billionths` of what it usually does.
constexpr Duration slowed(Duration work, int64_t billionths) {
  return Duration::ns(static_cast<int64_t>(static_cast<__int128>(work.count_ns()) * billionths / 1'000'000'000));
}

/// A sample's key as it travels in net::Message::tag.
constexpr int64_t sample_tag(uint32_t device, uint32_t sequence) { return int64_t{device} << 32 | sequence; }
constexpr uint32_t tag_device(int64_t tag) { return static_cast<uint32_t>(tag >> 32); }
constexpr uint32_t tag_sequence(int64_t tag) { return static_cast<uint32_t>(tag); }

}  // namespace xedgesim::nodes
