#pragma once
#include <string>

#include "base/error.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// A ConfigError that says where in the scenario's file the trouble is.
class LocatedError : public ConfigError {
 public:
  explicit LocatedError(scenario::Diagnostic complaint)
      : ConfigError(complaint.text()), complaint_(std::move(complaint)) {}
  const scenario::Diagnostic& complaint() const { return complaint_; }

 private:
  scenario::Diagnostic complaint_;
};

[[noreturn]] inline void refuse_at(const scenario::Scenario& s, const std::string& path,
                                   const std::string& what) {
  throw LocatedError(s.places.complaint(path, what));
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
