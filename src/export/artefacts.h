#pragma once
#include <map>
#include <nlohmann/json.hpp>

#include "export/result.h"
#include "scenario/scenario.h"
#include "vm/image/image_store.h"

namespace xedgesim::exporter {

/// The files of a scenario that go to production as they are: firmware, models, what containers mount, disk
/// images.
class Artefacts {
 public:
  /// Copies `from` to `place` in the output and puts it into the manifest as `role` of `owner`. The same file
  /// under the same place counts once.
  void add(const std::string& role, const std::string& owner, const scenario::FilePath& from,
           const std::filesystem::path& place);
  /// A folder with everything below it; symbolic links are followed only to files.
  void add_folder(const std::string& role, const std::string& owner, const std::string& written,
                  const std::filesystem::path& from, const std::filesystem::path& place);
  /// In the manifest only, because it is too large or not the exporter's to copy.
  void mention(const std::string& role, const std::string& owner, const scenario::FilePath& from);
  /// A machine's image: its kernel and initial RAM disk, and the archive it was imported from.
  void mention_machine_image(const vm::Image& image);
  /// A container image by name, which only an engine can hash.
  void mention_image(const std::string& owner, const std::string& image);

  /// Every file with its SHA-256, and the digest that a run's inputs.json has for it.
  nlohmann::ordered_json manifest() const { return list_; }
  /// sha256sum's own format, for the files that were copied.
  std::string checksums() const;
  /// Copies, for Result.
  const std::vector<File>& files() const { return files_; }
  /// Refuses files whose digest in inputs.json of that run is another. Throws ExportError.
  void check_against_run(const std::filesystem::path& run) const;

 private:
  nlohmann::ordered_json entry(const std::string& role, const std::string& owner, const std::string& written,
                               const std::filesystem::path& from);
  nlohmann::ordered_json list_ = nlohmann::ordered_json::array();
  std::vector<File> files_;
  std::map<std::string, std::string> sums_;  // place -> sha256
};

}  // namespace xedgesim::exporter
