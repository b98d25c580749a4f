#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace xedgesim::web {

using Json = nlohmann::ordered_json;

/// JSON as text; bytes that are no UTF-8 (a console may hold any) become U+FFFD.
inline std::string to_text(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// The member of that name if it is a text, else nothing.
inline std::string text_member(const Json& j, const char* name) {
  if (!j.is_object()) return {};
  const auto found = j.find(name);
  return found != j.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The member of that name, or null.
inline Json member(const Json& j, const char* name) {
  if (!j.is_object()) return nullptr;
  const auto found = j.find(name);
  return found == j.end() ? Json(nullptr) : *found;
}

}  // namespace xedgesim::web
