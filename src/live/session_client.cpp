#include "live/session_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "live/session_server.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::live {
namespace {

constexpr char kLeave = 0x1d;  // Ctrl-]

bool write_out(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

Descriptor open_session(const std::filesystem::path& path, const nlohmann::json& opening) {
  Descriptor s;
  try {
    s = nodes::connect_unix(path.string());
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("the system does not answer at {}: {}", path.string(), e.what()));
  }
  if (!write_out(s.get(), opening.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"))
    throw SimulationError("the system went away");
  return s;
}

/// The terminal without echo and line editing, and as it was afterwards.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    changed_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

/// Our end of a command that runs in a machine.
class CommandClient {
 public:
  CommandClient(Descriptor socket, bool input) : socket_(std::move(socket)), input_(input) {}

  int run() {
    pollfd fds[2] = {{socket_.get(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    for (;;) {
      const bool reads = input_ && ahead_ < SessionServer::kMostAhead;
      if (poll(fds, reads ? 2 : 1, -1) < 0 && errno != EINTR)
        throw SimulationError("cannot wait for the system");
      if (fds[0].revents)
        if (const auto status = take()) return *status;
      if (reads && fds[1].revents) pass_on();
      fds[0].revents = fds[1].revents = 0;
    }
  }

 private:
  /// What came from the system; the status once it is there.
  std::optional<int> take() {
    char chunk[16384];
    const ssize_t n = recv(socket_.get(), chunk, sizeof chunk, 0);
    if (n < 0 && errno == EINTR) return std::nullopt;
    if (n <= 0) throw SimulationError("the system went away before the command had ended");
    rest_.append(chunk, static_cast<size_t>(n));
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (const auto status = take_line(std::string_view(rest_).substr(begin, end - begin))) return status;
    rest_.erase(0, begin);
    return std::nullopt;
  }

  std::optional<int> take_line(std::string_view line) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space), rest = line.substr(std::min(space + 1, line.size()));
    if (word == "error") throw ConfigError(std::string(rest));
    if (word == "took" && ahead_ > 0) --ahead_;
    if (word == "out" || word == "err") {
      if (const auto piece = base64_decode(rest))
        write_out(word == "out" ? STDOUT_FILENO : STDERR_FILENO,
                  {reinterpret_cast<const char*>(piece->data()), piece->size()});
      return std::nullopt;
    }
    int status = 0;
    if (word == "exit" && std::from_chars(rest.data(), rest.data() + rest.size(), status).ec == std::errc{})
      return status;
    return std::nullopt;
  }

  /// A piece of standard input, or its end. A system that is gone is seen by take().
  void pass_on() {
    uint8_t piece[SessionServer::kLongestInput];
    const ssize_t n = read(STDIN_FILENO, piece, sizeof piece);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      input_ = false;
      write_out(socket_.get(), "in end\n");
      return;
    }
    ++ahead_;
    write_out(socket_.get(), "in " + base64_encode({piece, static_cast<size_t>(n)}) + "\n");
  }

  Descriptor socket_;
  bool input_;
  size_t ahead_ = 0;  // pieces that are not in the command's pipe yet
  std::string rest_;
};

}  // namespace

int run_in_machine(const std::filesystem::path& path, const std::string& node, const std::string& command,
                   bool input) {
  return CommandClient(
             open_session(path, {{"open", "exec"}, {"node", node}, {"command", command}, {"input", input}}),
             input)
      .run();
}

void attach_console(const std::filesystem::path& path, const std::string& node) {
  const Descriptor s = open_session(path, {{"open", "console"}, {"node", node}});
  std::string first;
  for (char c = 0; c != '\n';) {
    if (recv(s.get(), &c, 1, 0) != 1) throw SimulationError("the system went away");
    first += c;
  }
  if (first.starts_with("error ")) throw ConfigError(first.substr(6, first.size() - 7));
  const RawTerminal raw;
  pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {s.get(), POLLIN, 0}};
  char chunk[4096];
  for (;;) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[1].revents) {
      const ssize_t n = recv(s.get(), chunk, sizeof chunk, 0);
      if (n <= 0) return;
      if (!write_out(STDOUT_FILENO, {chunk, static_cast<size_t>(n)})) return;
    }
    if (fds[0].revents == 0) continue;
    const ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
    if (n <= 0) return;
    std::string_view typed(chunk, static_cast<size_t>(n));
    const size_t leave = isatty(STDIN_FILENO) ? typed.find(kLeave) : std::string_view::npos;
    if (!write_out(s.get(), typed.substr(0, leave)) || leave != std::string_view::npos) return;
  }
}

}  // namespace xedgesim::live
