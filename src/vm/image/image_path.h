#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// Paths in an image: no leading slash, no "." in them.
namespace xedgesim::vm {

inline std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (const auto part = path.substr(at, end - at); !part.empty() && part != ".") out.emplace_back(part);
    at = end + 1;
  }
  return out;
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& p : parts) out += out.empty() ? p : "/" + p;
  return out;
}

inline std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace xedgesim::vm
