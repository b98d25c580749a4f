#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "scenario/scenario.h"

namespace xedgesim::experiment {

/// Digests of files, each read once.
class FileDigests {
 public:
  /// Of one file's contents. Throws ConfigError when it cannot be read.
  const std::string& file(const std::filesystem::path& path);
  /// Of the names and contents of all files right below a folder.
  const std::string& folder(const std::filesystem::path& path);

 private:
  std::map<std::string, std::string> known_;
};

/// What determines a run's results, as inputs.json holds it: the program, the resolved scenario, the contents
/// of every file it names, the platform files, and `key`, a digest over all of it. Where files lie, the
/// results folder and the number of host threads are no part of it, since results do not depend on them.
///
/// Limit: libraries of the host that a run may use (ONNX Runtime) are not looked into.
struct RunInputs {
  std::string key;
  nlohmann::ordered_json json;
};

struct Program {
  std::string version;
  std::filesystem::path executable;
};

RunInputs run_inputs(const scenario::Scenario& scenario,
                     const std::map<std::string, std::filesystem::path>& files,
                     const std::filesystem::path& platforms, const Program& program, FileDigests& digests);

}  // namespace xedgesim::experiment
