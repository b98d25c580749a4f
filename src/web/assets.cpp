#include "web/assets.h"

#include <algorithm>
#include <utility>

namespace xedgesim::web {

const Asset* find_asset(std::string_view name) {
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Asset& a) { return a.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view media_type(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
  };
  for (const auto& [end, type] : kTypes)
    if (name.ends_with(end)) return type;
  return "application/octet-stream";
}

}  // namespace xedgesim::web
