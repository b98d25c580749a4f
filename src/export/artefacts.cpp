#include "export/artefacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/digest.h"
#include "base/sha256.h"
#include "system/machine_images.h"

namespace xedgesim::exporter {
namespace {

namespace fs = std::filesystem;

struct Sums {
  std::string sha256, digest;
  uintmax_t size = 0;
};

Sums sums_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  Sha256 sha;
  Digest digest;
  Sums s;
  std::vector<char> block(1 << 16);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    const std::string_view piece(block.data(), static_cast<size_t>(in.gcount()));
    sha.add(piece);
    digest.add(piece);
    s.size += piece.size();
  }
  if (!in.eof())
    throw ConfigError(fmt::format("cannot read '{}': see whether it exists and may be read", file.string()));
  s.sha256 = sha.hex();
  s.digest = digest.hex();
  return s;
}

}  // namespace

nlohmann::ordered_json Artefacts::entry(const std::string& role, const std::string& owner,
                                        const std::string& written, const fs::path& from) {
  const Sums s = sums_of(from);
  return {{"role", role},   {"of", owner},        {"scenario", written},
          {"size", s.size}, {"sha256", s.sha256}, {"run_digest", s.digest}};
}

void Artefacts::add(const std::string& role, const std::string& owner, const scenario::FilePath& from,
                    const fs::path& place) {
  auto e = entry(role, owner, from.written, from.resolved);
  e["file"] = place.string();
  const bool fresh = sums_.emplace(place.string(), e["sha256"].get<std::string>()).second;
  list_.push_back(std::move(e));
  if (fresh) files_.push_back({.path = place, .copy_of = from.resolved});
}

void Artefacts::add_folder(const std::string& role, const std::string& owner, const std::string& written,
                           const fs::path& from, const fs::path& place) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (fs::recursive_directory_iterator i(from, ec), end; !ec && i != end; i.increment(ec))
    if (i->is_regular_file(ec)) found.push_back(i->path());
  if (ec) throw ConfigError(fmt::format("cannot read the folder '{}': {}", from.string(), ec.message()));
  std::sort(found.begin(), found.end());
  for (const fs::path& f : found) {
    const fs::path below = f.lexically_relative(from);
    add(role, owner, {(fs::path(written) / below).lexically_normal().string(), f}, place / below);
  }
}

void Artefacts::mention(const std::string& role, const std::string& owner, const scenario::FilePath& from) {
  list_.push_back(entry(role, owner, from.written, from.resolved));
}

void Artefacts::mention_machine_image(const vm::Image& image) {
  for (const auto& [role, file] : {std::pair("kernel", image.kernel), std::pair("initrd", image.initrd)}) {
    auto e = entry(role, image.name, system::image_file_name(image, file.filename().string()), file);
    e["content"] = image.content;
    list_.push_back(std::move(e));
  }
  std::ifstream in(image.kernel.parent_path() / "source.json", std::ios::binary);
  const auto source = nlohmann::ordered_json::parse(in, nullptr, false);
  if (source.is_object() && source.contains("sha256"))
    list_.push_back({{"role", "container image archive"},
                     {"of", image.name},
                     {"image", source.value("reference", "")},
                     {"sha256", source["sha256"]}});
}

void Artefacts::mention_image(const std::string& owner, const std::string& image) {
  list_.push_back({{"role", "container image"}, {"of", owner}, {"image", image}});
}

std::string Artefacts::checksums() const {
  std::string out;
  for (const auto& [place, sum] : sums_) {
    // sha256sum's way to write names with a newline or backslash in them.
    std::string name;
    for (const char c : place)
      name += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : c == '\r' ? "\\r" : std::string(1, c);
    out += (name != place ? "\\" : "") + sum + "  " + name + "\n";
  }
  return out;
}

void Artefacts::check_against_run(const fs::path& run) const {
  std::ifstream in(run / "inputs.json", std::ios::binary);
  const auto inputs = nlohmann::json::parse(in, nullptr, false);
  if (!inputs.is_object() || !inputs.contains("files"))
    throw ExportError(
        "", fmt::format("--run: '{}' has no inputs.json of a run: name a results folder", run.string()));
  const auto& files = inputs["files"];
  for (const auto& e : list_) {
    if (!e.contains("run_digest")) continue;
    const auto known = files.find(e["scenario"].get<std::string>());
    if (known == files.end() || *known == e["run_digest"].get<std::string>()) continue;
    throw ExportError("", fmt::format("--run: '{}' is not the file that ran in '{}': run the scenario again",
                                      e["scenario"].get<std::string>(), run.string()));
  }
}

}  // namespace xedgesim::exporter
