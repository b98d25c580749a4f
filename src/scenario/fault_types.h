#pragma once
#include <string_view>
#include <vector>

#include "scenario/expand.h"

namespace xedgesim::scenario {

/// What a type of fault applies to and which of its own keys it understands.
struct FaultType {
  Fault::Type type;
  std::string_view name;
  std::string_view doc;
  std::vector<NodeClass> targets;
  std::vector<std::string_view> keys;  ///< beyond time, type, target, duration, description, repeat, random
  std::vector<std::string_view> required;  ///< of those keys
  bool needs_target = true;
  std::vector<std::string_view> synonyms = {};  ///< other names of the type
};

/// Keys of `Impairments`.
const std::vector<std::string_view>& impairment_names();
const std::vector<FaultType>& fault_types();
const FaultType& fault_type(Fault::Type type);
std::string_view class_name(NodeClass kind);  ///< "edge node"

}  // namespace xedgesim::scenario
