#include "live/session_server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace xedgesim::live {

SessionServer::SessionServer(Lab& lab, const std::filesystem::path& socket_path)
    : lab_(lab), listener_("unix:" + socket_path.string(), true) {
  lab_.loop().watch(listener_.descriptor(), [this](short) { take_peer(); });
}

SessionServer::~SessionServer() {
  while (!peers_.empty()) drop(peers_.begin()->first);
  lab_.loop().forget(listener_.descriptor());
}

void SessionServer::take_peer() {
  sweep();
  Descriptor socket(accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.get() < 0 || peers_.size() >= kMostSessions) return;
  const uint64_t number = ++numbers_;
  Peer& peer = peers_[number];
  peer.channel = std::make_unique<ByteChannel>(
      lab_.loop(), std::move(socket), [this, number](std::string_view b) { feed(number, b); },
      [this, number] { drop(number); }, kMostWaiting);
}

/// Those who were told the last word go with the next peer.
void SessionServer::sweep() {
  std::erase_if(peers_, [](const auto& p) { return p.second.closing && p.second.channel->idle(); });
}

void SessionServer::drop(uint64_t number) {
  const auto p = peers_.find(number);
  if (p == peers_.end()) return;
  if (p->second.machine && p->second.console) p->second.machine->console().detach(p->second.console);
  if (p->second.machine && p->second.command) p->second.machine->kill(p->second.command);
  peers_.erase(p);
}

void SessionServer::write(uint64_t number, const std::string& text, bool last) {
  const auto p = peers_.find(number);
  if (p == peers_.end()) return;
  if (!p->second.channel->send(text)) return p->second.channel->abort();
  p->second.channel->flush();
  p->second.closing = p->second.closing || last;
}

void SessionServer::feed(uint64_t number, std::string_view bytes) {
  Peer& peer = peers_.at(number);
  if (peer.console) return peer.machine->to_console(bytes);
  if (peer.input && !peer.closing) return input(number, bytes);
  if (peer.machine || peer.closing) return;
  peer.opening.append(bytes);
  const size_t end = peer.opening.find('\n');
  if (end == std::string::npos) {
    if (peer.opening.size() > kLongestOpening) write(number, "error the request is too long\n", true);
    return;
  }
  const std::string rest = peer.opening.substr(end + 1);
  open(number, peer.opening.substr(0, end));
  if (peer.console && !rest.empty()) peer.machine->to_console(rest);
  peer.opening.clear();
  if (peer.input && !rest.empty()) input(number, rest);
}

/// Lines of a command's standard input. Who sends more than it may is let go: there is no room to keep it.
void SessionServer::input(uint64_t number, std::string_view bytes) {
  Peer& peer = peers_.at(number);
  peer.opening.append(bytes);
  size_t begin = 0;
  for (size_t end; (end = peer.opening.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string_view line = std::string_view(peer.opening).substr(begin, end - begin);
    if (!line.starts_with("in ") || peer.ahead >= kMostAhead) return peer.channel->abort();
    line.remove_prefix(3);
    if (line == "end") {
      if (peer.command) peer.machine->input(peer.command, {});
      continue;
    }
    const auto piece = base64_decode(line);
    if (!piece || piece->empty() || piece->size() > kLongestInput) return peer.channel->abort();
    ++peer.ahead;
    if (peer.command)
      peer.machine->input(peer.command, {reinterpret_cast<const char*>(piece->data()), piece->size()});
  }
  peer.opening.erase(0, begin);
  if (peer.opening.size() > kLongestInput * 2) peer.channel->abort();
}

void SessionServer::open(uint64_t number, const std::string& line) {
  const nlohmann::json j = nlohmann::json::parse(line, nullptr, false);
  const auto refuse = [&](const std::string& why) { write(number, "error " + why + "\n", true); };
  const auto text = [&](const char* key) {
    return j.is_object() && j.contains(key) && j[key].is_string() ? j[key].get<std::string>() : std::string();
  };
  const std::string node = text("node"), what = text("open");
  Guest* machine = lab_.machine(node);
  if (!machine) return refuse(fmt::format("there is no machine '{}'", node));
  Peer& peer = peers_.at(number);
  if (what == "console") {
    peer.machine = machine;
    write(number, "ok\n");
    peer.console =
        machine->console().attach([this, number](std::string_view b) { write(number, std::string(b)); });
    return;
  }
  if (what != "exec") return refuse("open a console or exec");
  if (!machine->ready())
    return refuse(fmt::format("the machine '{}' is {}: it takes no commands{}", node,
                              to_string(machine->state()),
                              machine->state() == Guest::State::starting ? " yet" : ""));
  const bool wants_input = j.contains("input") && j["input"] == true;
  if (const std::string why = wants_input ? machine->no_input() : ""; !why.empty())
    return refuse(fmt::format("a command in '{}' takes no standard input: {}", node, why));
  const auto took = [this, number] {
    const auto p = peers_.find(number);
    if (p == peers_.end() || p->second.ahead == 0) return;
    --p->second.ahead;
    write(number, "took\n");
  };
  const auto id = machine->run(
      text("command"),
      {.output =
           [this, number](bool error, std::string_view piece) {
             write(
                 number,
                 fmt::format("{} {}\n", error ? "err" : "out",
                             base64_encode({reinterpret_cast<const uint8_t*>(piece.data()), piece.size()})));
           },
       .ended =
           [this, number](int status) {
             if (const auto p = peers_.find(number); p != peers_.end()) p->second.command = 0;
             write(number, fmt::format("exit {}\n", status), true);
           },
       .took = wants_input ? std::function<void()>(took) : nullptr});
  if (!id) return refuse("too many commands run in it already");
  peer.machine = machine;
  peer.command = *id;
  peer.input = wants_input;
}

}  // namespace xedgesim::live
