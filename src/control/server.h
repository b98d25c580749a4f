#pragma once
#include <poll.h>

#include <functional>
#include <list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "control/request.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::control {

/// Takes requests at a socket, for a loop that has something else to do: nothing here blocks unless asked to,
/// and nothing happens outside serve().
///
/// Every request needs the run's token. A unix socket is for its owner only (mode 0600); TCP is loopback
/// only. A peer that sends nonsense gets an answer that says so; one that sends more than 64 KiB without an
/// end of line, or does not take its answers, is let go. At most 16 are served at a time.
class Server {
 public:
  static constexpr size_t kLongestRequest = 64 << 10;
  static constexpr size_t kMostPeers = 16;

  /// `address`: unix:PATH or tcp:127.0.0.1:PORT (0: any), as nodes::Listener has it; a bare path is a unix
  /// socket. Throws ConfigError when it cannot be used.
  Server(const std::string& address, std::string token);
  const std::string& address() const { return listener_.address(); }
  const std::string& token() const { return token_; }

  /// The fields of the answer, "ok" excepted. May throw RequestError, ConfigError.
  using Answer = std::function<nlohmann::json(const Request&)>;
  /// Answers every request that has arrived. `patience`: how long of wall time it may wait for something to
  /// arrive.
  void serve(const Answer& answer, Duration patience = Duration());
  /// What to wait for until there is something to serve.
  std::vector<pollfd> waited_for() const;

 private:
  struct Peer {
    Descriptor socket;
    std::string in, out;
  };
  void take_peers();
  bool read(Peer& peer, const Answer& answer);
  bool write(Peer& peer);
  nlohmann::json answer_to(const std::string& line, const Answer& answer) const;

  nodes::Listener listener_;
  std::string token_;
  std::list<Peer> peers_;
};

/// Of a fresh token (new_secret()).
constexpr size_t kTokenBytes = 16;

}  // namespace xedgesim::control
