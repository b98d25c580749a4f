#include "export/write.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace xedgesim::exporter {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  // A full disk is no mistake of the command line's.
  if (error == ENOSPC || error == EDQUOT)
    throw SimulationError(
        fmt::format("the disk is full: cannot write '{}'; free some space or choose another folder with -o",
                    path.string()));
  throw ConfigError(fmt::format("cannot write '{}': {}; choose another folder with -o", path.string(),
                                std::strerror(error)));
}

/// A new file that disappears unless it is renamed to its place.
class Draft {
 public:
  Draft(const fs::path& place, unsigned mode) : place_(place), draft_(place.string() + ".new") {
    ::unlink(draft_.c_str());
    fd_ = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd_ < 0) cannot_write(place_, errno);
    ::fchmod(fd_, mode);
  }
  ~Draft() {
    if (fd_ >= 0) ::close(fd_);
    if (!done_) ::unlink(draft_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  void append(const char* data, size_t size) {
    while (size > 0) {
      const ssize_t n = ::write(fd_, data, size);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) cannot_write(place_, n < 0 ? errno : EIO);
      data += n;
      size -= static_cast<size_t>(n);
    }
  }
  void finish() {
    if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) cannot_write(place_, errno);
    if (::rename(draft_.c_str(), place_.c_str()) != 0) cannot_write(place_, errno);
    done_ = true;
  }

 private:
  fs::path place_, draft_;
  int fd_ = -1;
  bool done_ = false;
};

void copy_into(Draft& draft, const fs::path& from) {
  std::ifstream in(from, std::ios::binary);
  std::vector<char> block(1 << 16);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    draft.append(block.data(), static_cast<size_t>(in.gcount()));
  if (!in.eof())
    throw ConfigError(fmt::format("cannot read '{}': see whether it exists and may be read", from.string()));
}

}  // namespace

void write(const Result& result, const fs::path& folder) {
  for (const File& f : result.files) {
    const fs::path place = folder / f.path;
    std::error_code ec;
    fs::create_directories(place.parent_path(), ec);
    if (ec) cannot_write(place.parent_path(), ec.value());
    struct stat there {};
    if (f.keep && ::lstat(place.c_str(), &there) == 0 && S_ISREG(there.st_mode)) continue;
    Draft draft(place, f.mode);
    if (f.copy_of.empty())
      draft.append(f.text.data(), f.text.size());
    else
      copy_into(draft, f.copy_of);
    draft.finish();
  }
}

}  // namespace xedgesim::exporter
