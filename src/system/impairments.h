#pragma once
#include "net/link/link.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A scenario's impairments as new values for a link's parameters.
net::LinkPatch link_patch(const scenario::Impairments& impairments);

/// The two directions of a path: what both share, and what each has on top.
struct Directions {
  net::LinkParameters forward, backward;
};
Directions link_directions(const scenario::Impairments& both,
                           const std::optional<scenario::Impairments>& forward,
                           const std::optional<scenario::Impairments>& backward);

/// What a profile does to the direction of the link `link` that leads to `node` (empty: to a switch), as tc
/// on the host's end of a machine's cable: the link's name counts before the node's, a name before a pattern.
/// Null: nothing.
const scenario::Impairments* profile_entry(const scenario::Profile& profile, const std::string& link,
                                           const std::string& node);

}  // namespace xedgesim::system
