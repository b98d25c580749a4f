#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "container/docker_archive.h"
#include "container/engine.h"
#include "vm/image/image_builder.h"
#include "vm/image/image_importer.h"
#include "vm/snapshot_store.h"

namespace xedgesim::cli {
namespace {

struct ImageFlags {
  std::string name;
  std::vector<std::string> arch;
  std::string suite;   ///< of Debian; empty: the recipe's
  std::string docker;  ///< file for an archive
  bool load = false;
};

struct ImportFlags {
  ImageFlags image;
  std::string source;
  std::vector<std::string> command;
};

/// The same files as a container image. Kernel modules stay behind: a container has the host's kernel.
void write_container_image(const vm::Image& image, const std::filesystem::path& out) {
  std::vector<std::string> tags{fmt::format("xedgesim/{}:latest", image.name)};
  if (image.name == "gateway") tags.push_back("xedgesim/mqtt-ml-inference:latest");  // the seed's name
  container::write_docker_archive(
      image.initrd,
      {.tags = tags,
       .architecture = std::string(vm::debian_name(image.arch)),
       .entrypoint = {"/usr/lib/xedgesim/container"},
       .environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/busybox"},
       .leave_out = {"usr/lib/xedgesim/modules"}},
      out);
}

void load_into_engine(const vm::Image& image, const std::filesystem::path& archive) {
  std::string why;
  const auto engine = container::Engine::find(why);
  if (!engine) throw ConfigError(fmt::format("{}: the image was not loaded", why));
  engine->load_image(archive);
  std::printf("loaded xedgesim/%s:latest into %s\n", image.name.c_str(), engine->version().c_str());
}

void hand_to_containers(const ImageFlags& flags, const vm::Image& image) {
  if (flags.docker.empty() && !flags.load) return;
  const std::filesystem::path file =
      flags.docker.empty() ? image.initrd.parent_path() / "docker.tar" : std::filesystem::path(flags.docker);
  write_container_image(image, file);
  if (flags.load) load_into_engine(image, file);
  if (!flags.docker.empty()) {
    std::printf("wrote %s\n", file.c_str());
  } else {
    std::error_code ec;
    std::filesystem::remove(file, ec);
  }
}

std::vector<vm::Arch> wanted(const ImageFlags& flags) {
  std::vector<vm::Arch> out;
  for (const vm::Arch a : {vm::Arch::x86_64, vm::Arch::aarch64})
    for (const std::string& name : flags.arch)
      if (name == vm::to_string(a) || name == "all") {
        out.push_back(a);
        break;
      }
  if (flags.arch.empty()) out.push_back(vm::host_arch().value_or(vm::Arch::x86_64));
  return out;
}

void show(const vm::Image& image, vm::Arch arch) {
  std::printf("%s\n", fmt::format("image {} for {}: {} ({:.1f} MB)", image.name, vm::to_string(arch),
                                  image.initrd.parent_path().string(),
                                  static_cast<double>(std::filesystem::file_size(image.initrd) +
                                                      std::filesystem::file_size(image.kernel)) *
                                      1e-6)
                          .c_str());
}

void tell(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

ExitCode build(const ImageFlags& flags) {
  const Installation installation = find_installation("");
  vm::ImageBuilder builder({.recipes = installation.root / "images",
                            .programs = installation.executable_dir,
                            .store = vm::ImageStore(),
                            .log = tell});
  for (const vm::Arch arch : wanted(flags)) {
    const vm::Image image = builder.build(flags.name, arch, flags.suite);
    show(image, arch);
    hand_to_containers(flags, image);
  }
  return ExitCode::ok;
}

ExitCode import(const ImportFlags& flags) {
  vm::ImageImporter importer({.store = vm::ImageStore(), .log = tell});
  for (const vm::Arch arch : wanted(flags.image))
    show(importer.import(
             {.path = flags.source, .name = flags.image.name, .arch = arch, .command = flags.command}),
         arch);
  return ExitCode::ok;
}

ExitCode list(bool json) {
  const Installation installation = find_installation("");
  const vm::ImageStore store;
  std::error_code ec;
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(installation.root / "images", ec))
    if (std::filesystem::exists(e.path() / "recipe", ec)) names.push_back(e.path().filename().string());
  for (const std::string& name : store.names())
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  std::sort(names.begin(), names.end());
  auto images = nlohmann::ordered_json::array();
  for (const std::string& name : names)
    for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64}) {
      const auto image = store.find(name, arch);
      if (json) {
        images.push_back({{"name", name}, {"arch", vm::to_string(arch)}, {"folder", nullptr}});
        if (image) images.back()["folder"] = image->initrd.parent_path().string();
        continue;
      }
      std::printf("%-12s %-8s %s\n", name.c_str(), std::string(vm::to_string(arch)).c_str(),
                  image ? image->initrd.parent_path().c_str() : "not built");
    }
  if (json) std::printf("%s\n", images.dump(2).c_str());
  return ExitCode::ok;
}

ExitCode unused(bool clear, bool json) {
  const vm::ImageStore store;
  const auto found = store.unused();
  if (clear) store.remove(found);
  auto list = nlohmann::ordered_json::array();
  int64_t bytes = 0;
  for (const auto& u : found) {
    bytes += u.bytes;
    list.push_back({{"path", u.path.string()}, {"bytes", u.bytes}, {"what", u.what}, {"removed", clear}});
    if (!json)
      std::printf("%s\n", fmt::format("{:>8.1f} MB  {} ({})", static_cast<double>(u.bytes) * 1e-6,
                                      u.path.string(), u.what)
                              .c_str());
  }
  if (json)
    std::printf("%s\n", list.dump(2).c_str());
  else if (found.empty())
    std::printf("nothing in %s is unused\n", store.folder().c_str());
  else
    std::printf("%s\n", fmt::format("{:>8.1f} MB  {}", static_cast<double>(bytes) * 1e-6,
                                    clear ? "removed" : "in all; --clear removes it")
                            .c_str());
  return ExitCode::ok;
}

ExitCode snapshots(bool clear, bool json) {
  const vm::SnapshotStore store;
  if (clear) store.clear();
  const auto usage = store.usage();
  if (json)
    std::printf("%s\n", nlohmann::ordered_json{{"folder", store.folder().string()},
                                               {"snapshots", usage.snapshots},
                                               {"bytes", usage.bytes},
                                               {"limit_bytes", vm::SnapshotStore::kLimit}}
                            .dump(2)
                            .c_str());
  else
    std::printf("%s\n",
                fmt::format("{} snapshots of boots, {:.1f} MB of {:.1f} MB at most: {}", usage.snapshots,
                            static_cast<double>(usage.bytes) * 1e-6,
                            static_cast<double>(vm::SnapshotStore::kLimit) * 1e-6, store.folder().string())
                    .c_str());
  return ExitCode::ok;
}

}  // namespace

void add_image(CLI::App& app, Body& body) {
  CLI::App* image = app.add_subcommand("image", "Make bootable images for the machines of a scenario");
  image->require_subcommand(1);
  image->footer("Example:  xedgesim image build base");
  auto flags = std::make_shared<ImageFlags>();
  CLI::App* b = image->add_subcommand("build", "Make an image from Debian packages (images/NAME/recipe)");
  b->add_option("name", flags->name, "Which recipe")->required();
  b->add_option("--arch", flags->arch, "Processor; absent: the host's")
      ->check(CLI::IsMember({"x86_64", "aarch64", "all"}))
      ->envname("XEDGESIM_ARCH");
  b->add_option("--suite", flags->suite,
                "Release of Debian its packages are of; absent: the recipe's, which is bookworm")
      ->envname("XEDGESIM_SUITE");
  b->add_option("--docker", flags->docker,
                "Also write it as a container image that docker load and podman load take")
      ->envname("XEDGESIM_DOCKER");
  b->add_flag("--load", flags->load, "Also load it into the container engine of this host")
      ->envname("XEDGESIM_LOAD");
  b->footer("Example:  xedgesim image build base --arch all");
  b->callback([&body, flags] { body = [flags] { return build(*flags); }; });
  auto import_flags = std::make_shared<ImportFlags>();
  CLI::App* i = image->add_subcommand("import", "Make a container image or a root file system bootable");
  i->add_option("source", import_flags->source,
                "What docker or podman save wrote, an OCI layout, or a root file system (archive or folder)")
      ->required();
  i->add_option("--name", import_flags->image.name, "Name of the new image; absent: from the source's own");
  i->add_option("--arch", import_flags->image.arch, "Processor; absent: the host's")
      ->check(CLI::IsMember({"x86_64", "aarch64"}))
      ->envname("XEDGESIM_ARCH");
  i->add_option("--command", import_flags->command, "Program and arguments instead of the image's");
  i->footer(
      "Example:  docker save xedgesim/mqtt-ml-inference | gzip >edge.tar.gz; xedgesim image import "
      "edge.tar.gz --name "
      "edge");
  i->callback([&body, import_flags] { body = [import_flags] { return import(*import_flags); }; });
  CLI::App* l = image->add_subcommand("list", "What can be built, and where it is");
  auto format = std::make_shared<std::string>("table");
  add_format(*l, *format);
  l->footer("Example:  xedgesim image list");
  l->callback([&body, format] { body = [format] { return list(*format == "json"); }; });
  CLI::App* u = image->add_subcommand(
      "unused",
      "What earlier versions and earlier builds left among the images, which nothing uses any more");
  auto clear_unused = std::make_shared<bool>(false);
  u->add_flag("--clear", *clear_unused, "Remove it");
  auto unused_format = std::make_shared<std::string>("table");
  add_format(*u, *unused_format);
  u->footer("Example:  xedgesim image unused --clear");
  u->callback([&body, clear_unused, unused_format] {
    body = [clear_unused, unused_format] { return unused(*clear_unused, *unused_format == "json"); };
  });
  CLI::App* s = image->add_subcommand(
      "snapshots", "What is kept of boots in virtual time, from which later runs start their machines");
  auto clear = std::make_shared<bool>(false);
  s->add_flag("--clear", *clear, "Remove all of it: machines boot in full the next time");
  auto snapshots_format = std::make_shared<std::string>("table");
  add_format(*s, *snapshots_format);
  s->footer("Example:  xedgesim image snapshots --clear");
  s->callback([&body, clear, snapshots_format] {
    body = [clear, snapshots_format] { return snapshots(*clear, *snapshots_format == "json"); };
  });
}

}  // namespace xedgesim::cli
