#include "nodes/aoe_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "net/ethernet/network_order.h"

namespace xedgesim::nodes {
namespace {

// Offsets in a frame (AoEr11, clauses 2 and 3).
constexpr size_t kType = 12, kVersionFlags = 14, kError = 15, kMajor = 16, kMinor = 18, kCommand = 19,
                 kHeader = 24;
constexpr size_t kAtaFlags = 24, kFeature = 25, kCount = 26, kAtaCommand = 27, kLba = 28, kAtaData = 36;
constexpr size_t kConfigCommand = 29, kConfig = 32;

constexpr uint8_t kVersion = 1, kResponse = 0x08, kErrorFlag = 0x04;
constexpr uint16_t kAnyMajor = 0xffff;
constexpr uint8_t kAnyMinor = 0xff;
enum Command : uint8_t { kIssueAta = 0, kQueryConfig = 1 };
enum AoeError : uint8_t { kBadCommand = 1, kBadArgument = 2, kConfigSet = 4 };

// ATA/ATAPI-7.
enum Ata : uint8_t {
  kReadSectors = 0x20,
  kReadSectorsExt = 0x24,
  kWriteSectors = 0x30,
  kWriteSectorsExt = 0x34,
  kFlushCache = 0xe7,
  kFlushCacheExt = 0xea,
  kIdentify = 0xec
};
constexpr uint8_t kReady = 0x40, kReadyError = 0x41, kAborted = 0x04, kIdNotFound = 0x10;

constexpr uint16_t kBuffers = 64;    // requests under way at once
constexpr uint8_t kMostSectors = 2;  // in a frame of 1500 bytes
constexpr int64_t kLba28 = 1 << 28;

/// Words of the IDENTIFY DEVICE data (ATA/ATAPI-7, 6.17); texts have their bytes swapped in each word.
void identify(const vm::SparseDisk& disk, size_t slot, std::span<uint8_t> out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  const auto word = [&](size_t i, int64_t v) {
    out[2 * i] = static_cast<uint8_t>(v);
    out[2 * i + 1] = static_cast<uint8_t>(v >> 8);
  };
  const auto text = [&](size_t first, size_t words, std::string s) {
    s.resize(2 * words, ' ');
    for (size_t i = 0; i < 2 * words; i += 2) {
      out[2 * first + i] = static_cast<uint8_t>(s[i + 1]);
      out[2 * first + i + 1] = static_cast<uint8_t>(s[i]);
    }
  };
  const int64_t sectors = disk.sectors(), small = std::min(sectors, kLba28 - 1);
  const int64_t cylinders = std::min<int64_t>(sectors / (16 * 63), 16383);
  word(1, cylinders);
  word(3, 16);
  word(6, 63);
  text(10, 10, fmt::format("xedgesim{}", slot));
  text(23, 4, "1");
  text(27, 20, "xedgesim disk");
  word(47, 0x8000);
  word(49, 0x0200);  // LBA
  word(53, 1);
  word(54, cylinders);
  word(55, 16);
  word(56, 63);
  word(60, small);
  word(61, small >> 16);
  word(80, 0x0080);  // ATA/ATAPI-7
  word(83, 0x7400);  // 48 bits, FLUSH CACHE and FLUSH CACHE EXT
  word(84, 0x4000);
  word(86, 0x3400);
  word(87, 0x4000);
  for (size_t i = 0; i < 4; ++i) word(100 + i, sectors >> (16 * i));
}

int64_t lba_of(std::span<const uint8_t> frame, bool extended) {
  int64_t lba = 0;
  for (size_t i = 0; i < (extended ? 6u : 4u); ++i) lba |= int64_t{frame[kLba + i]} << (8 * i);
  return extended ? lba : lba & (kLba28 - 1);
}

}  // namespace

bool AoeTarget::is_request(std::span<const uint8_t> frame) {
  return frame.size() >= kHeader && net::ethernet::number_at(frame, kType, 2) == kEtherType &&
         frame[kVersionFlags] >> 4 == kVersion && !(frame[kVersionFlags] & kResponse);
}

std::vector<sim::Bytes> AoeTarget::answers(std::span<const uint8_t> frame) {
  std::vector<sim::Bytes> out;
  const uint64_t major = net::ethernet::number_at(frame, kMajor, 2);
  const uint8_t minor = frame[kMinor];
  if (major != 0 && major != kAnyMajor) return out;
  for (size_t slot = 0; slot < disks_.size(); ++slot)
    if (minor == slot || minor == kAnyMinor)
      if (sim::Bytes a = answer(slot, frame); !a.empty()) out.push_back(std::move(a));
  return out;
}

sim::Bytes AoeTarget::answer(size_t slot, std::span<const uint8_t> frame) {
  sim::Bytes out(frame.begin(), frame.begin() + kHeader);
  std::copy_n(frame.begin() + 6, 6, out.begin());  // back to its sender, from us
  const std::array<uint8_t, 6> mac{0x02, 0x78, 0x65, 0xd1, 0x5c, static_cast<uint8_t>(slot)};
  std::copy(mac.begin(), mac.end(), out.begin() + 6);
  out[kVersionFlags] = kVersion << 4 | kResponse;
  out[kError] = 0;
  out[kMajor] = out[kMajor + 1] = 0;
  out[kMinor] = static_cast<uint8_t>(slot);
  const auto refuse = [&](AoeError why) {
    ++counters_.refused;
    out[kVersionFlags] |= kErrorFlag;
    out[kError] = why;
  };
  if (frame[kCommand] == kIssueAta && frame.size() >= kAtaData) {
    ata(*disks_[slot], slot, frame, out);
  } else if (frame[kCommand] == kQueryConfig && frame.size() >= kConfig) {
    const uint8_t what = frame[kConfigCommand] & 0x0f;  // read, test, test prefix, set, force set
    const uint64_t length = net::ethernet::number_at(frame, kConfig - 2, 2);
    if (what == 1 && length > 0) return {};  // our configuration string is empty, and that is not it
    net::ethernet::append_number(out, kBuffers, 2);
    net::ethernet::append_number(out, 1, 2);  // firmware version
    out.push_back(kMostSectors);
    out.push_back(static_cast<uint8_t>(kVersion << 4 | what));
    net::ethernet::append_number(out, 0, 2);
    if (what >= 3) refuse(kConfigSet);
  } else {
    refuse(kBadCommand);
  }
  return out;
}

void AoeTarget::ata(vm::SparseDisk& disk, size_t slot, std::span<const uint8_t> frame, sim::Bytes& out) {
  out.insert(out.end(), frame.begin() + kHeader, frame.begin() + kAtaData);
  const auto command = static_cast<Ata>(frame[kAtaCommand]);
  const auto finish = [&](uint8_t status, uint8_t error) {
    out[kAtaCommand] = status;
    out[kFeature] = error;
    counters_.refused += error != 0;
  };
  const bool extended = command == kReadSectorsExt || command == kWriteSectorsExt;
  const size_t count = frame[kCount], bytes = count * vm::SparseDisk::kSector;
  const int64_t lba = lba_of(frame, extended);
  const bool fits = count > 0 && lba + static_cast<int64_t>(count) <= disk.sectors();
  switch (command) {
    case kIdentify:
      out.resize(kAtaData + vm::SparseDisk::kSector);
      identify(disk, slot, std::span(out).subspan(kAtaData));
      return finish(kReady, 0);
    case kReadSectors:
    case kReadSectorsExt:
      if (!fits || count > kMostSectors) return finish(kReadyError, fits ? kAborted : kIdNotFound);
      out.resize(kAtaData + bytes);
      disk.read(lba, std::span(out).subspan(kAtaData));
      ++counters_.reads;
      counters_.sectors_read += count;
      return finish(kReady, 0);
    case kWriteSectors:
    case kWriteSectorsExt:
      if (!fits || frame.size() < kAtaData + bytes) return finish(kReadyError, fits ? kAborted : kIdNotFound);
      disk.write(lba, frame.subspan(kAtaData, bytes));
      ++counters_.writes;
      counters_.sectors_written += count;
      return finish(kReady, 0);
    case kFlushCache:
    case kFlushCacheExt:
      return finish(kReady, 0);
  }
  finish(kReadyError, kAborted);
}

}  // namespace xedgesim::nodes
