#include "system/k3s.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/whole_file.h"
#include "scenario/cards.h"

namespace xedgesim::system {
namespace {

namespace fs = std::filesystem;
using scenario::LinuxNode;

std::string url_host(const LinuxNode& server) {
  const std::string ip = scenario::declared_cards(server).front().ip;
  if (ip.empty()) return server.id;
  return ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
}

/// The scenario's checks have made sure that there is one.
const LinuxNode& server_of(const scenario::Scenario& s, const LinuxNode& agent) {
  const std::string wanted = agent.k3s ? agent.k3s->server : "";
  for (const LinuxNode& n : s.nodes)
    if (n.role == LinuxNode::Role::k3s_server && (wanted.empty() || n.id == wanted)) return n;
  throw ConfigError(fmt::format("node '{}': there is no node with role: k3s-server", agent.id));
}

/// ELF files name their processor (e_machine, at byte 18); scripts run on every one.
void check_program(const LinuxNode& n, const fs::path& file) {
  std::array<unsigned char, 20> head{};
  std::ifstream in(file, std::ios::binary);
  if (!in || fs::is_directory(file))
    throw ConfigError(fmt::format("node '{}': there is no k3s at {}", n.id, file.string()));
  in.read(reinterpret_cast<char*>(head.data()), head.size());
  if ((fs::status(file).permissions() & fs::perms::owner_exec) == fs::perms::none)
    throw ConfigError(fmt::format("node '{}': {} may not be executed: chmod +x it", n.id, file.string()));
  if (in.gcount() < 20 || head[0] != 0x7f || head[1] != 'E' || head[2] != 'L' || head[3] != 'F') return;
  constexpr int kX86 = 62, kArm64 = 183;
  const int is = head[18] | head[19] << 8;
  if (is != (n.arch == LinuxNode::Arch::x86_64 ? kX86 : kArm64))
    throw ConfigError(fmt::format("node '{}': {} is for {}, the node is {}: give it k3s for its processor",
                                  n.id, file.string(),
                                  is == kX86     ? "x86_64"
                                  : is == kArm64 ? "aarch64"
                                                 : fmt::format("another processor ({})", is),
                                  n.arch == LinuxNode::Arch::x86_64 ? "x86_64" : "aarch64"));
}

}  // namespace

std::vector<std::string> k3s_arguments(const LinuxNode& n, const std::string& id,
                                       const std::string& server_url, const std::string& token_file) {
  const bool server = n.role == LinuxNode::Role::k3s_server;
  std::vector<std::string> out{server ? "server" : "agent", "--token-file", token_file, "--node-name", id};
  if (const std::string ip = scenario::declared_cards(n).front().ip; !ip.empty())
    out.insert(out.end(), {"--node-ip", ip});
  if (server)
    out.insert(out.end(), {"--tls-san", id});
  else
    out.insert(out.end(), {"--server", server_url});
  if (n.k3s) out.insert(out.end(), n.k3s->extra_flags.begin(), n.k3s->extra_flags.end());
  return out;
}

std::string k3s_limit_range(const scenario::PodLimits& l) {
  std::string out =
      "apiVersion: v1\nkind: LimitRange\nmetadata:\n  name: xedgesim\n  namespace: default\nspec:\n  "
      "limits:\n"
      "    - type: Container\n      default:\n";
  // Kubernetes counts thousandths of a core.
  if (l.cpu) out += fmt::format("        cpu: \"{}m\"\n", std::max(1l, std::lround(*l.cpu * 1000)));
  if (l.memory) out += fmt::format("        memory: \"{}\"\n", *l.memory);
  return out;
}

std::string k3s_written_token(const scenario::Scenario& s) {
  for (const LinuxNode& n : s.nodes) {
    if (n.role == LinuxNode::Role::none || !n.k3s) continue;
    if (!n.k3s->token.empty()) return n.k3s->token;
    if (!n.k3s->token_file.empty()) return read_whole_file(n.k3s->token_file.resolved);
  }
  return {};
}

K3sPlan k3s_plan(const scenario::Scenario& s, const LinuxNode& n, const std::string& id,
                 const std::string& secret, const fs::path& place) {
  const bool server = n.role == LinuxNode::Role::k3s_server;
  const auto at = [&](const char* path) { return place.string() + path; };
  const std::string written = k3s_written_token(s);
  K3sPlan plan{.kubeconfig = server ? at(kK3sConfig) : ""};
  std::string program = "k3s";  // of the image
  if (n.k3s && !n.k3s->binary.empty()) {
    check_program(n, n.k3s->binary.resolved);
    const fs::path file = fs::absolute(n.k3s->binary.resolved);
    program = place.empty() ? kK3sProgram : file.string();
    if (place.empty()) plan.files.push_back({.path = kK3sProgram, .source = file, .mode = 0755});
  }
  const std::string url = server ? "" : fmt::format("https://{}:{}", url_host(server_of(s, n)), kK3sPort);
  plan.command = k3s_arguments(n, id, url, at(kK3sToken));
  plan.command.insert(plan.command.begin(), program);
  if (!place.empty())
    plan.command.insert(plan.command.begin() + 2, {"--data-dir", at("/var/lib/rancher/k3s")});
  if (!place.empty() && server)
    plan.command.insert(plan.command.begin() + 2, {"--write-kubeconfig", plan.kubeconfig});
  plan.files.push_back(
      {.path = at(kK3sToken), .text = written.empty() ? secret + "\n" : written, .mode = 0600});
  if (!server || !n.k3s) return plan;
  const std::string manifests = at(kK3sManifests) + "/";
  for (const auto& m : n.k3s->manifests)
    plan.files.push_back(
        {.path = manifests + m.resolved.stem().string() + ".yaml", .source = fs::absolute(m.resolved)});
  if (n.k3s->pod_limits)
    plan.files.push_back(
        {.path = manifests + "xedgesim-limits.yaml", .text = k3s_limit_range(*n.k3s->pod_limits)});
  return plan;
}

void check_k3s(const LinuxNode& n) {
  if (n.role == LinuxNode::Role::none) return;
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("node '{}': {}", n.id, why));
  };
  using Type = LinuxNode::Type;
  if (n.type == Type::vm && !n.image_file.empty())
    refuse(
        "a k3s role is put into images of ours and initial RAM disks; for a disk image use `xedgesim "
        "export`");
  if (n.type != Type::container && (!n.k3s || n.k3s->binary.empty()))
    refuse("a k3s role needs the program, which comes with no image of ours: name it by k3s.binary");
}

}  // namespace xedgesim::system
