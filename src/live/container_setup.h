#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "container/sandbox.h"
#include "lan/responder.h"
#include "system/machines.h"
#include "vm/cgroup.h"
#include "vm/image/image_store.h"

namespace xedgesim::live {

/// All it takes to start a container or a process of a scenario on this host.
struct ContainerSetup {
  std::string id{};
  std::string image{};
  std::vector<std::string> command{};
  std::vector<std::string> environment{};  ///< NAME=value, as written in the scenario
  std::vector<container::Volume> volumes{};
  std::vector<container::NetworkCard> cards{};
  std::string hosts{}, resolv{};  ///< contents of the files in /etc
  vm::Limits limits{};
  std::string unlimited{};     ///< limits that cannot be set here and need not be (limits: best-effort)
  bool whole_command = false;  ///< `command` takes the place of the image's program, too
  std::filesystem::path root_archive{};  ///< process: the image whose files are its root; empty: the host's
};

/// What a process gets of the scenario; `lan`: of the network its first card is in. Throws ConfigError for
/// what is missing on this host, or cannot be set.
ContainerSetup process_setup(const system::MachineNode& machine, const lan::Responder::Config& lan);
/// What a container gets; its engine knows the image and sets the limits.
ContainerSetup container_setup(const system::MachineNode& machine, const lan::Responder::Config& lan);

/// Puts a k3s role into it: its files, written to `folder`, are laid over the node's own, and k3s is its
/// program unless the scenario sets `command`.
void add_k3s(ContainerSetup& setup, const system::K3sPlan& plan, const std::filesystem::path& folder);

/// The image of that name among those made by `xedgesim image build`: "gateway", "xedgesim/gateway:latest",
/// or "xedgesim/mqtt-ml-inference", which is another name of the gateway's.
std::optional<vm::Image> local_image(const std::string& name);

/// The variables a process begins with where the scenario sets none: no other of ours.
std::vector<std::string> with_usual_variables(std::vector<std::string> own);

}  // namespace xedgesim::live
