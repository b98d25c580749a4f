#pragma once
#include <string>

#include "base/error.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A ConfigError that says where in the scenario's file the trouble is.
class LocatedError : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

[[noreturn]] inline void refuse_at(const scenario::Scenario& s, const std::string& path,
                                   const std::string& what) {
  throw LocatedError(s.places.prefix(path) + what);
}

/// Calls `build`. A ConfigError out of it gets the place of `path` in front, unless it has one.
template <class F>
decltype(auto) located(const scenario::Scenario& s, const std::string& path, F&& build) {
  try {
    return build();
  } catch (const LocatedError&) {
    throw;
  } catch (const ConfigError& e) {
    refuse_at(s, path, e.what());
  }
}

}  // namespace xedgesim::system
