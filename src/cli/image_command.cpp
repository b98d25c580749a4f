#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/command.h"
#include "vm/image/image_builder.h"

namespace xedgesim::cli {
namespace {

struct ImageFlags {
  std::string name;
  std::vector<std::string> arch;
};

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

ExitCode build(const ImageFlags& flags) {
  const Installation installation = find_installation("");
  vm::ImageBuilder builder({.recipes = installation.root / "images",
                            .programs = installation.executable_dir,
                            .store = vm::ImageStore(),
                            .log = [](std::string_view text) {
                              std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
                            }});
  for (const vm::Arch arch : wanted(flags)) {
    const vm::Image image = builder.build(flags.name, arch);
    std::printf("%s\n", fmt::format("image {} for {}: {} ({:.1f} MB)", image.name, vm::to_string(arch),
                                    image.initrd.parent_path().string(),
                                    static_cast<double>(std::filesystem::file_size(image.initrd) +
                                                        std::filesystem::file_size(image.kernel)) *
                                        1e-6)
                            .c_str());
  }
  return ExitCode::ok;
}

ExitCode list() {
  const Installation installation = find_installation("");
  const vm::ImageStore store;
  std::error_code ec;
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(installation.root / "images", ec))
    if (std::filesystem::exists(e.path() / "recipe", ec)) names.push_back(e.path().filename().string());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names)
    for (const vm::Arch arch : {vm::Arch::x86_64, vm::Arch::aarch64}) {
      const auto image = store.find(name, arch);
      std::printf("%-12s %-8s %s\n", name.c_str(), std::string(vm::to_string(arch)).c_str(),
                  image ? image->initrd.parent_path().c_str() : "not built");
    }
  return ExitCode::ok;
}

}  // namespace

void add_image(CLI::App& app, Body& body) {
  CLI::App* image = app.add_subcommand("image", "Make bootable images for the machines of a scenario");
  image->require_subcommand(1);
  auto flags = std::make_shared<ImageFlags>();
  CLI::App* b = image->add_subcommand("build", "Make an image from Debian packages (images/NAME/recipe)");
  b->add_option("name", flags->name, "Which recipe")->required();
  b->add_option("--arch", flags->arch, "Processor; absent: the host's")
      ->check(CLI::IsMember({"x86_64", "aarch64", "all"}))
      ->envname("XEDGESIM_ARCH");
  b->footer("Example:  xedgesim image build base --arch all");
  b->callback([&body, flags] { body = [flags] { return build(*flags); }; });
  CLI::App* l = image->add_subcommand("list", "What can be built, and where it is");
  l->footer("Example:  xedgesim image list");
  l->callback([&body] { body = [] { return list(); }; });
}

}  // namespace xedgesim::cli
