#pragma once
#include <map>
#include <memory>
#include <string>

#include "live/byte_channel.h"
#include "live/lab.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::live {

/// Consoles and commands of a lab's machines, over a unix socket for its owner only. A peer begins with one
/// line of JSON:
///   {"open":"console","node":"a"}                  then bytes both ways
///   {"open":"exec","node":"a","command":"ls -l"}   then lines to it: out BASE64, err BASE64, exit N
///   and with "input":true also lines from it: in BASE64, at most kMostAhead of them ahead of the lines
///   "took" to it, and in the end "in end"
/// The answer to what cannot be is one line "error SENTENCE"; to a console that is open, "ok". A command
/// whose peer goes away is ended.
class SessionServer {
 public:
  static constexpr size_t kLongestOpening = 256 << 10;  ///< bytes
  static constexpr size_t kMostAhead = 8;
  static constexpr size_t kLongestInput = 2048;  ///< bytes a piece, before BASE64
  static constexpr size_t kMostSessions = 32;
  static constexpr size_t kMostWaiting = 32 << 20;  ///< bytes a peer may be behind; then it is let go

  /// Throws ConfigError when the socket cannot be made.
  SessionServer(Lab& lab, const std::filesystem::path& socket);
  ~SessionServer();

 private:
  struct Peer {
    std::unique_ptr<ByteChannel> channel;
    std::string opening;
    Guest* machine = nullptr;
    uint64_t console = 0, command = 0;
    bool input = false;
    size_t ahead = 0;
    bool closing = false;  // when all is written
  };
  void take_peer();
  void feed(uint64_t number, std::string_view bytes);
  void input(uint64_t number, std::string_view bytes);
  void open(uint64_t number, const std::string& line);
  void write(uint64_t number, const std::string& text, bool last = false);
  void drop(uint64_t number);
  void sweep();

  Lab& lab_;
  nodes::Listener listener_;
  std::map<uint64_t, Peer> peers_;
  uint64_t numbers_ = 0;
};

}  // namespace xedgesim::live
