#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace xedgesim::metrics {

/// What the files of one run know of each other: after the first failed write (disk full, quota, I/O error)
/// nothing more is written to any of them, so that the failure is reported once.
struct DiskState {
  bool failed = false;
  std::string reason;  ///< the sentence that was thrown
};

/// A text file that grows by whole records while the run goes and is valid at every flush.
///
/// Every record ends with a newline. A write that fails leaves the longest prefix of whole records, marks the
/// disk state as failed and throws SimulationError; from then on append() and flush() do nothing. The
/// destructor writes what fits and never throws.
///
/// `trailer` is text that closes the format (a JSON array's "]"): it stands after the last record on disk
/// after every flush and is overwritten by the next one.
///
/// Limit: a process killed by SIGKILL inside write(2) may leave one partial last line.
class OutputFile {
 public:
  /// Creates or empties the file. Throws ConfigError when that is not possible.
  OutputFile(std::filesystem::path path, std::shared_ptr<DiskState> disk, std::string trailer = "");
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Adds whole records (text that ends with a newline); kept in memory until flush() or 256 KiB.
  void append(std::string_view records);
  void flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  int write_out();

  std::filesystem::path path_;
  std::shared_ptr<DiskState> disk_;
  std::string trailer_;
  std::string buffer_;
  int64_t length_ = 0;  ///< bytes of whole records on disk, without the trailer
  int fd_ = -1;
};

}  // namespace xedgesim::metrics
