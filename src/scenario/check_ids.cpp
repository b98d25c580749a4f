#include <map>
#include <unordered_map>

#include "scenario/check.h"

namespace xedgesim::scenario {
namespace {

constexpr int64_t kMostDevices = 100'000;

class Ids {
 public:
  explicit Ids(Check& check) : check_(check) {}
  void add(const std::string& id, const std::string& owner) {
    if (id.empty()) return;
    const auto [known, fresh] = owners_.emplace(id, owner);
    if (fresh || known->second == owner) return;
    const std::string at_key = check_.given(owner + ".id") ? owner + ".id" : owner;
    check_.error(at_key, "the id '{}' is taken by {} in line {}: choose another", id, known->second,
                 check_.place(known->second).line);
  }
  void add_group(const std::string& id, int64_t count, const std::string& owner) {
    add(id, owner);
    if (count > 1 && !id.empty())
      for (int64_t i = 0; i < count; ++i) add(member_id(id, count, i), owner);
  }

 private:
  Check& check_;
  std::unordered_map<std::string, std::string> owners_;
};

}  // namespace

bool check_counts(Check& check) {
  bool ok = true;
  int64_t total = 0;
  for (size_t i = 0; i < check.s.devices.size(); ++i) {
    const int64_t before = total;
    total += check.s.devices[i].count;
    ok = ok && total <= kMostDevices;
    if (before <= kMostDevices && total > kMostDevices)
      check.error(at("devices[{}].count", i),
                  "with this group there are {} devices: at most {} fit into one run", total, kMostDevices);
  }
  total = 0;
  for (size_t i = 0; i < check.s.nodes.size(); ++i) {
    const int64_t before = total;
    total += check.s.nodes[i].count;
    ok = ok && total <= kMostDevices;
    if (before <= kMostDevices && total > kMostDevices)
      check.error(at("nodes[{}].count", i), "with this group there are {} nodes: at most {} fit into one run",
                  total, kMostDevices);
  }
  return ok;
}

void check_ids(Check& check) {
  Ids ids(check);
  const Scenario& s = check.s;
  for (size_t i = 0; i < s.devices.size(); ++i)
    ids.add_group(s.devices[i].id, s.devices[i].count, at("devices[{}]", i));
  for (size_t i = 0; i < s.edge.size(); ++i) ids.add(s.edge[i].id, at("edge[{}]", i));
  for (size_t i = 0; i < s.cloud.size(); ++i) ids.add(s.cloud[i].id, at("cloud[{}]", i));
  for (size_t i = 0; i < s.nodes.size(); ++i)
    ids.add_group(s.nodes[i].id, s.nodes[i].count, at("nodes[{}]", i));
  for (size_t i = 0; i < s.switches.size(); ++i) ids.add(s.switches[i].id, at("switches[{}]", i));
  for (size_t i = 0; i < s.links.size(); ++i) ids.add(s.links[i].id, at("links[{}]", i));
  for (const auto& [name, wired] : s.network.wired) ids.add(name, "network.wired." + name);
  for (size_t i = 0; i < s.network.interferers.size(); ++i)
    ids.add(s.network.interferers[i].id, at("network.interferers[{}]", i));
  for (size_t i = 0; i < s.network.gateways.size(); ++i)
    ids.add(s.network.gateways[i].id, at("network.gateways[{}]", i));
}

std::vector<NamedNode> check_targets(Check& check, const std::string& path, const Targets& targets,
                                     const NameTable* names) {
  std::vector<NamedNode> out;
  if (names == nullptr) return out;
  for (size_t i = 0; i < targets.size(); ++i) {
    const std::string one = check.given(at("{}[{}]", path, i)) ? at("{}[{}]", path, i) : path;
    auto found = names->resolve(targets[i]);
    if (found.empty()) {
      const std::string hint =
          check.context().report.full() ? "" : did_you_mean(targets[i], names->names(kMostSuggested));
      check.error(
          one, "nothing is named '{}'{}", targets[i].substr(0, 80),
          !hint.empty() ? hint : ": write the id of a node, a group, a link or a pattern such as vib_*");
    }
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace xedgesim::scenario
