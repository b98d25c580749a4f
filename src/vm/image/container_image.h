#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/image/root_tree.h"
#include "vm/machine.h"

namespace xedgesim::vm {

/// What a container image says of its program (OCI image specification, "Image Configuration").
struct ContainerConfig {
  std::vector<std::string> entrypoint{}, cmd{}, env{};  ///< env: NAME=value
  std::string working_dir{}, user{};
  std::string architecture{}, os{};     ///< names of Go: amd64, arm64; linux. Empty: not said
  std::vector<std::string> diff_ids{};  ///< of each layer, unpacked: "sha256:" and hex digits
};

/// Throws ConfigError for what is no such thing; `what` names it.
ContainerConfig parse_container_config(std::string_view json, const std::string& what);

/// The contents of a file inside of the image's archive or folder; nothing when it has none of that name.
using FindBlob = std::function<std::optional<std::string>(const std::string& name)>;

/// A container image: its root file system, layers applied, and its config.
struct ContainerImage {
  std::string reference{};  ///< name and tag it was saved under; may be empty
  ContainerConfig config{};
  RootTree root{};
};

/// Reads what `docker save` writes (manifest.json), or an OCI image layout (index.json). Nothing when it is
/// neither. Digests are checked wherever the image gives them. Throws ConfigError for what is missing,
/// damaged, or of another processor.
std::optional<ContainerImage> read_container(const FindBlob& find, Arch arch, const std::string& what);

}  // namespace xedgesim::vm
