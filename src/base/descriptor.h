#pragma once
#include <sys/types.h>

#include <cstddef>

#include <utility>

namespace xedgesim {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& o) noexcept;
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

/// sendmsg(2) without SIGPIPE, and a descriptor beside the bytes (SCM_RIGHTS, unix(7)) unless it is -1.
/// System calls and the stack only, for what runs between fork and exec.
ssize_t send_with_descriptor(int socket, const void* data, size_t length, int descriptor, int flags = 0);
/// recvmsg(2); the descriptor that came with the bytes is in `descriptor` and closes on exec.
ssize_t receive_with_descriptor(int socket, void* data, size_t length, Descriptor& descriptor, int flags = 0);

/// A handle on a process, readable when it has ended; none when there is no such process.
Descriptor open_pidfd(pid_t pid);

}  // namespace xedgesim
