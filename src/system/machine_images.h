#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "scenario/scenario.h"
#include "vm/image/image_store.h"

namespace xedgesim::system {

/// The images that a scenario's machines name (`image: base`), as far as they are there, each once.
std::vector<vm::Image> machine_images(const scenario::Scenario& scenario);

/// "image base x86_64/kernel": what a run's inputs.json calls a file of an image.
std::string image_file_name(const vm::Image& image, const std::string& file);

/// Adds their kernels and initial RAM disks to the files a run reads, under those names.
void add_image_files(const scenario::Scenario& scenario, std::map<std::string, std::filesystem::path>& files);

}  // namespace xedgesim::system
