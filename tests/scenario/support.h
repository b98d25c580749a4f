#pragma once
#include <fstream>
#include <sstream>
#include <string>

#include "scenario/load.h"

namespace xedgesim::scenario {

inline const std::string kData = XEDGESIM_SOURCE_DIR "/tests/scenario/data/";

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Files are not looked for unless a test is about them.
inline LoadOptions no_files() {
  LoadOptions o;
  o.check_files = false;
  return o;
}

inline LoadResult load_text(const std::string& yaml, LoadOptions options = no_files()) {
  return load_scenario_text(yaml, "s.yaml", kData, options);
}

/// A valid beginning for tests about something else.
inline const std::string kHead = "scenario: {name: t, duration: 10s}\n";

}  // namespace xedgesim::scenario
