#pragma once
#include <string_view>

#include "scenario/linux_node.h"

namespace xedgesim::scenario {

constexpr size_t kMostCards = 8;  ///< of a machine

/// A network card of a node, as it is declared: one of `interfaces`, else the only one.
struct DeclaredCard {
  std::string name{};  ///< eth0, eth1, …
  std::string ip{};    ///< may be empty
  std::optional<int64_t> prefix{};
  std::string mac{};         ///< may be empty
  const Qos* qos = nullptr;  ///< its own, else the node's; null: neither
  std::string path{};        ///< behind the node's own: ".interfaces[1]"; empty for the only one
};

/// In their order in the machine; at least one. They point into the node.
std::vector<DeclaredCard> declared_cards(const LinuxNode& node);

/// Which card an endpoint NODE:NAME means: of a node without `interfaces` the only one, whatever the name.
std::optional<size_t> card_named(const LinuxNode& node, std::string_view name);

}  // namespace xedgesim::scenario
