#pragma once
#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lan/responder.h"
#include "scenario/scenario.h"

namespace xedgesim::exporter {

struct Mount {
  bool volume = false;  ///< a named volume of the engine
  std::string source, target;
  bool read_only = false;
};

/// A network that several containers have cards in.
struct ContainerNetwork {
  std::string name{};  ///< of the bridge
  std::string ip{};    ///< of a card there
};

/// A container as both compose files have it.
struct Service {
  std::string name, where, image, network_mode;
  std::vector<ContainerNetwork> networks{};  ///< in the order of its cards; empty: the one network of all
  std::map<std::string, std::string> environment{};
  std::vector<std::string> command{};
  std::vector<Mount> mounts{};
  std::optional<double> cpus{};
  std::optional<int64_t> cpu_shares{}, memory{};
  std::optional<scenario::Health> health{};
};

/// A file for docker compose.
class ComposeFile {
 public:
  /// `lans`: the scenario's networks, where it has several; they outlive this.
  ComposeFile(const char* purpose, const std::vector<lan::Responder::Config>& lans);
  /// In production with the host's network and restarted for ever, else as the simulation has it.
  void add(const Service& s, bool production);
  std::string finish();

 private:
  void text(const char* key, const std::string& value);
  void list(const char* key, const std::vector<std::string>& values);
  std::string volume(const std::string& name);
  void environment(const std::map<std::string, std::string>& variables);
  void mounts(const std::vector<Mount>& all);
  void health(const scenario::Health& h);
  void network(const Service& s, bool production);
  void cards(const std::vector<ContainerNetwork>& networks);
  /// With the addresses of the scenario's network that `ip` is in.
  void network_of_cards(const std::string& name, const std::string& ip);

  YAML::Emitter out_;
  const std::vector<lan::Responder::Config>& lans_;
  std::map<std::string, std::string> networks_;  // of cards, and an address in each
  bool bridged_ = false;
  std::set<std::string> volumes_;
};

}  // namespace xedgesim::exporter
