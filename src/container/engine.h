#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/time.h"

namespace xedgesim::container {

/// A container engine that speaks the Docker Engine API (1.41) at a unix socket: Docker, or Podman's service.
/// What differs between the two is met here.
class Engine {
 public:
  /// Where one answers: DOCKER_HOST, else /var/run/docker.sock, else Podman's sockets. In `why`, what was
  /// found instead. DOCKER_HOST that does not answer is an answer too: no other is tried.
  static std::optional<Engine> find(std::string& why);
  explicit Engine(std::filesystem::path socket) : socket_(std::move(socket)) {}

  const std::filesystem::path& socket() const { return socket_; }
  /// "Docker 20.10.24"; throws SimulationError when it does not answer.
  std::string version() const;

  struct Reply {
    int status = 0;
    std::string body{};
  };
  /// One request, to its end. Throws SimulationError when the engine is silent for longer than `patience` of
  /// wall time.
  Reply call(std::string_view method, const std::string& target, const std::string& body = {},
             Duration patience = Duration::s(60), std::string_view type = "application/json") const;
  /// Likewise, and what is no success becomes ConfigError with the engine's words behind `doing`.
  nlohmann::json demand(const std::string& doing, std::string_view method, const std::string& target,
                        const nlohmann::json& body = nullptr, Duration patience = Duration::s(60)) const;

  struct Image {
    std::string architecture{};  ///< amd64, arm64, …
    std::vector<std::string> entrypoint{}, command{}, environment{};
    std::string id{};
  };
  /// Nothing when it is not there.
  std::optional<Image> image(const std::string& name) const;
  /// Puts images in; `archive` as `docker save` writes it.
  void load_image(const std::filesystem::path& archive) const;

  /// With all of these labels; also those that have ended. By id, with their labels.
  std::map<std::string, std::map<std::string, std::string>> containers(const std::string& label) const;
  /// Ends it and takes its files away; true when it was there.
  bool remove(const std::string& container) const;

 private:
  std::filesystem::path socket_;
};

/// A descriptor connected to the engine. Throws SimulationError.
Descriptor connect_engine(const std::filesystem::path& socket);
/// The sentence in an engine's answer, or the answer.
std::string message_of(const Engine::Reply& reply);
/// A part of a path.
std::string url_encoded(const std::string& text);
/// As engines call this host's processor.
std::string host_architecture();

}  // namespace xedgesim::container
