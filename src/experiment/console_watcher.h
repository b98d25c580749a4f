#pragma once
#include <cstdint>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "experiment/assertions.h"

namespace xedgesim::experiment {

/// A line that a node's console must show.
struct ConsoleExpectation {
  std::string line;  ///< ECMAScript regular expression, searched within the line
  std::string node;  ///< name or glob: every node it matches must print it; empty: any one node
  std::optional<SimTime> before = {};  ///< the line must be complete earlier than this
  std::string description = {};
};

/// Watches console output for expected lines. Lines end with \n (a \r before it is dropped); of a line longer
/// than 1,024 bytes the beginning is searched. Not for use from several threads.
class ConsoleWatcher {
 public:
  /// Throws ConfigError for a bad regular expression or a node that is not in `nodes`.
  ConsoleWatcher(std::vector<ConsoleExpectation> expectations, std::vector<std::string> nodes);

  /// `node` is the index in `nodes`.
  void byte(size_t node, SimTime t, uint8_t value);
  void line(size_t node, SimTime t, std::string_view text);

  /// Every expectation has been met: a run may stop early.
  bool all_met() const;
  std::vector<AssertionResult> results() const;

 private:
  struct Watch {
    ConsoleExpectation expectation;
    std::regex regex;
    std::vector<bool> wanted;                  ///< per node
    std::vector<std::optional<SimTime>> seen;  ///< per node, first match in time
    std::optional<SimTime> late;               ///< first match that came too late
  };
  struct LastLine {
    SimTime time;
    std::string text;  ///< its beginning
    bool any = false;
  };
  bool met(const Watch& w) const;
  /// What a node printed last, for a reason.
  std::string last_words(size_t node) const;

  std::vector<std::string> nodes_;
  std::vector<Watch> watches_;
  std::vector<std::string> partial_;  ///< per node
  std::vector<LastLine> last_;        ///< per node
};

}  // namespace xedgesim::experiment
