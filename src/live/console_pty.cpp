#include "live/console_pty.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace xedgesim::live {

ConsolePty::ConsolePty(EventLoop& loop, Console& console, std::function<void(std::string_view)> typed)
    : loop_(loop), console_(console), typed_(std::move(typed)) {
  const auto refuse = [] {
    return ConfigError(
        fmt::format("no pseudo-terminal for the console: {}; remove `console: pty`", std::strerror(errno)));
  };
  terminal_ = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  std::array<char, 64> name{};
  if (terminal_.get() < 0 || grantpt(terminal_.get()) != 0 || unlockpt(terminal_.get()) != 0 ||
      ptsname_r(terminal_.get(), name.data(), name.size()) != 0)
    throw refuse();
  path_ = name.data();
  other_ = Descriptor(open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (other_.get() < 0 || tcgetattr(other_.get(), &settings) != 0) throw refuse();
  cfmakeraw(&settings);
  if (tcsetattr(other_.get(), TCSANOW, &settings) != 0 || fchmod(other_.get(), S_IRUSR | S_IWUSR) != 0)
    throw refuse();
  loop_.watch(terminal_.get(), [this](short what) { ready(what); });
  viewer_ = console_.attach([this](std::string_view bytes) { print(bytes); });
}

ConsolePty::~ConsolePty() {
  console_.detach(viewer_);
  loop_.forget(terminal_.get());
}

void ConsolePty::print(std::string_view bytes) {
  if (waiting_.size() + bytes.size() > kMostWaiting) {
    tcflush(other_.get(), TCIFLUSH);
    waiting_.clear();
    if (bytes.size() > kMostWaiting) bytes.remove_prefix(bytes.size() - kMostWaiting);
  }
  waiting_.append(bytes);
  flush();
}

void ConsolePty::flush() {
  size_t written = 0;
  while (written < waiting_.size()) {
    const ssize_t n = write(terminal_.get(), waiting_.data() + written, waiting_.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<size_t>(n);
  }
  waiting_.erase(0, written);
  if (const bool wanted = !waiting_.empty(); wanted != wants_output_)
    loop_.want_output(terminal_.get(), wants_output_ = wanted);
}

void ConsolePty::ready(short what) {
  if (what & POLLOUT) flush();
  if (!(what & POLLIN)) return;
  std::array<char, 4096> buffer;
  const ssize_t n = read(terminal_.get(), buffer.data(), buffer.size());
  if (n > 0) typed_({buffer.data(), static_cast<size_t>(n)});
}

}  // namespace xedgesim::live
