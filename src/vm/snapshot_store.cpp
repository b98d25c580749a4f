#include "vm/snapshot_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/whole_file.h"
#include "vm/cache_folder.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kState = "state";
constexpr const char* kHead = "snapshot.cbor";
constexpr std::string_view kUnfinished = ".xedgesim-new-";  // a folder that is being written
constexpr std::chrono::hours kAbandoned{1};

/// The snapshots in it; whatever else a user may have there is not ours. What somebody began to write and
/// never finished goes.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    const fs::path& p = it->path();
    std::error_code gone;
    if (p.filename().string().starts_with(kUnfinished)) {
      if (fs::last_write_time(p, gone) + kAbandoned < fs::file_time_type::clock::now())
        fs::remove_all(p, gone);
    } else if (fs::exists(p / kHead, gone)) {
      out.push_back(p);
    }
  }
  return out;
}

int64_t bytes_of(const fs::path& folder) {
  std::error_code ec;
  const auto size = fs::file_size(folder / kState, ec);
  return ec ? 0 : static_cast<int64_t>(size);
}

/// Of the whole file; nothing when it cannot be read. Tells bits that flipped on a disk, not somebody who
/// forges them: who writes to the folder may run programs as its user anyhow. For 135 MB XXH3 takes 20 to 26
/// ms, reading included, where Sha256 takes 500 ms (x86-64), and a restore takes 100 ms in all.
std::optional<std::string> digest_of(int fd) {
  Digest digest;
  std::vector<uint8_t> piece(size_t{1} << 18);
  off_t at = 0;
  for (;;) {
    const ssize_t n = pread(fd, piece.data(), piece.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return digest.hex();
    digest.add(std::span<const uint8_t>(piece.data(), static_cast<size_t>(n)));
    at += n;
  }
}

}  // namespace

fs::path SnapshotStore::default_folder() { return cache_folder("XEDGESIM_SNAPSHOTS", "snapshots"); }

std::optional<SnapshotStore::Found> SnapshotStore::find(const std::string& key) const {
  const fs::path folder = folder_ / key;
  Found found{.snapshot = {},
              .file = folder / kState,
              .state = Descriptor(open((folder / kState).c_str(), O_RDONLY | O_CLOEXEC))};
  std::ifstream in(folder / kHead, std::ios::binary);
  if (found.state.get() < 0 || !in) return std::nullopt;
  auto head = decode_snapshot_head(std::string(std::istreambuf_iterator(in), {}));
  if (!head || head->state_bytes != bytes_of(folder)) return std::nullopt;
  if (digest_of(found.state.get()) != head->state_digest) {
    throw_away(key);
    return std::nullopt;
  }
  found.snapshot = std::move(head->snapshot);
  std::error_code ec;
  fs::last_write_time(folder, fs::file_time_type::clock::now(), ec);  // for trim()
  return found;
}

void SnapshotStore::keep(const std::string& key, const BootSnapshot& snapshot,
                         const std::function<void(const fs::path&, int)>& write_state) const {
  std::error_code ec;
  fs::create_directories(folder_, ec);
  std::string place = (folder_ / fmt::format("{}XXXXXX", kUnfinished)).string();
  if (!mkdtemp(place.data()))
    throw SimulationError(
        fmt::format("cannot make a folder in {}: {}", folder_.string(), std::strerror(errno)));
  const fs::path made = place;
  try {
    const Descriptor state(open((made / kState).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (state.get() < 0)
      throw SimulationError(
          fmt::format("cannot write {}: {}", (made / kState).string(), std::strerror(errno)));
    write_state(made / kState, state.get());
    const auto digest = digest_of(state.get());
    if (!digest)
      throw SimulationError(
          fmt::format("cannot read {}: {}", (made / kState).string(), std::strerror(errno)));
    write_whole_file(made / kHead, encode({snapshot, bytes_of(made), *digest}));
  } catch (...) {
    fs::remove_all(made, ec);
    throw;
  }
  remove(key);
  fs::rename(made, folder_ / key, ec);
  if (ec) fs::remove_all(made, ec);  // another program was faster with the same
  trim(key);
}

void SnapshotStore::remove(const std::string& key) const {
  std::error_code ec;
  fs::remove_all(folder_ / key, ec);
}

void SnapshotStore::throw_away(const std::string& key) const {
  remove(key);
  if (!tell_) return;
  const std::lock_guard lock(telling_);
  tell_(fmt::format(
      "warning: the snapshot {} is not what was kept there, so its machine boots in full and another "
      "is kept: if this comes again, check that disk",
      (folder_ / key).string()));
}

void SnapshotStore::trim(const std::string& spared) const {
  struct Old {
    fs::file_time_type used;
    fs::path folder;
  };
  std::vector<Old> all;
  int64_t bytes = 0;
  std::error_code ec;
  for (const fs::path& p : folders_in(folder_)) {
    bytes += bytes_of(p);
    if (p.filename() != spared) all.push_back({fs::last_write_time(p, ec), p});
  }
  std::sort(all.begin(), all.end(), [](const Old& a, const Old& b) { return a.used < b.used; });
  for (const Old& o : all) {
    if (bytes <= limit_) break;
    bytes -= bytes_of(o.folder);
    fs::remove_all(o.folder, ec);
  }
}

SnapshotStore::Usage SnapshotStore::usage() const {
  Usage u;
  for (const fs::path& p : folders_in(folder_)) {
    ++u.snapshots;
    u.bytes += bytes_of(p);
  }
  return u;
}

void SnapshotStore::clear() const {
  std::error_code ec;
  for (const fs::path& p : folders_in(folder_)) fs::remove_all(p, ec);
}

}  // namespace xedgesim::vm
