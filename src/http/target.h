#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xedgesim::http {

/// What a request asks for: a path, and the parameters behind its question mark, both decoded.
struct Target {
  static constexpr size_t kLongest = 8192;

  std::string path;
  std::vector<std::pair<std::string, std::string>> query = {};

  /// The first parameter of that name, or null.
  const std::string* find(std::string_view name) const;
  /// All of that name.
  std::vector<std::string> all(std::string_view name) const;
};

/// The target of a request line (RFC 9112 origin-form). Nothing for one that is too long or does not begin
/// with '/', for an escape that is none, and where a NUL or another control character is in it, decoded or
/// not.
std::optional<Target> parse_target(std::string_view text);

/// Whether a text may name something in the folder of results: names joined by '/', none of them empty, "."
/// or "..". "." alone is the folder itself.
bool valid_id(std::string_view id);

/// For a path in a URL: everything but letters, digits, '/', '.', '_', '-' and '~' is escaped.
std::string escape_path(std::string_view path);

}  // namespace xedgesim::http
