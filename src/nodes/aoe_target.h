#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/event.h"
#include "vm/sparse_disk.h"

namespace xedgesim::nodes {

/// Disks that a machine reaches by ATA over Ethernet (AoEr11, S. Hopkins and B. Coile, 2009): the one kind of
/// disk of an unpatched Linux whose times are all ours, on every architecture. Disk n is shelf 0, slot n:
/// /dev/etherd/e0.n under Linux's driver `aoe`.
///
/// Commands: Query Config, and ATA's IDENTIFY DEVICE, READ/WRITE SECTOR(S) with and without EXT, FLUSH CACHE;
/// every other ATA command is aborted. Not there: configuration strings other than read, MAC mask lists,
/// reservations.
class AoeTarget {
 public:
  explicit AoeTarget(std::vector<std::shared_ptr<vm::SparseDisk>> disks) : disks_(std::move(disks)) {}

  static constexpr uint16_t kEtherType = 0x88a2;
  static bool is_request(std::span<const uint8_t> frame);
  /// The answers to a frame that is_request(); none for what is addressed to others or makes no sense.
  std::vector<sim::Bytes> answers(std::span<const uint8_t> frame);

  const std::vector<std::shared_ptr<vm::SparseDisk>>& disks() const { return disks_; }
  struct Counters {
    uint64_t reads = 0, writes = 0, sectors_read = 0, sectors_written = 0, refused = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  sim::Bytes answer(size_t slot, std::span<const uint8_t> frame);
  void ata(vm::SparseDisk& disk, size_t slot, std::span<const uint8_t> frame, sim::Bytes& out);

  std::vector<std::shared_ptr<vm::SparseDisk>> disks_;
  Counters counters_;
};

}  // namespace xedgesim::nodes
