#include "vm/cache_folder.h"

#include <cstdlib>
#include <string>

namespace xedgesim::vm {
namespace {

std::string environment(const char* name) {
  const char* v = std::getenv(name);
  return v ? v : "";
}

}  // namespace

std::filesystem::path cache_folder(const char* variable, std::string_view name) {
  if (const std::string own = environment(variable); !own.empty()) return own;
  std::string cache = environment("XDG_CACHE_HOME");
  if (cache.empty()) cache = environment("HOME").empty() ? "/var/cache" : environment("HOME") + "/.cache";
  return std::filesystem::path(cache) / "xedgesim" / name;
}

}  // namespace xedgesim::vm
