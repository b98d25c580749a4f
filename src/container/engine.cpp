#include "container/engine.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/whole_file.h"
#include "container/http.h"

namespace xedgesim::container {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kApi = "/v1.41";

std::string engine_variable(const char* name) {
  const char* v = std::getenv(name);
  return v ? v : "";
}

std::vector<std::string> strings_of(const json& j, const char* key) {
  std::vector<std::string> out;
  if (!j.is_object() || !j.contains(key)) return out;
  const json& list = j.at(key);
  if (list.is_string()) return {list.get<std::string>()};
  if (!list.is_array()) return out;
  for (const json& one : list)
    if (one.is_string()) out.push_back(one.get<std::string>());
  return out;
}

}  // namespace

std::string url_encoded(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-_.~", c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

std::string host_architecture() {
  utsname u{};
  uname(&u);
  const std::string machine = u.machine;
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

Descriptor connect_engine(const fs::path& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_path.string();
  if (path.size() >= sizeof address.sun_path)
    throw SimulationError(fmt::format("the path of the container engine's socket is too long: {}", path));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Descriptor s(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (s.get() < 0 || connect(s.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw SimulationError(fmt::format("no container engine answers at {}: {}", path, std::strerror(errno)));
  return s;
}

std::optional<Engine> Engine::find(std::string& why) {
  std::vector<fs::path> places;
  const std::string own = engine_variable("DOCKER_HOST");
  if (!own.empty()) {
    if (!own.starts_with("unix://")) {
      why = fmt::format("DOCKER_HOST is {}: only unix:// sockets are spoken to", own);
      return std::nullopt;
    }
    places = {own.substr(7)};
  } else {
    places = {"/var/run/docker.sock", "/run/podman/podman.sock"};
    if (const std::string run = engine_variable("XDG_RUNTIME_DIR"); !run.empty())
      places.insert(places.begin() + 1, fs::path(run) / "podman" / "podman.sock");
  }
  for (const fs::path& place : places) {
    std::error_code ec;
    if (own.empty() && !fs::exists(place, ec)) continue;
    try {
      const Engine engine(place);
      engine.version();
      return engine;
    } catch (const SimulationError& e) {
      why = e.what();
    }
  }
  if (why.empty()) why = "no container engine runs on this host";
  return std::nullopt;
}

std::string Engine::version() const {
  const Reply reply = call("GET", "/version", {}, Duration::s(10));
  const json j = json::parse(reply.body, nullptr, false);
  if (reply.status != 200 || !j.is_object())
    throw SimulationError(fmt::format("what answers at {} is no container engine", socket_.string()));
  const json components = j.value("Components", json::array());
  const bool podman = components.is_array() && !components.empty() && components[0].is_object() &&
                      components[0].value("Name", "").find("Podman") != std::string::npos;
  return fmt::format("{} {}", podman ? "Podman" : "Docker", j.value("Version", "?"));
}

Engine::Reply Engine::call(std::string_view method, const std::string& target, const std::string& body,
                           Duration patience, std::string_view type) const {
  const Descriptor s = connect_engine(socket_);
  const std::string request = http_request(method, kApi + target, body, type);
  HttpResponse response;
  size_t sent = 0;
  char chunk[65536];
  while (!response.done()) {
    pollfd p{s.get(), static_cast<short>(sent < request.size() ? POLLIN | POLLOUT : POLLIN), 0};
    if (poll(&p, 1, static_cast<int>(patience.count_ns() / 1'000'000)) == 0)
      throw SimulationError(fmt::format("the container engine at {} is silent on '{} {}' for {:g} s",
                                        socket_.string(), method, target, patience.count_s()));
    if (p.revents & POLLOUT) {
      const ssize_t n = send(s.get(), request.data() + sent, std::min<size_t>(request.size() - sent, 1 << 20),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) sent += static_cast<size_t>(n);
      if (n < 0 && errno != EAGAIN && errno != EINTR) break;
    }
    if ((p.revents & ~POLLOUT) == 0) continue;
    const ssize_t n = recv(s.get(), chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) {
      response.end();
      break;
    }
    if (!response.feed({chunk, static_cast<size_t>(n)})) break;
  }
  if (!response.done())
    throw SimulationError(fmt::format("the container engine at {} broke off its answer to '{} {}'",
                                      socket_.string(), method, target));
  return {response.status(), response.body()};
}

std::string message_of(const Engine::Reply& reply) {
  const json j = json::parse(reply.body, nullptr, false);
  std::string text;
  for (const char* key : {"message", "cause"})
    if (text.empty() && j.is_object() && j.contains(key) && j.at(key).is_string())
      text = j.at(key).get<std::string>();
  if (text.empty()) text = reply.body.substr(0, 300);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.empty() ? fmt::format("status {}", reply.status) : text;
}

json Engine::demand(const std::string& doing, std::string_view method, const std::string& target,
                    const json& body, Duration patience) const {
  // What is no UTF-8 cannot be said in JSON; it is replaced, not thrown at the user.
  const Reply reply = call(
      method, target,
      body.is_null() ? std::string() : body.dump(-1, ' ', false, json::error_handler_t::replace), patience);
  if (reply.status < 200 || reply.status > 304)
    throw ConfigError(fmt::format("{}: the container engine says: {}", doing, message_of(reply)));
  const json j = json::parse(reply.body, nullptr, false);
  return j.is_discarded() ? json() : j;
}

std::optional<Engine::Image> Engine::image(const std::string& name) const {
  const Reply reply = call("GET", "/images/" + url_encoded(name) + "/json");
  if (reply.status != 200) return std::nullopt;
  const json j = json::parse(reply.body, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  const json config = j.value("Config", json::object());
  return Image{.architecture = j.value("Architecture", ""),
               .entrypoint = strings_of(config, "Entrypoint"),
               .command = strings_of(config, "Cmd"),
               .environment = strings_of(config, "Env"),
               .id = j.value("Id", "")};
}

void Engine::load_image(const fs::path& archive) const {
  const Reply reply = call("POST", "/images/load?quiet=true", read_whole_file(archive), Duration::s(300),
                           "application/x-tar");
  if (reply.status != 200 || reply.body.find("\"error\"") != std::string::npos)
    throw ConfigError(
        fmt::format("the container engine does not take {}: {}", archive.string(), message_of(reply)));
}

std::map<std::string, std::map<std::string, std::string>> Engine::containers(const std::string& label) const {
  const json filters = {{"label", json::array({label})}};
  const json list = demand("cannot list containers", "GET",
                           "/containers/json?all=true&filters=" + url_encoded(filters.dump()));
  std::map<std::string, std::map<std::string, std::string>> out;
  if (!list.is_array()) return out;
  for (const json& c : list) {
    const json labels = c.value("Labels", json::object());
    auto& mine = out[c.value("Id", "")];
    for (const auto& [key, value] : labels.items())
      if (value.is_string()) mine[key] = value.get<std::string>();
  }
  return out;
}

bool Engine::remove(const std::string& container) const {
  // Podman cannot end one that is paused.
  call("POST", "/containers/" + container + "/unpause");
  const Reply reply = call("DELETE", "/containers/" + container + "?force=true&v=true");
  return reply.status >= 200 && reply.status < 300;
}

}  // namespace xedgesim::container
