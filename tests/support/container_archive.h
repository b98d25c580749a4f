#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "tar_writer.h"

namespace xedgesim {

inline std::string sha256_hex(const std::string& text) {
  Sha256 sum;
  sum.add(text);
  return sum.hex();
}

/// A container image in the making: layers (tar archives), and the "config" object of its config in JSON.
struct ContainerArchive {
  std::vector<std::string> layers{};
  std::string config = "{}";
  std::string architecture = "amd64";
  std::string tag = "tests/small:1";

  std::string config_file() const {
    std::string ids;
    for (const std::string& l : layers)
      ids += (ids.empty() ? "\"sha256:" : ",\"sha256:") + sha256_hex(l) + "\"";
    return R"({"architecture":")" + architecture + R"(","os":"linux","config":)" + config +
           R"(,"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
  }
  /// As `docker save` wrote it up to Docker 24.
  std::string saved() const {
    TarWriter tar;
    const std::string text = config_file(), name = sha256_hex(text) + ".json";
    std::string list;
    for (size_t i = 0; i < layers.size(); ++i) {
      const std::string folder = sha256_hex("layer" + std::to_string(i));
      tar.folder(folder + "/");
      tar.file(folder + "/layer.tar", layers[i]);
      list += (list.empty() ? "\"" : ",\"") + folder + "/layer.tar\"";
    }
    tar.file(name, text);
    tar.file("manifest.json",
             R"([{"Config":")" + name + R"(","RepoTags":[")" + tag + R"("],"Layers":[)" + list + "]}]");
    return tar.archive();
  }
  /// An OCI image layout in a folder, its layers as `packed` makes them.
  template <class Pack>
  void lay_out(const std::filesystem::path& folder, Pack packed) const {
    namespace fs = std::filesystem;
    fs::create_directories(folder / "blobs/sha256");
    const auto blob = [&folder](const std::string& bytes) {
      const std::string hex = sha256_hex(bytes);
      std::ofstream(folder / "blobs/sha256" / hex, std::ios::binary) << bytes;
      return R"("digest":"sha256:)" + hex + R"(","size":)" + std::to_string(bytes.size());
    };
    std::string list;
    for (const std::string& l : layers)
      list += (list.empty() ? "{" : ",{") + blob(packed(l)) +
              R"(,"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"})";
    const std::string manifest =
        R"({"schemaVersion":2,"config":{)" + blob(config_file()) + R"(},"layers":[)" + list + "]}";
    std::ofstream(folder / "index.json")
        << R"({"schemaVersion":2,"manifests":[{)" << blob(manifest) << R"(,"platform":{"architecture":")"
        << architecture << R"(","os":"linux"}}]})";
    std::ofstream(folder / "oci-layout") << R"({"imageLayoutVersion":"1.0.0"})";
  }
};

}  // namespace xedgesim
