#include "export/compose.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/artefacts.h"
#include "export/compose_file.h"
#include "export/shell.h"
#include "export/systemd.h"
#include "scenario/expand.h"
#include "system/addresses.h"
#include "system/lan_config.h"
#include "system/machine_images.h"
#include "system/switch_config.h"

namespace xedgesim::exporter {
namespace {

namespace fs = std::filesystem;

/// "host:container[:ro]"; relative host paths start at `folder`, are copied and mounted from beside the
/// compose file.
Mount read_volume(const std::string& text, const fs::path& folder, const std::string& owner,
                  const std::string& where, Artefacts& artefacts, Result& result) {
  const size_t colon = text.find(':');
  Mount m;
  m.source = text.substr(0, colon);
  m.target = text.substr(colon + 1);
  if (const size_t options = m.target.find(':'); options != std::string::npos) {
    const std::string rest = m.target.substr(options + 1);
    m.target.resize(options);
    m.read_only = rest == "ro" || rest.rfind("ro,", 0) == 0;
  }
  if (m.source.find('\0') != std::string::npos || m.target.empty() || m.target[0] != '/')
    throw ExportError(
        where, fmt::format("'{}' does not say where in the container: write HOST:/PATH", one_line(text)));
  const fs::path host(m.source);
  if (host.is_absolute()) {
    result.warn(where,
                fmt::format("'{}' is a path of this host: production needs it too", one_line(m.source)));
    return m;
  }
  const fs::path found = (folder / host).lexically_normal();
  std::error_code ec;
  if (!fs::exists(found, ec)) {
    if (m.source.find('/') == std::string::npos && m.source[0] != '.' && m.source[0] != '~') {
      m.volume = true;
      return m;
    }
    result.warn(
        where, fmt::format("there is nothing at '{}': an empty folder is mounted", one_line(found.string())));
  }
  const fs::path place = fs::path("artefacts") / owner / file_name(m.source);
  if (fs::is_directory(found, ec))
    artefacts.add_folder("volume", owner, m.source, found, place);
  else if (fs::is_regular_file(found, ec))
    artefacts.add("volume", owner, {m.source, found}, place);
  m.source = "./" + place.string();
  return m;
}

void add_model(Artefacts& artefacts, const std::string& owner, const scenario::FilePath& model) {
  if (model.empty()) return;
  const std::string name = "model" + fs::path(model.written).extension().string();
  artefacts.add("model", owner, model, fs::path("artefacts") / owner / name);
}

/// Where there are several networks, those of a container's cards.
std::vector<ContainerNetwork> networks_of(const scenario::Scenario& s, const Topology& t,
                                          const std::string& id) {
  std::vector<ContainerNetwork> out;
  if (!system::several_networks(s)) return out;
  for (const Machine& m : t.machines)
    for (const Card& c : m.cards)
      if (m.id == id) out.push_back({c.bridge, c.ip});
  return out;
}

std::vector<Service> services_of(const scenario::Scenario& s, const Topology& topology, Artefacts& artefacts,
                                 Result& result) {
  std::vector<Service> out;
  for (size_t i = 0; i < s.edge.size(); ++i) {
    const scenario::EdgeNode& e = s.edge[i];
    const std::string where = fmt::format("edge[{}]", i);
    if (e.type != scenario::EdgeNode::Type::docker) {
      add_model(artefacts, e.id, scenario::edge_model_file(e));
      if (e.type == scenario::EdgeNode::Type::model)
        result.warn(where, "a native model has no program to deploy: only its ml_model goes along");
      continue;
    }
    Service c{.name = e.id, .where = where, .image = e.image, .network_mode = e.network_mode};
    c.environment = e.environment;
    c.command = e.command;
    c.cpus = e.cpus;
    c.memory = e.memory;
    c.health = e.health;
    for (size_t k = 0; k < e.volumes.size(); ++k)
      c.mounts.push_back(read_volume(e.volumes[k], e.folder, e.id, fmt::format("{}.volumes[{}]", where, k),
                                     artefacts, result));
    add_model(artefacts, e.id, e.ml_model);
    artefacts.mention_image(e.id, e.image);
    out.push_back(std::move(c));
  }
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    const scenario::LinuxNode& n = s.nodes[i];
    const std::string where = fmt::format("nodes[{}]", i);
    if (n.type != scenario::LinuxNode::Type::container) continue;
    for (int64_t k = 0; k < n.count; ++k) {
      Service c{.name = scenario::member_id(n.id, n.count, k),
                .where = where,
                .image = n.image,
                .network_mode = "bridge"};
      c.networks = networks_of(s, topology, c.name);
      if (c.networks.size() > 1)
        result.warn(
            where,
            fmt::format("{}: in production its network is the host's, which has to have the cards", c.name));
      for (const Machine& m : topology.machines)
        for (const Card& card : m.cards)
          if (m.id == c.name && (!card.from.up || !card.towards.up))
            result.warn(card.where,
                        fmt::format("{}: a container's network has no cable to pull: 'up: false' is "
                                    "left out",
                                    c.name));
      c.environment = n.environment;
      c.command = n.command;
      c.cpus = n.cpu_quota;
      c.cpu_shares = n.cpu_shares;
      c.memory = n.memory;
      for (size_t v = 0; v < n.volumes.size(); ++v)
        c.mounts.push_back(read_volume(n.volumes[v], n.folder, n.id, fmt::format("{}.volumes[{}]", where, v),
                                       artefacts, result));
      artefacts.mention_image(c.name, c.image);
      out.push_back(std::move(c));
    }
  }
  return out;
}

void add_firmware(const scenario::Scenario& s, Artefacts& artefacts, Result& result) {
  std::string all, rules;
  for (size_t i = 0; i < s.devices.size(); ++i) {
    const scenario::Device& d = s.devices[i];
    if (!d.ml_model.empty()) {
      artefacts.add(
          "model", d.id, d.ml_model,
          fs::path("firmware") / (d.id + ".model" + fs::path(d.ml_model.written).extension().string()));
    }
    if (!d.emulated() || !d.firmware) continue;
    std::string extension = d.firmware->file.resolved.extension().string();
    if (extension != ".hex" && extension != ".bin") extension = ".elf";
    const std::string file = d.id + extension;
    artefacts.add("firmware", d.id, d.firmware->file, fs::path("firmware") / file);
    all += " flash-" + d.id;
    const std::string at = d.firmware->address ? fmt::format(" {:#x}", *d.firmware->address) : "";
    const std::string pyocd_at =
        d.firmware->address ? fmt::format(" --base-address {:#x}", *d.firmware->address) : "";
    rules += fmt::format(
        "# {2}\nflash-{0}:\n"
        "\t@if command -v openocd >/dev/null; then \\\n"
        "\t  openocd -f board/nordic_nrf52_dk.cfg -c \"program {1}{3} verify reset exit\"; \\\n"
        "\telif command -v pyocd >/dev/null; then \\\n"
        "\t  pyocd flash -t nrf52840{4} {1}; \\\n"
        "\telse \\\n"
        "\t  echo \"make flash-{0}: install openocd or pyocd to program a board\" >&2; exit 1; \\\n"
        "\tfi\n\n",
        d.id, file, one_line(fmt::format("{} board(s), platform {}", d.count, d.platform)), at, pyocd_at);
    if (d.ml_model.empty()) continue;
    result.warn(
        fmt::format("devices[{}].ml_model", i),
        fmt::format("the simulation lays the model into flash at {:#x}: program it there too, or build it in",
                    d.ml_model_address));
  }
  if (all.empty()) return;
  result.add("firmware/Makefile",
             "# Made by xedgesim export. Programs one board with the very file that ran in the "
             "simulation:\n#   make flash-GROUP\n"
             "# A device's settings (address, rates) are words of UICR: docs/firmware.md of xedgesim.\n"
             ".PHONY: check" +
                 all + "\n\ncheck:\n\tcd .. && sha256sum --check --quiet SHA256SUMS\n\n" + rules);
}

void add_units(const scenario::Scenario& s, bool containers, Result& result) {
  const std::string project = file_name(s.meta.name);
  if (containers) {
    Unit u;
    u.description = "Containers of " + s.meta.name;
    u.unit = {{"After", "network-online.target docker.service"}, {"Wants", "network-online.target"}};
    u.service = {{"Type", "simple"},
                 {"WorkingDirectory", "/opt/xedgesim/" + project},
                 {"ExecStop", "/usr/bin/docker compose -f docker-compose.production.yml down"},
                 {"Restart", "always"}};
    u.command = {"/usr/bin/docker", "compose", "-f", "docker-compose.production.yml", "up"};
    result.add("systemd/xedgesim-" + project + ".service", u.text());
  }
  const auto process = [&](const std::string& id, const std::string& description,
                           const std::vector<std::string>& command,
                           const std::map<std::string, std::string>& environment, std::optional<double> cpus,
                           std::optional<int64_t> memory, const std::string& where) {
    Unit u;
    u.description = description.empty() ? id : description;
    u.unit = {{"After", "network-online.target"}, {"Wants", "network-online.target"}};
    u.service = {{"Type", "exec"}, {"WorkingDirectory", "/opt/xedgesim/" + project}, {"Restart", "always"}};
    if (cpus) u.service.emplace_back("CPUQuota", fmt::format("{}%", static_cast<int64_t>(*cpus * 100)));
    if (memory) u.service.emplace_back("MemoryMax", fmt::format("{}", *memory));
    u.command = command;
    u.environment = environment;
    // systemd looks only absolute names up; others go through env.
    if (!u.command.empty() && u.command[0].rfind('/', 0) != 0)
      u.command.insert(u.command.begin(), {"/usr/bin/env", "--"});
    try {
      result.add("systemd/" + id + ".service", u.text());
    } catch (const ConfigError& e) {
      throw ExportError(where, e.what());
    }
  };
  for (size_t i = 0; i < s.edge.size(); ++i) {
    const auto& e = s.edge[i];
    if (e.type == scenario::EdgeNode::Type::process)
      process(e.id, e.description, e.command, e.environment, e.cpus, e.memory, fmt::format("edge[{}]", i));
  }
  for (size_t i = 0; i < s.nodes.size(); ++i) {
    const auto& n = s.nodes[i];
    if (n.type != scenario::LinuxNode::Type::process) continue;
    for (int64_t k = 0; k < n.count; ++k)
      process(scenario::member_id(n.id, n.count, k), n.description, n.command, n.environment, n.cpu_quota,
              n.memory, fmt::format("nodes[{}]", i));
  }
}

/// Environment variables' names go into several formats as they are.
void check_variables(const std::map<std::string, std::string>& environment, const std::string& where) {
  for (const auto& [name, value] : environment)
    if (name.empty() ||
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
            std::string::npos ||
        (name[0] >= '0' && name[0] <= '9'))
      throw ExportError(
          where + ".environment",
          fmt::format("'{}' is no name of a variable: use letters, digits and '_', and begin with a letter",
                      one_line(name)));
}

}  // namespace

Result export_compose(const scenario::Scenario& s, const ComposeOptions& options) {
  Result result;
  Artefacts artefacts;
  for (size_t i = 0; i < s.edge.size(); ++i)
    check_variables(s.edge[i].environment, fmt::format("edge[{}]", i));
  for (size_t i = 0; i < s.nodes.size(); ++i)
    check_variables(s.nodes[i].environment, fmt::format("nodes[{}]", i));
  const Topology topology = make_topology(s);
  const auto services = services_of(s, topology, artefacts, result);
  if (!services.empty()) {
    const auto lans =
        system::several_networks(s) ? system::lan_configs(s) : std::vector<lan::Responder::Config>();
    for (const bool production : {false, true}) {
      ComposeFile file(
          production ? "Made by xedgesim export: production" : "Made by xedgesim export: simulation", lans);
      for (const Service& c : services) file.add(c, production);
      result.add(production ? "docker-compose.production.yml" : "docker-compose.simulation.yml",
                 file.finish());
    }
  }
  add_firmware(s, artefacts, result);
  add_units(s, !services.empty(), result);
  for (size_t i = 0; i < s.cloud.size(); ++i) {
    const auto& c = s.cloud[i];
    for (const auto& [role, file] : {std::pair("model", c.ml_model), std::pair("script", c.script)})
      if (!file.empty())
        artefacts.add(role, c.id, file,
                      fs::path("artefacts") / c.id / (role + fs::path(file.written).extension().string()));
  }
  for (const auto& n : s.nodes)
    for (const auto& [role, file] : {std::pair("disk image", n.image_file), std::pair("kernel", n.kernel),
                                     std::pair("initrd", n.initrd)})
      if (!file.empty()) artefacts.mention(role, n.id, file);
  for (const vm::Image& image : system::machine_images(s)) artefacts.mention_machine_image(image);
  add_k3s(s, topology, options.secret, result);
  if (result.files.empty() && artefacts.files().empty())
    throw ExportError(
        "",
        "nothing here goes to production: add firmware, edge nodes of type docker or process, or k3s roles");
  if (!options.run.empty()) artefacts.check_against_run(options.run);
  result.files.insert(result.files.end(), artefacts.files().begin(), artefacts.files().end());
  if (!artefacts.checksums().empty()) result.add("SHA256SUMS", artefacts.checksums());
  nlohmann::ordered_json manifest{{"scenario", s.meta.name}, {"xedgesim", options.version}};
  manifest["artefacts"] = artefacts.manifest();
  result.add("manifest.json", manifest.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  return result;
}

}  // namespace xedgesim::exporter
