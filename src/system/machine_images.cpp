#include "system/machine_images.h"

#include <fmt/format.h>

#include <set>

#include "system/machines.h"

namespace xedgesim::system {

std::vector<vm::Image> machine_images(const scenario::Scenario& s) {
  const vm::ImageStore store;
  std::set<std::pair<std::string, vm::Arch>> seen;
  std::vector<vm::Image> out;
  for (const scenario::LinuxNode& n : s.nodes) {
    if (n.type != scenario::LinuxNode::Type::vm || n.image.empty() || !n.image_file.empty() ||
        !n.kernel.empty() || !seen.emplace(n.image, arch_of(n)).second)
      continue;
    if (auto image = store.find(n.image, arch_of(n))) out.push_back(std::move(*image));
  }
  return out;
}

std::string image_file_name(const vm::Image& image, const std::string& file) {
  return fmt::format("image {} {}/{}", image.name, vm::to_string(image.arch), file);
}

void add_image_files(const scenario::Scenario& s, std::map<std::string, std::filesystem::path>& files) {
  for (const vm::Image& image : machine_images(s)) {
    files.emplace(image_file_name(image, "kernel"), image.kernel);
    files.emplace(image_file_name(image, "initrd"), image.initrd);
  }
}

}  // namespace xedgesim::system
