#include "container/docker_archive.h"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/whole_file.h"
#include "vm/image/layer_archive.h"

namespace xedgesim::container {
namespace {

constexpr const char* kBirth = "1970-01-01T00:00:00Z";

std::string digest_of(const std::string& bytes) {
  Sha256 sha;
  sha.add(bytes);
  return sha.hex();
}

}  // namespace

void write_docker_archive(const std::filesystem::path& file_system, const DockerImage& image,
                          const std::filesystem::path& out) {
  using nlohmann::json;
  std::vector<vm::LayerEntry> files = vm::read_initrd(file_system);
  std::erase_if(files, [&](const vm::LayerEntry& e) {
    return std::any_of(image.leave_out.begin(), image.leave_out.end(),
                       [&](const std::string& begin) { return e.path.starts_with(begin); });
  });
  const std::string layer_bytes = vm::write_layer(files);
  const json config = {
      {"architecture", image.architecture},
      {"os", "linux"},
      {"created", kBirth},
      {"config", {{"Entrypoint", image.entrypoint}, {"Env", image.environment}, {"WorkingDir", "/"}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", {"sha256:" + digest_of(layer_bytes)}}}},
      {"history", {{{"created", kBirth}, {"created_by", "xedgesim image build"}}}}};
  const std::string config_text = config.dump(), config_name = digest_of(config_text) + ".json";
  const json manifest = {{{"Config", config_name}, {"RepoTags", image.tags}, {"Layers", {"layer.tar"}}}};
  const auto file = [](const std::string& path, const std::string& text) {
    return vm::LayerEntry{.path = path, .inode = {.mode = S_IFREG | 0644, .contents = text}};
  };
  write_whole_file(out, vm::write_layer({file(config_name, config_text), file("layer.tar", layer_bytes),
                                         file("manifest.json", manifest.dump())}));
}

}  // namespace xedgesim::container
