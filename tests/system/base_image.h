#pragma once
#include <string>

#include "program.h"
#include "vm/image/image_store.h"

namespace xedgesim::testing {

/// Why the tests' machines cannot boot from the image `base` in their time; empty when they can.
inline std::string missing_image(vm::Arch arch) {
  const auto image = vm::ImageStore().find("base", arch);
  if (!image)
    return "there is no image 'base' for " + std::string(vm::to_string(arch)) +
           ": xedgesim image build base --arch all";
  const std::string packages = read_file(image->kernel.parent_path() / "packages");
  if (packages.find("linux-image-6.1.") == std::string::npos)
    return "the tests' times are those of Debian 12's kernel; this image has another, which boots in twice "
           "the time";
  return {};
}

}  // namespace xedgesim::testing
