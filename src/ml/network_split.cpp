#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

/// The layers [first, end) with the tensors they use; `input` and `output` of the whole become those of the
/// part.
Network part(const Network& whole, size_t first, size_t end, int input, int output) {
  Network p;
  std::map<int, int> moved;
  const auto take = [&](int t) {
    const auto [place, fresh] = moved.try_emplace(t, static_cast<int>(p.tensors.size()));
    if (fresh) p.tensors.push_back(whole.tensors[static_cast<size_t>(t)]);
    return place->second;
  };
  p.input = take(input);
  for (size_t i = first; i < end; ++i) {
    Layer l = whole.layers[i];
    for (int& t : l.inputs) t = take(t);
    l.output = take(l.output);
    p.layers.push_back(std::move(l));
  }
  p.output = take(output);
  return p;
}

}  // namespace

SplitNetwork split(const Network& net, int last) {
  const auto count = static_cast<int>(net.layers.size());
  if (last < 0 || last >= count - 1)
    throw ConfigError(fmt::format("the model has layers 0 to {}: the device's last layer must be 0 to {}",
                                  count - 1, count - 2));
  const auto cut = static_cast<size_t>(last) + 1;
  std::set<int> made{net.input}, crossing;
  for (size_t i = 0; i < cut; ++i) made.insert(net.layers[i].output);
  for (size_t i = cut; i < net.layers.size(); ++i)
    for (int t : net.layers[i].inputs)
      if (made.contains(t)) crossing.insert(t);
  if (made.contains(net.output)) crossing.insert(net.output);
  if (crossing.size() != 1)
    throw ConfigError(fmt::format(
        "the model cannot be cut behind layer {} ('{}'): {} tensors would have to be sent, because of a "
        "branch around the cut",
        last, net.layers[static_cast<size_t>(last)].name, crossing.size()));
  const int t = *crossing.begin();
  if (t == net.input)
    throw ConfigError(fmt::format("nothing of the layers up to {} is used by the rest", last));
  return {part(net, 0, cut, net.input, t), part(net, cut, net.layers.size(), t, net.output)};
}

}  // namespace xedgesim::ml
