#pragma once
#include <sys/types.h>

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

/// A handle on a process, readable when it has ended; none when there is no such process.
Descriptor open_pidfd(pid_t pid);

}  // namespace xedgesim
