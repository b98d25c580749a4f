#include "container/docker_archive.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/sha256.h"
#include "container/cpio_unpack.h"

namespace xedgesim::container {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kName = 100, kPrefix = 155, kChecksumAt = 148;
constexpr const char* kBirth = "1970-01-01T00:00:00Z";

std::string digest_of(const std::string& bytes) {
  Sha256 sha;
  sha.add(bytes);
  return sha.hex();
}

}  // namespace

void TarWriter::head(const std::string& path, unsigned permissions, size_t size, char type,
                     const std::string& target) {
  std::string name = path, prefix;
  if (name.size() > kName) {
    const size_t slash = path.find('/', path.size() - kName - 1);
    if (slash == std::string::npos || slash > kPrefix)
      throw ConfigError(fmt::format("the path '{}' is too long for a tar archive", path));
    prefix = path.substr(0, slash);
    name = path.substr(slash + 1);
  }
  if (target.size() > kName)
    throw ConfigError(fmt::format("the target of '{}' is too long for a tar archive", path));
  std::array<char, kBlock> block{};
  const auto put = [&](size_t at, const std::string& text) {
    std::memcpy(block.data() + at, text.data(), text.size());
  };
  put(0, name);
  put(100, fmt::format("{:07o}", permissions));
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, "00000000000");
  put(kChecksumAt, "        ");
  block[156] = type;
  put(157, target);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  put(345, prefix);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(kChecksumAt, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  bytes_.append(block.data(), block.size());
}

void TarWriter::add_file(const std::string& path, std::string_view contents, unsigned permissions) {
  head(path, permissions, contents.size(), '0', {});
  bytes_.append(contents);
  bytes_.append((kBlock - contents.size() % kBlock) % kBlock, '\0');
}

void TarWriter::add_folder(const std::string& path, unsigned permissions) {
  head(path + "/", permissions, 0, '5', {});
}
void TarWriter::add_link(const std::string& path, const std::string& target) {
  head(path, 0777, 0, '2', target);
}

std::string TarWriter::finish() {
  bytes_.append(2 * kBlock, '\0');
  return std::move(bytes_);
}

void write_docker_archive(const std::filesystem::path& file_system, const DockerImage& image,
                          const std::filesystem::path& out) {
  using nlohmann::json;
  TarWriter layer;
  read_cpio(read_whole_file(file_system), [&](const CpioEntry& e) {
    if (std::any_of(image.leave_out.begin(), image.leave_out.end(),
                    [&](const std::string& begin) { return e.path.starts_with(begin); }))
      return;
    const unsigned permissions = e.mode & 07777;
    if (S_ISDIR(e.mode)) layer.add_folder(e.path, permissions);
    if (S_ISREG(e.mode)) layer.add_file(e.path, e.contents, permissions);
    if (S_ISLNK(e.mode)) layer.add_link(e.path, std::string(e.contents));
  });
  const std::string layer_bytes = layer.finish();
  const json config = {
      {"architecture", image.architecture},
      {"os", "linux"},
      {"created", kBirth},
      {"config", {{"Entrypoint", image.entrypoint}, {"Env", image.environment}, {"WorkingDir", "/"}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:" + digest_of(layer_bytes)}}}},
      {"history", {{{"created", kBirth}, {"created_by", "xedgesim image build"}}}}};
  const std::string config_text = config.dump(), config_name = digest_of(config_text) + ".json";
  const json manifest = {{{"Config", config_name}, {"RepoTags", image.tags}, {"Layers", {"layer.tar"}}}};
  TarWriter archive;
  archive.add_file(config_name, config_text, 0644);
  archive.add_file("layer.tar", layer_bytes, 0644);
  archive.add_file("manifest.json", manifest.dump(), 0644);
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  file << archive.finish();
  if (!file.flush()) throw SimulationError(fmt::format("cannot write {}: is the disk full?", out.string()));
}

}  // namespace xedgesim::container
