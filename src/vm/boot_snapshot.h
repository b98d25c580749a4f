#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/vt_channel.h"

namespace xedgesim::vm {

/// A machine in virtual time at an instant of its boot, before it sent anything but lines of its console.
struct BootSnapshot {
  struct Line {
    int64_t time = 0;  ///< ns of the machine's clock
    std::string text;
    bool operator==(const Line&) const = default;
  };
  int64_t reached = 0;        ///< ns of the machine's clock: it has done everything up to and including that
  std::vector<Line> lines{};  ///< of its console so far, by the instruction that ended them
  std::vector<VtChannel::Record> inputs{};  ///< it was handed so far: it is as it is because of them
  std::string partial{};                    ///< of the line under way
  bool operator==(const BootSnapshot&) const = default;
};

/// What a file beside QEMU's own state says of it.
struct SnapshotHead {
  BootSnapshot snapshot;
  int64_t state_bytes = 0;        ///< of QEMU's own state
  std::string state_digest = {};  ///< of its bytes, as Digest::hex()
  bool operator==(const SnapshotHead&) const = default;
};

std::string encode(const SnapshotHead& head);
/// Nothing for bytes that no machine's boot can have left: the file lies in a folder of the user's.
std::optional<SnapshotHead> decode_snapshot_head(std::string_view bytes);

}  // namespace xedgesim::vm
