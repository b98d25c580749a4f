#include "http/target.h"

#include <fmt/format.h>

namespace xedgesim::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool control_character(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Percent escapes; in a query '+' is a space.
std::optional<std::string> decoded(std::string_view text, bool query) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && query) {
      c = ' ';
    }
    if (control_character(c)) return std::nullopt;
    out += c;
  }
  return out;
}

}  // namespace

const std::string* Target::find(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return &value;
  return nullptr;
}

std::vector<std::string> Target::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query)
    if (key == name) values.push_back(value);
  return values;
}

std::optional<Target> parse_target(std::string_view text) {
  if (text.size() > Target::kLongest || !text.starts_with('/')) return std::nullopt;
  const size_t question = text.find('?');
  const auto path = decoded(text.substr(0, question), false);
  if (!path) return std::nullopt;
  Target target{.path = *path};
  std::string_view rest = question == std::string_view::npos ? "" : text.substr(question + 1);
  while (!rest.empty()) {
    const size_t end = rest.find('&');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const auto key = decoded(part.substr(0, equals), true);
    const auto value =
        decoded(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
    if (!key || !value) return std::nullopt;
    target.query.emplace_back(*key, *value);
  }
  return target;
}

bool valid_id(std::string_view id) {
  if (id == ".") return true;
  if (id.size() > 4096) return false;
  for (;;) {
    const size_t end = id.find('/');
    const std::string_view name = id.substr(0, end);
    if (name.empty() || name == "." || name == "..") return false;
    for (const char c : name)
      if (control_character(c)) return false;
    if (end == std::string_view::npos) return true;
    id = id.substr(end + 1);
  }
}

std::string escape_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/._-~").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace xedgesim::http
