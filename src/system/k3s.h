#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scenario/scenario.h"

namespace xedgesim::system {

constexpr int kK3sPort = 6443;  ///< of the API server
constexpr const char* kK3sProgram = "/usr/local/bin/k3s";
constexpr const char* kK3sToken = "/etc/rancher/k3s/token";
constexpr const char* kK3sConfig = "/etc/rancher/k3s/k3s.yaml";  ///< the server writes it
constexpr const char* kK3sManifests = "/var/lib/rancher/k3s/server/manifests";

/// What k3s is started with, behind the program's name: "server" or "agent" and its flags. `server_url` is of
/// agents.
std::vector<std::string> k3s_arguments(const scenario::LinuxNode& node, const std::string& id,
                                       const std::string& server_url, const std::string& token_file);
/// A LimitRange for the name space `default`: what each container of a pod may use that says nothing itself.
std::string k3s_limit_range(const scenario::PodLimits& limits);
/// The cluster's secret as the scenario has it; empty: it has none. Throws ConfigError for a file that cannot
/// be read.
std::string k3s_written_token(const scenario::Scenario& scenario);

/// What a node with a k3s role gets when it runs.
struct K3sPlan {
  struct File {
    std::string path{};  ///< in the node
    std::string text{};
    std::filesystem::path source{};  ///< of the host, instead of a text
    unsigned mode = 0644;
  };
  std::vector<std::string> command{};  ///< the program and its flags
  std::vector<File> files{};           ///< the program, the token, manifests of the server
  std::string kubeconfig{};            ///< the server writes it; for kubectl
};

/// `place` is where a process that sees the host's own files has its files and data; empty for all others.
/// Throws ConfigError for a program that is missing or for another processor.
K3sPlan k3s_plan(const scenario::Scenario& scenario, const scenario::LinuxNode& node, const std::string& id,
                 const std::string& secret, const std::filesystem::path& place = {});

/// Throws ConfigError when no program is named for a node that has none by itself.
void check_k3s(const scenario::LinuxNode& node);

}  // namespace xedgesim::system
