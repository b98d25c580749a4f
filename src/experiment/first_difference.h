#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metrics/delivery_trace.h"

namespace xedgesim::experiment {

/// Where two traces of deliveries part.
struct FirstDifference {
  uint64_t equal = 0;                     ///< deliveries before it
  std::vector<metrics::Delivery> before;  ///< the last of those, at most three
  std::optional<metrics::Delivery> a, b;  ///< none: that trace ends there
  bool equal_throughout() const { return !a && !b; }
};

/// Reads both files as streams. Throws ConfigError when one of them cannot be read.
FirstDifference first_difference(const std::filesystem::path& a, const std::filesystem::path& b);

/// "   1.234567890 s  vib_3 -> ~air  code 7  args 1 2 0 0  data 01 02 …"
std::string to_text(const metrics::Delivery& d);

/// One value of two runs' inputs that is not the same; empty: it is not there.
struct InputDifference {
  std::string what, a, b;
};
/// What differs between two runs' inputs: values of the resolved scenario, contents of files, the program.
/// Looks at scenario.resolved.yaml and inputs.json of both folders; what is missing there is left out.
std::vector<InputDifference> input_differences(const std::filesystem::path& a,
                                               const std::filesystem::path& b);

}  // namespace xedgesim::experiment
