// Copyright the xedgesim authors
// SPDX-License-Identifier: GPL-2.0-only
//
// This program links ns-3 and is therefore under the GPL, version 2. Nothing of it is linked into xedgesim,
// which starts it for `network.type: ns3` and talks to it over a unix socket. docs/ns3.md has the protocol,
// line by line.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "air.h"

namespace {

using nlohmann::json;

constexpr const char* kProtocol = "xedgesim-ns3";
constexpr int kVersion = 1;

class Connection {
 public:
  explicit Connection(const std::string& address) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string path = address.rfind("unix:", 0) == 0 ? address.substr(5) : "";
    if (path.empty() || path.size() >= sizeof name.sun_path)
      throw std::runtime_error("XEDGESIM_SOCKET must be unix:PATH, found '" + address + "'");
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
      throw std::runtime_error("cannot connect to " + address + ": " + std::strerror(errno));
  }
  ~Connection() { ::close(socket_); }

  /// False at the end of the connection.
  bool read(std::string& line) {
    for (;;) {
      const size_t end = in_.find('\n', begin_);
      if (end != std::string::npos) {
        line.assign(in_, begin_, end - begin_);
        begin_ = end + 1;
        return true;
      }
      in_.erase(0, begin_);
      begin_ = 0;
      char chunk[65536];
      const ssize_t n = ::recv(socket_, chunk, sizeof chunk, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      in_.append(chunk, static_cast<size_t>(n));
    }
  }
  void say(const std::string& verb, const json& arguments) {
    out_ += verb + " " + arguments.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  }
  void flush() {
    for (size_t sent = 0; sent < out_.size();) {
      const ssize_t n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw std::runtime_error("xedgesim closed the connection");
      sent += static_cast<size_t>(n);
    }
    out_.clear();
  }

 private:
  int socket_ = -1;
  std::string in_, out_;
  size_t begin_ = 0;
};

/// The commands of one run. What they cause is told when time is advanced over it.
class Session {
 public:
  explicit Session(Connection& connection) : connection_(connection) {}

  /// False after QUIT.
  bool command(const std::string& line) {
    const size_t space = line.find(' ');
    const std::string verb = line.substr(0, space);
    if (verb == "QUIT") return false;
    const json a = json::parse(space == std::string::npos ? "{}" : line.substr(space + 1));
    if (verb == "INIT") {
      init(a);
      return true;
    }
    if (!air_) throw std::runtime_error(verb + " before INIT");
    if (verb == "ADVANCE") {
      const int64_t to = a.at("to_ns");
      air_->run_to(to);
      connection_.say("SIMULATION_COMPLETE", {{"t_ns", to}});
      connection_.flush();
      return true;
    }
    const int64_t t = a.at("t_ns");
    const size_t station = a.at("station");
    // What has begun comes before what begins now.
    air_->run_to(t);
    if (verb == "INJECT_PACKET")
      air_->transmit(station, {a.at("id"), a.at("power_dbm"), decode_base64(a.at("psdu")), a.at("header")});
    else if (verb == "TUNE")
      air_->tune(station, a.at("channel"));
    else if (verb == "ABORT")
      air_->abort(station);
    else if (verb == "CCA")
      air_->clear_channel_assessment(station, a.at("token"));
    else if (verb == "LEVEL")
      air_->measure(station, a.at("duration_ns"), a.at("token"));
    else
      throw std::runtime_error("unknown command " + verb);
    return true;
  }

 private:
  void init(const json& a) {
    if (a.at("protocol") != kProtocol || a.at("version") != kVersion)
      throw std::runtime_error("this back end speaks " + std::string(kProtocol) + " version " +
                               std::to_string(kVersion) + ", not " + a.at("protocol").dump() + " version " +
                               a.at("version").dump());
    air_ = std::make_unique<Air>(
        a, [this](const char* verb, const json& event) { connection_.say(verb, event); });
    connection_.say("OK", {{"version", kVersion}, {"simulator", "ns-3"}});
    connection_.flush();
  }

  Connection& connection_;
  std::unique_ptr<Air> air_;
};

}  // namespace

int main() {
  const char* address = std::getenv("XEDGESIM_SOCKET");
  if (!address) {
    std::fprintf(stderr, "xedgesim-ns3 is started by xedgesim for scenarios with network.type: ns3\n");
    return 3;
  }
  try {
    Connection connection(address);
    Session session(connection);
    std::string line;
    try {
      while (connection.read(line) && session.command(line)) {
      }
    } catch (const std::exception& e) {
      connection.say("ERROR", {{"message", std::string(e.what())}});
      connection.flush();
      std::fprintf(stderr, "%s\n", e.what());
      return 1;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
