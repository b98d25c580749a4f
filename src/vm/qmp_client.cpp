#include "vm/qmp_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace xedgesim::vm {

using nlohmann::json;

bool QmpClient::next_line(std::string& line) {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) return false;
  line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return true;
}

json QmpClient::receive() {
  std::string line;
  while (!next_line(line)) {
    pollfd p{socket_.get(), POLLIN, 0};
    if (poll(&p, 1, static_cast<int>(patience_.count_ns() / 1'000'000)) == 0)
      throw SimulationError(fmt::format("QEMU's monitor did not answer within {:g} s", patience_.count_s()));
    char bytes[4096];
    const ssize_t n = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw SimulationError("QEMU closed its monitor");
    buffer_.append(bytes, static_cast<size_t>(n));
  }
  json message = json::parse(line, nullptr, false);
  if (!message.is_object()) throw SimulationError("QEMU's monitor said something that is no JSON object");
  return message;
}

void QmpClient::announce() {
  if (announced_ == 0) announced_ = send_command("qmp_capabilities", json::object());
}

void QmpClient::open() {
  if (!receive().contains("QMP")) throw SimulationError("QEMU's monitor did not greet");
  announce();
  answer("qmp_capabilities", announced_);
}

json QmpClient::execute(const std::string& command, const json& arguments) {
  return answer(command, send_command(command, arguments));
}

void QmpClient::tell(const std::string& command, const json& arguments) {
  announce();
  send_command(command, arguments);
}

void QmpClient::pass_descriptor(const std::string& name, int fd) {
  answer("getfd", send_command("getfd", {{"fdname", name}}, fd));
}

int64_t QmpClient::send_command(const std::string& command, const json& arguments, int descriptor) {
  json message = {{"execute", command}, {"id", ++sent_}};
  if (!arguments.empty()) message["arguments"] = arguments;
  const std::string text = message.dump() + "\n";
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t n = send_with_descriptor(socket_.get(), text.data() + sent, text.size() - sent,
                                           sent == 0 ? descriptor : -1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw SimulationError(fmt::format("QEMU closed its monitor before '{}'", command));
    sent += static_cast<size_t>(n);
  }
  return sent_;
}

json QmpClient::answer(const std::string& command, int64_t number) {
  for (;;) {
    json said = receive();
    if (said.contains("event")) {
      events_.push_back(std::move(said));
    } else if (said.value("id", int64_t{0}) != number) {
      // To a command that nobody waits for.
    } else if (said.contains("return")) {
      return said["return"];
    } else if (said.contains("error")) {
      throw SimulationError(fmt::format("QEMU refuses '{}': {}", command,
                                        said["error"].value("desc", std::string("no reason given"))));
    }
  }
}

std::vector<json> QmpClient::take_events() {
  for (;;) {
    std::string line;
    while (next_line(line))
      if (json m = json::parse(line, nullptr, false); m.is_object() && m.contains("event"))
        events_.push_back(std::move(m));
    char bytes[4096];
    const ssize_t n = recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) break;
    buffer_.append(bytes, static_cast<size_t>(n));
  }
  return std::exchange(events_, {});
}

}  // namespace xedgesim::vm
