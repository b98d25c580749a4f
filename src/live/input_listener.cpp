#include "live/input_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/secret.h"

namespace xedgesim::live {
namespace {

constexpr size_t kMostConnections = 64;  // at a time: the container may hold anything
constexpr size_t kPassBytes = 16;

}  // namespace

InputListener::InputListener(EventLoop& loop, const std::filesystem::path& path)
    : loop_(loop), path_(path), socket_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  const auto check = [&](bool good) {
    if (!good)
      throw SimulationError(
          fmt::format("there can be no socket at {}: {}", path.string(), std::strerror(errno)));
  };
  std::error_code ec;
  std::filesystem::remove(path, ec);
  // A socket's name has 107 characters at most, a folder's has not.
  const Descriptor folder(open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  check(socket_.get() >= 0 && folder.get() >= 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string());
  std::memcpy(address.sun_path, name.c_str(), std::min(name.size() + 1, sizeof address.sun_path - 1));
  check(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  check(chmod(path.c_str(), 0666) == 0);  // the command may be any user's; the folder above is ours
  check(listen(socket_.get(), static_cast<int>(kMostConnections)) == 0);
  loop_.watch(socket_.get(), [this](short) { admit(); });
}

InputListener::~InputListener() {
  loop_.forget(socket_.get());
  for (const auto& [fd, connection] : connections_) loop_.forget(fd);
  std::error_code ec;
  std::filesystem::remove(path_, ec);
}

std::string InputListener::issue(std::function<void(Descriptor)> fetched) {
  std::string pass = new_secret(kPassBytes);
  passes_[pass] = std::move(fetched);
  return pass;
}

void InputListener::admit() {
  Descriptor connection(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int fd = connection.get();
  if (fd < 0 || connections_.size() >= kMostConnections) return;
  connections_[fd] = std::move(connection);
  loop_.watch(fd, [this, fd](short) { answer(fd); });
}

void InputListener::answer(int connection) {
  char pass[2 * kPassBytes + 1];
  const ssize_t n = recv(connection, pass, sizeof pass, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const auto it = passes_.find({pass, static_cast<size_t>(std::max<ssize_t>(n, 0))});
  if (it != passes_.end()) {
    const auto fetched = std::move(it->second);
    passes_.erase(it);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0) {
      const Descriptor theirs(ends[0]);
      // Where it is not there any more, its pipe has no reader, which the writer sees.
      send_with_descriptor(connection, "", 1, theirs.get(), MSG_DONTWAIT);
      fetched(Descriptor(ends[1]));
    }
  }
  loop_.forget(connection);
  connections_.erase(connection);
}

}  // namespace xedgesim::live
