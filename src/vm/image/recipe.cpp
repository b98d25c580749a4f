#include "vm/image/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "vm/image/debian_packages.h"

namespace xedgesim::vm {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 8;

void read_recipe(Recipe& out, const fs::path& folder, const std::string& name, int depth) {
  const fs::path file = folder / name / "recipe";
  std::ifstream in(file);
  if (!in) {
    std::vector<std::string> known;
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(folder, ec))
      if (fs::exists(e.path() / "recipe")) known.push_back(e.path().filename().string());
    std::sort(known.begin(), known.end());
    throw ConfigError(
        fmt::format("there is no image recipe '{}': there are {}", name, fmt::join(known, ", ")));
  }
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    out.text += line + "\n";
    std::istringstream words(line.substr(0, line.find('#')));
    std::string what, value, more;
    if (!(words >> what)) continue;
    const auto refuse = [&](const std::string& why) {
      throw ConfigError(fmt::format("{}:{}: {}", file.string(), number, why));
    };
    if (!(words >> value) || words >> more) refuse(fmt::format("'{}' takes one name", what));
    if (what == "include") {
      if (depth == kDeepest) refuse("recipes include each other in a circle");
      read_recipe(out, folder, value, depth + 1);
    } else if (what == "package") {
      out.packages.push_back(value);
    } else if (what == "suite") {
      check_suite_name(value, fmt::format("{}:{}", file.string(), number));
      out.suite = value;
    } else if (what == "kernel") {
      out.kernel = value;
    } else if (what == "module") {
      out.modules.push_back(value);
    } else if (what == "spare-module") {
      out.spare_modules.push_back(value);
    } else if (what == "leave") {
      out.leave.push_back(value);
    } else if (what == "drop") {
      out.drop.push_back(value);
    } else if (what == "program") {
      out.programs.push_back(value);
    } else {
      refuse(
          fmt::format("there is no '{}': there are include, suite, package, kernel, module, "
                      "spare-module, leave, drop and program",
                      what));
    }
  }
  if (fs::exists(folder / name / "root")) out.roots.push_back(folder / name / "root");
}

}  // namespace

Recipe Recipe::load(const fs::path& folder, const std::string& name) {
  Recipe r;
  r.name = name;
  if (name.empty() || name.find('/') != std::string::npos)
    throw ConfigError("an image needs a name without slashes");
  read_recipe(r, folder, name, 0);
  if (r.kernel.empty()) throw ConfigError(fmt::format("the image recipe '{}' has no kernel", name));
  return r;
}

}  // namespace xedgesim::vm
