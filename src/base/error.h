#pragma once
#include <stdexcept>
#include <string>

namespace xedgesim {

/// Exit codes of the program (seed 7.2).
enum class ExitCode : int {
  ok = 0,
  simulation_error = 1,
  assertion_failed = 2,
  config_error = 3,
  interrupted = 130
};

/// Something the user can mend: what() is one sentence with what, where and what to do.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// A wrong scenario, platform, firmware, model or command line: exit code 3.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& sentence) : Error(ExitCode::config_error, sentence) {}
};

/// A run that cannot go on (lock-up, dead peer, full disk): exit code 1.
class SimulationError : public Error {
 public:
  explicit SimulationError(const std::string& sentence) : Error(ExitCode::simulation_error, sentence) {}
};

/// A broken invariant of the program itself.
[[noreturn]] void invariant_failed(const char* expression, const char* file, int line);

}  // namespace xedgesim

/// Checked in every build: a run that went wrong silently is worth nothing.
#define XEDGESIM_ASSERT(expression) \
  ((expression) ? void() : ::xedgesim::invariant_failed(#expression, __FILE__, __LINE__))
