#include "experiment/inputs.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "scenario/load.h"

namespace xedgesim::experiment {

const std::string& FileDigests::file(const std::filesystem::path& path) {
  const auto [entry, fresh] = known_.try_emplace(path.string());
  if (!fresh) return entry->second;
  std::ifstream in(path, std::ios::binary);
  Digest digest;
  std::vector<char> block(1 << 16);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    digest.add(std::string_view(block.data(), static_cast<size_t>(in.gcount())));
  if (!in.eof()) {
    known_.erase(entry);
    throw ConfigError(fmt::format("cannot read '{}': see whether it exists and may be read", path.string()));
  }
  return entry->second = digest.hex();
}

const std::string& FileDigests::folder(const std::filesystem::path& path) {
  const std::string key = path.string() + "/";
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  std::map<std::string, std::filesystem::path> sorted;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(path, ec))
    if (entry.is_regular_file(ec)) sorted.emplace(entry.path().filename().string(), entry.path());
  Digest digest;
  for (const auto& [name, file_path] : sorted) {
    digest.add(name);
    digest.add(file(file_path));
  }
  return known_[key] = digest.hex();
}

RunInputs run_inputs(const scenario::Scenario& scenario,
                     const std::map<std::string, std::filesystem::path>& files,
                     const std::filesystem::path& platforms, const Program& program, FileDigests& digests) {
  scenario::Scenario without_place = scenario;
  without_place.metrics.output_dir.clear();
  Digest text;
  text.add(scenario::dump_resolved(without_place));
  RunInputs inputs;
  nlohmann::ordered_json& j = inputs.json;
  j["key"] = "";
  j["version"] = program.version;
  j["program"] = digests.file(program.executable);
  j["scenario"] = text.hex();
  j["platforms"] = digests.folder(platforms);
  j["files"] = nlohmann::ordered_json::object();
  for (const auto& [written, found] : files) j["files"][written] = digests.file(found);
  Digest all;
  all.add(j.dump());
  inputs.key = all.hex();
  j["key"] = inputs.key;
  return inputs;
}

}  // namespace xedgesim::experiment
