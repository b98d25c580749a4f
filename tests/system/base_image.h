#pragma once
#include <string>

#include "program.h"
#include "vm/image/image_store.h"

namespace xedgesim::testing {

/// Why the tests' machines cannot boot from an image in their time; empty when they can.
inline std::string missing_image(vm::Arch arch, const std::string& name = "base") {
  const auto image = vm::ImageStore().find(name, arch);
  if (!image)
    return "there is no image '" + name + "' for " + std::string(vm::to_string(arch)) +
           ": xedgesim image build " + name + " --arch all";
  const std::string packages = read_file(image->kernel.parent_path() / "packages");
  if (packages.find("linux-image-6.1.") == std::string::npos)
    return "the tests' times are those of Debian 12's kernel, and this image of '" + name +
           "' has another: xedgesim image build " + name + " --arch all";
  return {};
}

}  // namespace xedgesim::testing
