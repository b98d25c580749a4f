#include "metrics/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace xedgesim::metrics {
namespace {

constexpr size_t kBufferLimit = 256 * 1024;

/// Bytes that reached the file; errno is set when they are fewer than all.
size_t write_at(int fd, std::string_view text, int64_t offset) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n =
        ::pwrite(fd, text.data() + done, text.size() - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, std::shared_ptr<DiskState> disk, std::string trailer)
    : path_(std::move(path)), disk_(std::move(disk)), trailer_(std::move(trailer)) {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    throw ConfigError(fmt::format("cannot write {}: {}; choose another directory with --output",
                                  path_.string(), std::strerror(errno)));
  }
}

OutputFile::~OutputFile() {
  write_out();
  ::close(fd_);
}

void OutputFile::append(std::string_view records) {
  if (disk_->failed) return;
  XEDGESIM_ASSERT(records.empty() || records.back() == '\n');
  buffer_ += records;
  if (buffer_.size() >= kBufferLimit) flush();
}

void OutputFile::flush() {
  if (disk_->failed) return;
  const int error = write_out();
  if (error == 0) return;
  disk_->failed = true;
  disk_->reason =
      error == ENOSPC || error == EDQUOT
          ? fmt::format(
                "the disk is full: cannot write to {}; free some space or choose another --output, the "
                "results up to here are kept",
                path_.string())
          : fmt::format("cannot write to {}: {}; the results up to here are kept", path_.string(),
                        std::strerror(error));
  throw SimulationError(disk_->reason);
}

/// Writes the buffer and empties it; the errno of a failure, else 0.
int OutputFile::write_out() {
  if (buffer_.empty() && (trailer_.empty() || length_ > 0)) return 0;
  const size_t payload = buffer_.size();
  buffer_ += trailer_;
  size_t done = write_at(fd_, buffer_, length_);
  const int error = done == buffer_.size() ? 0 : errno;
  if (error == 0) {
    length_ += static_cast<int64_t>(payload);
  } else {
    // Without a trailer the whole records that fit stay. With one, the state before is put back: its bytes
    // were on the disk a moment ago, so there is room for them.
    const size_t end = trailer_.empty() && done > 0 ? buffer_.rfind('\n', done - 1) : std::string::npos;
    length_ += end == std::string::npos ? 0 : static_cast<int64_t>(end) + 1;
    if (!trailer_.empty() && length_ > 0) write_at(fd_, trailer_, length_);
    const int64_t keep = length_ > 0 ? length_ + static_cast<int64_t>(trailer_.size()) : 0;
    while (::ftruncate(fd_, keep) != 0 && errno == EINTR) {
    }
  }
  buffer_.clear();
  return error;
}

}  // namespace xedgesim::metrics
