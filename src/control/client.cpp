#include "control/client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "nodes/external/line_channel.h"

namespace xedgesim::control {
namespace {

[[noreturn]] void nobody(const std::string& address, const std::string& why) {
  throw ConfigError(fmt::format("no run listens at '{}': {}", address, why));
}

Descriptor connect_path(const std::string& address, const std::string& path) {
  try {
    return nodes::connect_unix(path);
  } catch (const ConfigError& e) {
    nobody(address, e.what());
  }
}

Descriptor connect_tcp(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string host = address.substr(4, colon - 4), port = address.substr(colon + 1);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  uint16_t number = 0;
  const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (colon <= 4 || ec != std::errc{} || end != port.data() + port.size() ||
      inet_pton(AF_INET, host.c_str(), &name.sin_addr) != 1)
    nobody(address, "write unix:PATH or tcp:127.0.0.1:PORT");
  name.sin_port = htons(number);
  Descriptor s(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(s.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    nobody(address, std::strerror(errno));
  return s;
}

}  // namespace

nlohmann::json ask(const std::string& address, const Request& request, Duration timeout) {
  nodes::LineChannel channel(address.starts_with("tcp:")    ? connect_tcp(address)
                             : address.starts_with("unix:") ? connect_path(address, address.substr(5))
                                                            : connect_path(address, address));
  std::string line;
  try {
    channel.send(to_json(request).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), timeout);
    line = channel.receive(timeout);
  } catch (const nodes::PeerError& e) {
    throw SimulationError(fmt::format("the run at '{}' {}", address, e.what()));
  }
  nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok"))
    throw SimulationError(fmt::format("the run at '{}' sent something that is no answer", address));
  return answer;
}

}  // namespace xedgesim::control
