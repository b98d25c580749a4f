#pragma once
#include <string>
#include <vector>

#include "cli/command.h"

namespace xedgesim::cli {

/// One thing that a host may have, and what it is good for.
struct HostCheck {
  enum class State : uint8_t { yes, limited, no };
  std::string area{};  ///< "firmware", "models", "machines", ...
  std::string name{};  ///< "QEMU for aarch64"
  State state = State::no;
  std::string found{};    ///< a version or a path; else why it is not there
  std::string purpose{};  ///< what needs it
  std::string remedy{};   ///< what to do to have it; empty when it is there
};

std::string_view to_string(HostCheck::State state);

/// Looks at this host; starts QEMU for its version, changes nothing that stays.
std::vector<HostCheck> check_host(const Installation& installation);

}  // namespace xedgesim::cli
