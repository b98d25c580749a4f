#include "live/state_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "container/engine.h"
#include "live/libvirt_machine.h"
#include "live/open_vswitch.h"
#include "vm/cgroup.h"

namespace xedgesim::live {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr size_t kLongestSystemName = 40;
constexpr size_t kLongestSocket = 107;  // unix(7)

std::string variable(const char* name) {
  const char* v = std::getenv(name);
  return v ? v : "";
}

json to_json(const HostProcess& p) { return {{"pid", p.pid}, {"started", p.started}}; }

HostProcess process_of(const json& j) { return {j.value("pid", pid_t{-1}), j.value("started", int64_t{0})}; }

/// True when it was still there.
bool remove_container(const SystemRecord::Node& n) {
  if (n.container.empty()) return false;
  try {
    return container::Engine(n.engine).remove(n.container);
  } catch (const Error&) {
    return false;  // the engine is gone; the next one that starts a container with it looks for orphans
  }
}

}  // namespace

fs::path StateFolder::root() {
  if (const std::string own = variable("XEDGESIM_STATE"); !own.empty()) return own;
  if (const std::string run = variable("XDG_RUNTIME_DIR"); !run.empty()) return fs::path(run) / "xedgesim";
  std::string state = variable("XDG_STATE_HOME");
  if (state.empty()) state = variable("HOME").empty() ? "/var/lib" : variable("HOME") + "/.local/state";
  return fs::path(state) / "xedgesim";
}

StateFolder::StateFolder(const std::string& name, fs::path root_folder)
    : name_(name), path_(root_folder / name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (name.empty() || name.size() > kLongestSystemName || name[0] == '.' ||
      !std::all_of(name.begin(), name.end(), good))
    throw ConfigError(
        fmt::format("'{}' is no name for a system: use letters, digits, '-', '_' and '.', at most {}; "
                    "--name gives it another",
                    name, kLongestSystemName));
  if (session_socket().string().size() > kLongestSocket)
    throw ConfigError(
        fmt::format("the path {} is too long for a socket: set XEDGESIM_STATE to a shorter folder",
                    session_socket().string()));
}

std::vector<std::string> StateFolder::names(const fs::path& root_folder) {
  std::vector<std::string> out;
  std::error_code ec;
  for (const auto& e : fs::directory_iterator(root_folder, ec))
    if (const std::string name = e.path().filename().string(); e.is_directory(ec) && name[0] != '.')
      out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

void StateFolder::create() const {
  std::error_code ec;
  fs::create_directories(path_.parent_path(), ec);
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (mkdir(path_.c_str(), S_IRWXU) == 0) return;
    if (errno != EEXIST) break;
    if (up() || attempt > 0)
      throw ConfigError(fmt::format(
          "the system '{}' is up already: `xedgesim down {}`, or choose another --name", name_, name_));
    clean_up();
  }
  throw ConfigError(fmt::format("cannot make {}: {}; set XEDGESIM_STATE to a folder of yours", path_.string(),
                                std::strerror(errno)));
}

void StateFolder::write(const SystemRecord& r) const {
  json nodes = json::array();
  for (const SystemRecord::Node& n : r.nodes) {
    json groups = json::array();
    for (const fs::path& g : n.cgroups) groups.push_back(g.string());
    nodes.push_back({{"id", n.id},
                     {"process", to_json(n.process)},
                     {"cgroups", groups},
                     {"container", n.container},
                     {"engine", n.engine.string()},
                     {"domain", n.domain},
                     {"libvirt", n.libvirt}});
  }
  const json j = {{"name", r.name},          {"scenario", r.scenario}, {"owner", to_json(r.owner)},
                  {"since", r.since_unix_s}, {"bridges", r.bridges},   {"nodes", nodes}};
  const fs::path fresh = path_ / "system.json.new";
  std::ofstream out(fresh);
  out << j.dump(2) << "\n";
  out.close();
  std::error_code ec;
  if (out) fs::rename(fresh, path_ / "system.json", ec);
  if (!out || ec) throw SimulationError(fmt::format("cannot write {}: is the disk full?", fresh.string()));
}

std::optional<SystemRecord> StateFolder::read() const {
  std::ifstream in(path_ / "system.json");
  const json j = json::parse(in, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  try {
    SystemRecord r{.name = j.value("name", name_),
                   .scenario = j.value("scenario", ""),
                   .owner = process_of(j.value("owner", json::object())),
                   .since_unix_s = j.value("since", int64_t{0})};
    const json nodes = j.value("nodes", json::array());
    for (const json& n : nodes) {
      SystemRecord::Node node{.id = n.value("id", ""),
                              .process = process_of(n.value("process", json::object())),
                              .container = n.value("container", ""),
                              .engine = n.value("engine", ""),
                              .domain = n.value("domain", ""),
                              .libvirt = n.value("libvirt", "")};
      const json groups = n.value("cgroups", json::array());
      for (const json& g : groups) node.cgroups.emplace_back(g.get<std::string>());
      r.nodes.push_back(std::move(node));
    }
    r.bridges = j.value("bridges", std::vector<std::string>{});
    return r;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

bool StateFolder::up() const {
  const auto r = read();
  return r && alive(r->owner);
}

size_t StateFolder::clean_up() const {
  size_t found = 0;
  if (const auto r = read()) {
    // The owner first: it would start a machine anew.
    std::vector<HostProcess> all{r->owner};
    for (const auto& n : r->nodes) all.push_back(n.process);
    for (const HostProcess& p : all) {
      if (!alive(p)) continue;
      ++found;
      end_process(p, Duration::s(2));
    }
    for (const auto& n : r->nodes) vm::remove_cgroups(n.cgroups);
    for (const auto& n : r->nodes) found += remove_container(n);
    for (const auto& n : r->nodes) found += !n.domain.empty() && remove_domain(n.libvirt, n.domain);
    for (const std::string& b : r->bridges) OpenVswitch::remove(b);
  }
  std::error_code ec;
  fs::remove_all(path_, ec);
  return found;
}

}  // namespace xedgesim::live
