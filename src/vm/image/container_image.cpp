#include "vm/image/container_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/sha256.h"

namespace xedgesim::vm {
namespace {

using nlohmann::json;

constexpr int kMostNested = 4;  // indexes that name indexes

[[noreturn]] void refuse_image(const std::string& what, const std::string& why) {
  throw ConfigError(fmt::format("{}: {}", what, why));
}

json parsed(std::string_view text, const std::string& what) {
  json j = json::parse(text, nullptr, false);
  if (j.is_discarded()) refuse_image(what, "is no JSON: the image is damaged");
  return j;
}

const json& member(const json& j, const char* key) {
  static const json kNone;
  if (!j.is_object()) return kNone;
  const auto found = j.find(key);
  return found == j.end() ? kNone : *found;
}

std::string text_of(const json& j, const char* key, const std::string& what) {
  const json& v = member(j, key);
  if (v.is_null()) return {};
  if (!v.is_string()) refuse_image(what, fmt::format("'{}' is no text: the image is damaged", key));
  return v.get<std::string>();
}

std::vector<std::string> texts_of(const json& j, const char* key, const std::string& what) {
  const json& v = member(j, key);
  std::vector<std::string> out;
  if (v.is_null()) return out;
  if (!v.is_array()) refuse_image(what, fmt::format("'{}' is no list: the image is damaged", key));
  for (const json& one : v) {
    if (!one.is_string())
      refuse_image(what, fmt::format("'{}' is no list of texts: the image is damaged", key));
    out.push_back(one.get<std::string>());
  }
  return out;
}

std::string need(const FindBlob& find, const std::string& name, const std::string& what) {
  auto found = find(name);
  if (!found) refuse_image(what, fmt::format("has no '{}': the image is not complete", name.substr(0, 200)));
  return std::move(*found);
}

std::string sha256_of(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return "sha256:" + sum.hex();
}

/// A blob by its digest, which is checked.
std::string blob(const FindBlob& find, const std::string& digest, const std::string& what) {
  constexpr std::string_view kBefore = "sha256:";
  const std::string hex = digest.starts_with(kBefore) ? digest.substr(kBefore.size()) : "";
  if (hex.size() != 64 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    refuse_image(what, fmt::format("'{}' is no SHA-256 digest: the image is damaged", digest.substr(0, 100)));
  std::string bytes = need(find, "blobs/sha256/" + hex, what);
  if (sha256_of(bytes) != digest)
    refuse_image(what, fmt::format("the blob {} is not what its digest says: the image is damaged", hex));
  return bytes;
}

void check_platform(const ContainerConfig& c, Arch arch, const std::string& what) {
  if (!c.os.empty() && c.os != "linux") refuse_image(what, fmt::format("is for {}, not for Linux", c.os));
  if (!c.architecture.empty() && c.architecture != debian_name(arch))
    refuse_image(what, fmt::format("is for the processor {}, and {} ({}) is wanted: save the image of that "
                                   "platform, or give --arch",
                                   c.architecture, to_string(arch), debian_name(arch)));
}

ContainerImage assemble(const FindBlob& find, const ContainerConfig& config,
                        const std::vector<std::string>& layers, bool by_digest, const std::string& what) {
  ContainerImage image{.config = config};
  if (!config.diff_ids.empty() && config.diff_ids.size() != layers.size())
    refuse_image(what, fmt::format("names {} layers, its config {}: the image is damaged", layers.size(),
                                   config.diff_ids.size()));
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string name = fmt::format("{}: layer {}", what, i + 1);
    const std::string packed = by_digest ? blob(find, layers[i], name) : need(find, layers[i], what);
    const std::string tar = unpacked(packed, name);
    if (!config.diff_ids.empty() && sha256_of(tar) != config.diff_ids[i])
      refuse_image(name, "is not what the image's config says: the image is damaged or cut off");
    image.root.apply(read_layer(tar, name), name);
  }
  return image;
}

/// The manifest of an OCI layout that fits best: for the processor, else the only one that says none.
std::string choose_manifest(const FindBlob& find, const json& index, Arch arch, const std::string& what,
                            int depth) {
  const json& list = member(index, "manifests");
  if (!list.is_array() || list.empty())
    refuse_image(what, "its index names no manifest: the image is damaged");
  const json* chosen = nullptr;
  std::string others;
  for (const json& m : list) {
    const std::string platform = text_of(member(m, "platform"), "architecture", what);
    if (platform == debian_name(arch)) {
      chosen = &m;
      break;
    }
    if (platform.empty() && !chosen) chosen = &m;
    if (!platform.empty() && platform != "unknown") others += (others.empty() ? "" : ", ") + platform;
  }
  if (!chosen)
    refuse_image(what, fmt::format("is for the processors {}, and {} ({}) is wanted", others, to_string(arch),
                                   debian_name(arch)));
  std::string text = blob(find, text_of(*chosen, "digest", what), what);
  const json inner = parsed(text, what);
  if (!member(inner, "manifests").is_array()) return text;
  if (depth >= kMostNested) refuse_image(what, "its indexes name one another: the image is damaged");
  return choose_manifest(find, inner, arch, what, depth + 1);
}

}  // namespace

ContainerConfig parse_container_config(std::string_view text, const std::string& what) {
  const json j = parsed(text, what);
  if (!j.is_object()) refuse_image(what, "is no image config: the image is damaged");
  const json& c = member(j, "config");
  ContainerConfig out{.entrypoint = texts_of(c, "Entrypoint", what),
                      .cmd = texts_of(c, "Cmd", what),
                      .env = texts_of(c, "Env", what),
                      .working_dir = text_of(c, "WorkingDir", what),
                      .user = text_of(c, "User", what),
                      .architecture = text_of(j, "architecture", what),
                      .os = text_of(j, "os", what),
                      .diff_ids = texts_of(member(j, "rootfs"), "diff_ids", what)};
  for (const auto* list : {&out.entrypoint, &out.cmd, &out.env})
    for (const std::string& one : *list)
      if (one.find('\0') != std::string::npos) refuse_image(what, "has a text with a zero byte in it");
  for (const std::string& e : out.env)
    if (e.find('=') == std::string::npos || e.starts_with('='))
      refuse_image(what, fmt::format("'{}' in Env is no NAME=value", e.substr(0, 100)));
  return out;
}

std::optional<ContainerImage> read_container(const FindBlob& find, Arch arch, const std::string& what) {
  if (const auto manifest = find("manifest.json")) {
    const json list = parsed(*manifest, what + ": manifest.json");
    if (!list.is_array() || list.empty() || !list[0].is_object())
      refuse_image(what, "manifest.json is no list of images: the archive is damaged");
    if (list.size() > 1) refuse_image(what, fmt::format("holds {} images: save one of them", list.size()));
    const ContainerConfig config =
        parse_container_config(need(find, text_of(list[0], "Config", what), what), what + ": config");
    check_platform(config, arch, what);
    ContainerImage image = assemble(find, config, texts_of(list[0], "Layers", what), false, what);
    if (const auto tags = texts_of(list[0], "RepoTags", what); !tags.empty()) image.reference = tags[0];
    return image;
  }
  const auto index = find("index.json");
  if (!index) return std::nullopt;
  const json top = parsed(*index, what + ": index.json");
  const json manifest = parsed(choose_manifest(find, top, arch, what, 0), what + ": manifest");
  const ContainerConfig config = parse_container_config(
      blob(find, text_of(member(manifest, "config"), "digest", what), what), what + ": config");
  check_platform(config, arch, what);
  const json& layers = member(manifest, "layers");
  if (!layers.is_array()) refuse_image(what, "its manifest names no layers: the image is damaged");
  std::vector<std::string> digests;
  for (const json& l : layers) digests.push_back(text_of(l, "digest", what));
  ContainerImage image = assemble(find, config, digests, true, what);
  const json& first = member(top, "manifests")[0];
  image.reference = text_of(member(first, "annotations"), "org.opencontainers.image.ref.name", what);
  return image;
}

}  // namespace xedgesim::vm
