#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "container/network_card.h"

namespace xedgesim::container {

/// All the child of a sandbox needs, prepared before there are two of us.
struct Prepared {
  struct Bind {
    std::string from, to;
    bool read_only = false, optional = false;
  };
  const std::vector<NetworkCard>* cards = nullptr;
  std::string hostname{}, root{}, old_root{}, work{};
  std::vector<Bind> binds{};
  std::vector<Bind> devices{};
  std::vector<char*> argv{}, envp{};
  bool users = false;
  int control = -1, input = -1, output = -1;
};

/// The first process of a sandbox: makes mounts, network card and names, starts the command when it is told
/// to, passes signals on to it and collects orphans. Ends with the command.
[[noreturn]] void run_sandbox_init(const Prepared& prepared);

}  // namespace xedgesim::container
