#include "control/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace xedgesim::control {
namespace {

std::string with_scheme(const std::string& address) {
  return address.find(':') == std::string::npos ? "unix:" + address : address;
}

}  // namespace

Server::Server(const std::string& address, std::string token)
    : listener_(with_scheme(address), true), token_(std::move(token)) {
  if (token_.empty()) throw ConfigError("a control socket needs a token");
}

void Server::take_peers() {
  for (;;) {
    Descriptor socket(accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0) return;
    if (peers_.size() < kMostPeers) peers_.push_back({std::move(socket), {}, {}});
  }
}

nlohmann::json Server::answer_to(const std::string& line, const Answer& answer) const {
  try {
    const Request request = parse_request(line);
    if (!same_secret(request.token, token_))
      throw RequestError(
          "the token is wrong: the run wrote its token beside its socket and into control.json");
    nlohmann::json fields = answer(request);
    if (!fields.is_object()) fields = nlohmann::json::object();
    fields["ok"] = true;
    return fields;
  } catch (const RequestError& e) {
    return {{"ok", false}, {"error", e.what()}};
  } catch (const ConfigError& e) {
    return {{"ok", false}, {"error", e.what()}};
  }
}

/// False when the peer is to be let go.
bool Server::read(Peer& peer, const Answer& answer) {
  for (;;) {
    char chunk[16384];
    const ssize_t n = recv(peer.socket.get(), chunk, sizeof chunk, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (n <= 0) return false;
    peer.in.append(chunk, static_cast<size_t>(n));
    size_t begin = 0;
    for (size_t end; (end = peer.in.find('\n', begin)) != std::string::npos; begin = end + 1)
      peer.out += answer_to(peer.in.substr(begin, end - begin), answer)
                      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n";
    peer.in.erase(0, begin);
    if (peer.in.size() > kLongestRequest || peer.out.size() > 16 * kLongestRequest) return false;
  }
  return write(peer);
}

bool Server::write(Peer& peer) {
  while (!peer.out.empty()) {
    const ssize_t n = send(peer.socket.get(), peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (n <= 0) return false;
    peer.out.erase(0, static_cast<size_t>(n));
  }
  return true;
}

std::vector<pollfd> Server::waited_for() const {
  std::vector<pollfd> fds{{listener_.descriptor(), POLLIN, 0}};
  for (const Peer& p : peers_)
    fds.push_back({p.socket.get(), static_cast<short>(p.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
  return fds;
}

void Server::serve(const Answer& answer, Duration patience) {
  std::vector<pollfd> fds = waited_for();
  if (poll(fds.data(), fds.size(), static_cast<int>(patience.count_ns() / 1'000'000)) <= 0) return;
  size_t i = 1;
  for (auto p = peers_.begin(); p != peers_.end(); ++i) {
    bool keep = true;
    if (fds[i].revents & POLLOUT) keep = write(*p);
    if (keep && (fds[i].revents & ~POLLOUT)) keep = read(*p, answer);
    p = keep ? std::next(p) : peers_.erase(p);
  }
  if (fds[0].revents) take_peers();
}

}  // namespace xedgesim::control
