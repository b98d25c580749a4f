#include "live/container_setup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/whole_file.h"
#include "live/machine_setup.h"
#include "net/ethernet/frame.h"
#include "system/switch_config.h"
#include "vm/image/image_store.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEdgeImage = "mqtt-ml-inference";  // the seed's name

/// HOST:CONTAINER[:ro].
container::Volume volume_of(const scenario::LinuxNode& n, const std::string& text) {
  const size_t colon = text.find(':');
  container::Volume v{.host = text.substr(0, colon), .inside = text.substr(colon + 1)};
  const std::string inside = v.inside.string();
  if (const size_t option = inside.rfind(':'); option != std::string::npos) {
    const std::string word = inside.substr(option + 1);
    if (word != "ro" && word != "rw")
      throw ConfigError(fmt::format("node '{}': volume '{}': '{}' is none of ro and rw", n.id, text, word));
    v.read_only = word == "ro";
    v.inside = inside.substr(0, option);
  }
  if (!v.inside.is_absolute())
    throw ConfigError(
        fmt::format("node '{}': volume '{}': the place in the container must begin with /", n.id, text));
  if (v.host.is_relative()) v.host = (n.folder / v.host).lexically_normal();
  std::error_code ec;
  if (!fs::exists(v.host, ec))
    throw ConfigError(
        fmt::format("node '{}': volume '{}': there is nothing at {}", n.id, text, v.host.string()));
  v.host = fs::absolute(v.host, ec);
  return v;
}

void check_variable(const scenario::LinuxNode& n, const std::string& name, const std::string& value) {
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
      value.find('\0') != std::string::npos)
    throw ConfigError(
        fmt::format("node '{}': '{}' is no name of a variable, or its value holds a zero byte: "
                    "choose another",
                    n.id, name));
}

ContainerSetup common_setup(const system::MachineNode& m, const lan::Responder::Config& lan) {
  const scenario::LinuxNode& n = *m.group;
  ContainerSetup s{.id = m.id, .image = n.image, .command = n.command};
  for (const auto& [name, value] : n.environment) {
    check_variable(n, name, value);
    s.environment.push_back(name + "=" + value);
  }
  for (const std::string& v : n.volumes) s.volumes.push_back(volume_of(n, v));
  for (const std::string& word : n.command)
    if (word.find('\0') != std::string::npos)
      throw ConfigError(fmt::format("node '{}': a word of the command holds a zero byte: remove it", n.id));
  const uint32_t gateway = system::parse_ipv4(m.address.gateway).value_or(lan.gateway ? lan.ip : 0);
  for (const system::CardAddress& a : m.address.cards) {
    container::NetworkCard card{
        .name = a.name, .mac = net::ethernet::octets(a.mac), .ip = a.ip, .prefix = a.prefix};
    if (gateway != 0 && a.reaches(gateway)) card.gateway = gateway;
    s.cards.push_back(card);
  }
  s.hosts = "127.0.0.1 localhost\n";
  for (const std::string& line : m.address.hosts) s.hosts += line + "\n";
  s.resolv = fmt::format("nameserver {}\n", system::dotted_ipv4(lan.ip));
  if (!lan.domain.empty()) s.resolv += fmt::format("search {}\n", lan.domain);
  s.limits = limits_of(n);
  return s;
}

}  // namespace

ContainerSetup container_setup(const system::MachineNode& m, const lan::Responder::Config& lan) {
  return common_setup(m, lan);
}

ContainerSetup process_setup(const system::MachineNode& m, const lan::Responder::Config& lan) {
  const scenario::LinuxNode& n = *m.group;
  ContainerSetup s = common_setup(m, lan);
  s.unlimited = refused_limits(n);
  if (!n.image.empty()) {
    const auto image = local_image(n.image);
    if (!image)
      throw ConfigError(
          fmt::format("node '{}': there is no image '{}' whose files a process could see: make one by "
                      "`xedgesim image build NAME` (the edge's: gateway), or use a container engine",
                      n.id, n.image));
    s.root_archive = image->initrd;
  }
  if (s.command.empty() && s.root_archive.empty() && n.role == scenario::LinuxNode::Role::none)
    throw ConfigError(fmt::format("node '{}': there is nothing to run: set `command`", n.id));
  return s;
}

void add_k3s(ContainerSetup& s, const system::K3sPlan& plan, const fs::path& folder) {
  const fs::path root = fs::absolute(folder);
  const bool sees_host = plan.files.front().path.starts_with(root.string());
  fs::create_directories(root);
  fs::permissions(root, fs::perms::owner_all);  // the token lies there
  for (const system::K3sPlan::File& f : plan.files) {
    // What the node sees is that very file; or a file of ours is laid over its own.
    const fs::path file = sees_host ? fs::path(f.path) : root / fs::path(f.path).relative_path();
    if (f.source.empty() || sees_host) {
      fs::create_directories(file.parent_path());
      write_whole_file(file, f.source.empty() ? f.text : read_whole_file(f.source));
      fs::permissions(file, static_cast<fs::perms>(f.mode));
    }
    if (!sees_host)
      s.volumes.push_back({.host = f.source.empty() ? file : f.source, .inside = f.path, .read_only = true});
  }
  if (!plan.kubeconfig.empty()) s.environment.push_back("KUBECONFIG=" + plan.kubeconfig);
  if (!s.command.empty()) return;
  s.command = plan.command;
  s.whole_command = true;
}

std::optional<vm::Image> local_image(const std::string& name) {
  std::string word = name.substr(0, name.rfind(':') == std::string::npos ? name.size() : name.rfind(':'));
  if (word.starts_with("localhost/")) word.erase(0, 10);
  if (word.starts_with("xedgesim/")) word.erase(0, 9);
  if (word.find('/') != std::string::npos) return std::nullopt;
  if (word == kEdgeImage || word == "mqtt-ml") word = "gateway";
  return vm::ImageStore().find(word, vm::host_arch().value_or(vm::Arch::x86_64));
}

std::vector<std::string> with_usual_variables(std::vector<std::string> own) {
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::string begin = std::string(name) + "=";
    if (std::none_of(own.begin(), own.end(), [&](const std::string& v) { return v.starts_with(begin); }))
      own.push_back(begin + std::string(value));
  };
  add("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/busybox");
  add("HOME", "/root");
  add("TERM", "dumb");
  return own;
}

}  // namespace xedgesim::live
