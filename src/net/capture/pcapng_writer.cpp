#include "net/capture/pcapng_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace xedgesim::net {
namespace {

constexpr uint32_t kSectionHeader = 0x0A0D0D0A, kInterfaceDescription = 1, kEnhancedPacket = 6;
constexpr uint16_t kEndOfOptions = 0, kComment = 1, kPacketFlags = 2, kUserApplication = 4;
constexpr uint16_t kInterfaceName = 2, kInterfaceText = 3, kTimeResolution = 9;
constexpr size_t kBufferLimit = 64 * 1024;

using Body = std::vector<uint8_t>;

// The byte order is the writer's choice and announced in the section header; ours is little-endian on every
// host.
void put(Body& out, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}

void pad(Body& out) {
  while (out.size() % 4) out.push_back(0);
}

void put_option(Body& out, uint16_t code, std::string_view value) {
  value = value.substr(0, 0xffff);
  put(out, code, 2);
  put(out, value.size(), 2);
  for (char c : value) out.push_back(static_cast<uint8_t>(c));
  pad(out);
}

}  // namespace

PcapngWriter::PcapngWriter(const std::string& path, int64_t limit_bytes)
    : path_(path), limit_bytes_(limit_bytes) {
  open();
  begin_section();
}

void PcapngWriter::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0)
    throw SimulationError(
        fmt::format("Cannot open the capture file '{}' for writing: {}.", path_, std::strerror(errno)));
  struct stat s {};
  pipe_ = ::fstat(fd_, &s) == 0 && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode));
  written_ = 0;
}

void PcapngWriter::begin_section() {
  Body body;
  put(body, 0x1A2B3C4D, 4);
  put(body, 1, 2);
  put(body, 0, 2);
  put(body, UINT64_MAX, 8);  // section length not known in advance
  put_option(body, kUserApplication, "xedgesim");
  put(body, kEndOfOptions, 4);
  append_block(kSectionHeader, body);
}

PcapngWriter::~PcapngWriter() {
  try {
    flush();
  } catch (const SimulationError&) {
  }
  ::close(fd_);
}

uint32_t PcapngWriter::add_interface(std::string_view name, LinkType type, std::string_view description) {
  Body body;
  put(body, static_cast<uint16_t>(type), 2);
  put(body, 0, 2);
  put(body, 0, 4);  // no limit on the captured length
  put_option(body, kInterfaceName, name);
  if (!description.empty()) put_option(body, kInterfaceText, description);
  put_option(body, kTimeResolution, std::string_view("\x09", 1));
  put(body, kEndOfOptions, 4);
  append_block(kInterfaceDescription, body);
  interface_blocks_.push_back(std::move(body));
  return interfaces_++;
}

void PcapngWriter::write(uint32_t interface, SimTime time, std::span<const uint8_t> bytes,
                         std::string_view comment, const PacketOptions& options) {
  XEDGESIM_ASSERT(interface < interfaces_);
  if (reader_gone_) return;
  if (limit_bytes_ > 0 && !pipe_ &&
      written_ + static_cast<int64_t>(buffer_.size() + bytes.size() + comment.size()) + 64 > limit_bytes_ / 2)
    rotate();
  const auto kept = bytes.first(std::min(bytes.size(), options.snap));
  const auto stamp = static_cast<uint64_t>(time.count_ns());
  Body body;
  body.reserve(bytes.size() + comment.size() + 40);
  put(body, interface, 4);
  put(body, stamp >> 32, 4);
  put(body, stamp & 0xffffffff, 4);
  put(body, kept.size(), 4);
  put(body, bytes.size(), 4);
  body.insert(body.end(), kept.begin(), kept.end());
  pad(body);
  if (!comment.empty()) put_option(body, kComment, comment);
  if (options.outbound) {
    put(body, kPacketFlags, 2);
    put(body, 4, 2);
    put(body, *options.outbound ? 2 : 1, 4);
  }
  if (!comment.empty() || options.outbound) put(body, kEndOfOptions, 4);
  append_block(kEnhancedPacket, body);
  ++packets_;
  if (pipe_) flush();
}

void PcapngWriter::rotate() {
  flush();
  if (written_ == 0) return;
  const std::filesystem::path path(path_);
  std::filesystem::path old = path;
  old.replace_extension(".1" + path.extension().string());
  std::error_code error;
  std::filesystem::rename(path, old, error);
  if (error)
    throw SimulationError(fmt::format("Cannot rename the capture file '{}' to '{}': {}.", path_, old.string(),
                                      error.message()));
  ::close(fd_);
  open();
  begin_section();
  for (const Body& b : interface_blocks_) append_block(kInterfaceDescription, b);
}

void PcapngWriter::write_pipe() {
  // A reader that has gone would end the whole program by SIGPIPE.
  sigset_t broken, before;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      reader_gone_ = true;
      break;
    }
    done += static_cast<size_t>(n);
  }
  const timespec at_once{};
  if (reader_gone_)
    while (sigtimedwait(&broken, nullptr, &at_once) > 0) continue;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  buffer_.clear();
}

void PcapngWriter::append_block(uint32_t type, const std::vector<uint8_t>& body) {
  const size_t length = body.size() + 12;
  put(buffer_, type, 4);
  put(buffer_, length, 4);
  buffer_.insert(buffer_.end(), body.begin(), body.end());
  put(buffer_, length, 4);
  if (buffer_.size() >= kBufferLimit) flush();
}

void PcapngWriter::flush() {
  if (pipe_) return write_pipe();
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = n < 0 ? errno : ENOSPC;
      // Cut back to the last whole block that is known to be on disk; what does not fit is gone.
      if (::ftruncate(fd_, written_) == 0) ::lseek(fd_, written_, SEEK_SET);
      buffer_.clear();
      throw SimulationError(
          fmt::format("Cannot write the capture file '{}': {}. The capture up to there is kept; free some "
                      "space or choose another output directory.",
                      path_, std::strerror(error)));
    }
    done += static_cast<size_t>(n);
  }
  written_ += static_cast<int64_t>(done);
  buffer_.clear();
}

}  // namespace xedgesim::net
