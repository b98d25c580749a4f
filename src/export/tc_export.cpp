#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "export/tc.h"
#include "system/impairments.h"

namespace xedgesim::exporter {
namespace {

/// One sending side of a cable as the host has it.
struct Side {
  std::string device;      ///< that sends, or takes in what the machine sends
  bool from_machine;       ///< comes in by `device`: shaped on an ifb device
  std::string link, node;  ///< for profiles: the direction leads to `node` (empty: to a switch)
  std::string where;
  net::LinkParameters parameters;
  const scenario::Bandwidth* shaping = nullptr;
};

const scenario::Bandwidth* bandwidth(const scenario::Qos* qos, bool towards) {
  if (!qos) return nullptr;
  const auto& b = towards ? qos->inbound : qos->outbound;
  return b ? &*b : nullptr;
}

bool in_ovs(const scenario::Switch* s) { return s && s->backend == scenario::Switch::Backend::ovs; }

std::vector<Side> sides(const Topology& t, Result& result) {
  std::vector<Side> out;
  for (const Machine& m : t.machines)
    for (const Card& c : m.cards) {
      Side to{c.device, false, c.link, m.id, c.where, c.towards, bandwidth(c.qos, true)};
      if (c.at)
        if (const auto* qos = port_qos(*c.at, c.port)) {
          if (in_ovs(c.at))
            result.warn(c.where,
                        fmt::format("port '{}' of switch '{}' is shaped by Open vSwitch: see export ovs",
                                    c.port_name, c.at->id));
          else
            add_port_classes(*qos, c.where, to.parameters, result);
        }
      out.push_back(std::move(to));
      out.push_back({c.device, true, c.link, "", c.where, c.from, bandwidth(c.qos, false)});
    }
  for (const Trunk& k : t.trunks)
    for (const auto& [end, p] : {std::pair(&k.a, &k.forward), std::pair(&k.b, &k.backward)}) {
      Side s{end->device, false, k.link, "", k.where, *p, nullptr};
      if (const auto* qos = port_qos(*end->at, end->port); qos && !in_ovs(end->at))
        add_port_classes(*qos, k.where, s.parameters, result);
      out.push_back(std::move(s));
    }
  return out;
}

/// The ifb device that stands for what comes in by a device.
std::string mirror_of(const std::string& device) { return "i" + device.substr(1); }

void write_side(Script& script, const Side& s, const net::LinkParameters& p, Result& result) {
  const std::string sender = s.from_machine ? mirror_of(s.device) : s.device;
  const auto commands = tc_commands(sender, p, s.shaping, s.where, result);
  if (commands.empty()) return;
  script.comment(fmt::format("{} {}", s.from_machine ? "from" : "towards", s.device));
  if (s.from_machine) {
    script.attempt({"ip", "link", "add", sender, "type", "ifb"});
    script.run({"ip", "link", "set", sender, "up"});
    script.attempt({"tc", "qdisc", "del", "dev", s.device, "ingress"});
    script.run({"tc", "qdisc", "add", "dev", s.device, "ingress"});
    script.run({"tc",    "filter", "add", "dev", s.device, "parent", "ffff:",  "protocol", "all", "u32",
                "match", "u32",    "0",   "0",   "action", "mirred", "egress", "redirect", "dev", sender});
  }
  script.attempt({"tc", "qdisc", "del", "dev", sender, "root"});
  for (const Command& c : commands) script.run(c);
}

net::LinkParameters parameters_in(const Side& s, const scenario::Profile* profile) {
  const auto* entry = profile ? system::profile_entry(*profile, s.link, s.node) : nullptr;
  return entry ? net::patched(s.parameters, system::link_patch(*entry)) : s.parameters;
}

/// One script for each state of the cables.
class Writer {
 public:
  explicit Writer(const Topology& t) : sides_(sides(t, result_)) {}

  /// A state of which there will be a script: devices that one of them unplugs are said to be up in the
  /// others.
  void look(const scenario::Profile* profile) {
    for (const Side& s : sides_)
      if (!parameters_in(s, profile).up) switched_.insert(s.device);
  }

  /// A profile's script also takes away what another one left. `where`: of its warnings.
  void write(const std::string& file, const std::string& purpose, const scenario::Profile* profile,
             const std::string& where) {
    Script script(purpose);
    Result of_this;
    for (const Side& s : sides_) {
      const size_t before = script.text().size();
      write_side(script, s, parameters_in(s, profile), of_this);
      const bool written = script.text().size() > before;
      any_ |= written;
      if (profile && !written)
        script.attempt(
            {"tc", "qdisc", "del", "dev", s.from_machine ? mirror_of(s.device) : s.device, "root"});
    }
    plug(script, profile);
    for (Warning& w : of_this.warnings) {
      if (profile) w.where = where;
      warn(std::move(w));
    }
    result_.add(file, script.text(), 0755);
  }

  Result finish() {
    if (!any_ || sides_.empty())
      throw ExportError("", "nothing here is for tc: add links, nodes with qos, or profiles");
    Script remove("Takes every queueing discipline of apply.sh and of the profiles away.");
    for (const Side& s : sides_) {
      if (s.from_machine) {
        remove.attempt({"tc", "qdisc", "del", "dev", s.device, "ingress"});
        remove.attempt({"ip", "link", "del", mirror_of(s.device)});
      } else {
        remove.attempt({"tc", "qdisc", "del", "dev", s.device, "root"});
      }
    }
    for (const std::string& device : switched_) remove.attempt({"ip", "link", "set", device, "up"});
    result_.add("remove.sh", remove.text(), 0755);
    return std::move(result_);
  }

 private:
  void plug(Script& script, const scenario::Profile* profile) {
    for (const std::string& device : switched_) {
      const bool down = std::any_of(sides_.begin(), sides_.end(), [&](const Side& s) {
        return s.device == device && !parameters_in(s, profile).up;
      });
      script.comment(down ? "unplugged" : "plugged in");
      script.run({"ip", "link", "set", device, down ? "down" : "up"});
      any_ = true;
    }
  }

  void warn(Warning w) {
    const bool known = std::any_of(result_.warnings.begin(), result_.warnings.end(),
                                   [&](const Warning& o) { return o.where == w.where && o.text == w.text; });
    if (!known) result_.warnings.push_back(std::move(w));
  }

  Result result_;
  std::vector<Side> sides_;
  std::set<std::string> switched_;
  bool any_ = false;  // a command was written
};

/// The built-in profiles first.
std::vector<std::pair<std::string, scenario::Profile>> profiles_of(const scenario::Scenario& scenario) {
  std::vector<std::string> names{"default", "constrained", "lossy"};
  for (const auto& [name, profile] : scenario.profiles)
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::vector<std::pair<std::string, scenario::Profile>> out;
  for (const std::string& name : names)
    if (auto profile = scenario::find_profile(scenario, name)) out.emplace_back(name, std::move(*profile));
  return out;
}

}  // namespace

Result export_tc(const scenario::Scenario& scenario) {
  Writer writer(make_topology(scenario));
  const auto profiles = profiles_of(scenario);
  std::optional<scenario::Profile> at_start;
  if (scenario.network.profile) at_start = scenario::find_profile(scenario, *scenario.network.profile);
  const scenario::Profile* in_force = at_start ? &*at_start : nullptr;
  writer.look(in_force);
  for (const auto& [name, profile] : profiles) writer.look(&profile);
  writer.write("apply.sh", "Cables, port queues and node limits of the scenario; the devices must be there.",
               in_force, "network.profile");
  for (const auto& [name, profile] : profiles)
    writer.write("profile-" + file_name(name) + ".sh",
                 "Profile " + name + " on top of what the scenario declares.", &profile,
                 scenario.profiles.count(name) ? "profiles." + name : "profiles");
  return writer.finish();
}

}  // namespace xedgesim::exporter
