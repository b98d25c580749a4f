#pragma once
#include <string>
#include <utility>
#include <vector>

#include "net/ethernet/frame.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// All nodes after count expansion: id and index of its entry.
std::vector<std::pair<std::string, size_t>> expanded_nodes(const scenario::Scenario& scenario);

/// A network card of a node with its addresses: those the scenario declares, else derived ones.
struct CardAddress {
  std::string name{};  ///< eth0, eth1, …
  net::ethernet::Mac mac{};
  uint32_t ip = 0;
  int prefix = 24;
  uint32_t mask() const { return 0xffffffffu << (32 - prefix); }
  uint32_t network() const { return ip & mask(); }
  bool reaches(uint32_t other) const { return (other & mask()) == network(); }
};

/// The cards of all of expanded_nodes(), in the order they have in each machine; at least one each.
std::vector<std::vector<CardAddress>> all_cards(const scenario::Scenario& scenario);
/// The cards of a node (by its id after count expansion).
std::vector<CardAddress> node_cards(const scenario::Scenario& scenario, const std::string& id);
/// The addresses of its first card.
net::ethernet::Mac node_mac(const scenario::Scenario& scenario, const std::string& id);
uint32_t node_ip(const scenario::Scenario& scenario, const std::string& id);

/// The card by which others in the network of `from` reach a node: one there, else its first.
const CardAddress& card_towards(const std::vector<CardAddress>& node, const CardAddress& from);
const CardAddress& card_towards(const std::vector<CardAddress>& node, const std::vector<CardAddress>& from);

/// Some node says that there are several networks: it has several cards, or a prefix of its own.
bool several_networks(const scenario::Scenario& scenario);

std::string dotted_ipv4(uint32_t ip);

}  // namespace xedgesim::system
