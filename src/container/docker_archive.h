#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace xedgesim::container {

/// An image for container engines out of the file system of a machine: FROM scratch, one layer.
struct DockerImage {
  std::vector<std::string> tags{};  ///< "xedgesim/gateway:latest"
  std::string architecture{};       ///< "amd64"
  std::vector<std::string> entrypoint{}, environment{};
  std::vector<std::string> leave_out{};  ///< beginnings of paths, without a leading slash
};

/// Writes what `docker load` and `podman load` take (docker save's layout). `file_system` is a cpio archive
/// as our images have it; devices are left out. The same input gives the same bytes. Throws ConfigError,
/// SimulationError.
void write_docker_archive(const std::filesystem::path& file_system, const DockerImage& image,
                          const std::filesystem::path& out);

}  // namespace xedgesim::container
