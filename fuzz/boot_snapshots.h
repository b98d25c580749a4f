#pragma once
#include <algorithm>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "vm/boot_snapshot.h"

/// Shared by the libFuzzer target and the test with random bytes.
namespace xedgesim::fuzz {

/// The file beside a machine's state in the folder of snapshots: what is accepted is in the order and within
/// the bounds of time, and is understood as the same when written again.
inline void boot_snapshot(std::span<const uint8_t> bytes) {
  const auto head = vm::decode_snapshot_head({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!head) return;
  const auto later = [](const auto& a, const auto& b) { return a.time < b.time; };
  const auto& lines = head->snapshot.lines;
  XEDGESIM_ASSERT(std::is_sorted(lines.begin(), lines.end(), later));
  XEDGESIM_ASSERT(head->snapshot.reached >= 0 && (lines.empty() || lines.front().time >= 0));
  XEDGESIM_ASSERT(vm::decode_snapshot_head(vm::encode(*head)) == head);
}

}  // namespace xedgesim::fuzz
