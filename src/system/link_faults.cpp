// What happens to wired links.
#include <fmt/format.h>

#include "base/error.h"
#include "system/fault_injector.h"
#include "system/impairments.h"

namespace xedgesim::system {

using nodes::ControlCode;
using scenario::Fault;

void post_link_change(System& system, const net::Link& link, SimTime t, net::LinkSide side,
                      net::LinkAction action, int64_t patch) {
  if (t.is_never() || t.since_start() > system.scenario().meta.duration) return;
  auto& s = system.scheduler();
  s.post(s.id(System::kFaults), net::link_change(link.config().id, t, side, action, patch));
}

/// Puts a profile in force on every link; no name: none.
void apply_profile(System& system, const std::optional<std::string>& name, SimTime when) {
  const auto profile = name ? scenario::find_profile(system.scenario(), *name) : scenario::Profile{};
  if (!profile) throw ConfigError(fmt::format("there is no profile '{}': define it under 'profiles'", *name));
  for (const System::LinkEnds& l : system.links()) {
    const auto apply = [&](net::LinkSide side, const std::string& node) {
      const scenario::Impairments* i = profile_entry(*profile, l.link->config().name, node);
      post_link_change(system, *l.link, when, side, net::LinkAction::profile,
                       i ? l.link->add_patch(link_patch(*i)) : -1);
    };
    apply(net::LinkSide::a_to_b, l.b);
    apply(net::LinkSide::b_to_a, l.a);
  }
}

void keep_later_profiles(System& system) {
  for (const System::LinkEnds& l : system.links())
    l.link->keep_profile_at(system.profile_times().overtaken_ends());
}

/// Links by name, and those of nodes and switches.
std::vector<net::Link*> fault_links(System& system, const Fault& fault) {
  std::vector<net::Link*> out;
  for (const auto& target : scenario::NameTable(system.scenario()).resolve(fault.target)) {
    const size_t before = out.size();
    for (const System::LinkEnds& l : system.links())
      if (l.link->config().name == target.id || l.a == target.id || l.b == target.id ||
          (target.kind == scenario::NodeClass::switch_ &&
           (l.link->config().a == system.scheduler().id(target.id) ||
            l.link->config().b == system.scheduler().id(target.id))))
        out.push_back(l.link);
    if (out.size() == before)
      throw ConfigError(fmt::format("the fault at {} is for wired links, and '{}' has none",
                                    to_string(SimTime::at(fault.time)), target.id));
  }
  return out;
}

void FaultInjector::overlay(SimTime begin, SimTime end, const net::LinkPatch& patch) {
  for (net::Link* l : fault_links(system_, fault_)) {
    const int64_t number = l->add_patch(patch);
    post_link_change(system_, *l, begin, net::LinkSide::both, net::LinkAction::begin_overlay, number);
    post_link_change(system_, *l, end, net::LinkSide::both, net::LinkAction::end_overlay, number);
  }
}

}  // namespace xedgesim::system
