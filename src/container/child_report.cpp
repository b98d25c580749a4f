#include "container/child_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace xedgesim::container {

[[noreturn]] void give_up(int socket, const char* step) {
  Word w;
  w.error = errno ? errno : EIO;
  strncpy(w.step, step, sizeof w.step - 1);
  [[maybe_unused]] const ssize_t n = send(socket, &w, sizeof w, MSG_NOSIGNAL);
  _exit(127);
}

void say_done(int socket, int descriptor) {
  const Word w;
  send_with_descriptor(socket, &w, sizeof w, descriptor);
}

void write_text(const char* file, const char* text) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t n = write(fd, text, std::strlen(text));
  close(fd);
}

void close_others(int a, int b, int c) {
  if (a > b) std::swap(a, b);
  if (b > c) std::swap(b, c);
  if (a > b) std::swap(a, b);
  unsigned from = 3;
  for (const int keep : {a, b, c}) {
    if (keep < 3) continue;
    if (static_cast<unsigned>(keep) > from)
      syscall(SYS_close_range, from, static_cast<unsigned>(keep) - 1, 0);
    from = static_cast<unsigned>(keep) + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0);
}

std::pair<Descriptor, Descriptor> control_sockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw SimulationError(fmt::format("cannot make a socket: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::pair<Descriptor, Descriptor> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw SimulationError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Told listen_to(int socket) {
  Told told;
  pollfd p{socket, POLLIN, 0};
  if (poll(&p, 1, static_cast<int>(kPatience.count_ns() / 1'000'000)) <= 0) return told;
  told.heard = receive_with_descriptor(socket, &told.word, sizeof told.word, told.descriptor) ==
               static_cast<ssize_t>(sizeof told.word);
  return told;
}

std::string failure(const Told& told) {
  if (!told.heard) return "the process ended or did not answer";
  const bool refused = told.word.error == EACCES || told.word.error == EPERM;
  return fmt::format("cannot {}: {}{}", told.word.step, std::strerror(told.word.error),
                     refused && geteuid() != 0 ? "; it takes root, or a host that lets you" : "");
}

int shell_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

std::vector<char*> c_strings(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace xedgesim::container
