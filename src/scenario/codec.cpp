#include "scenario/codec.h"

#include <fmt/format.h>

namespace xedgesim::scenario {
namespace {

/// "map of …" -> "a map of …".
std::string with_article(const std::string& type) {
  for (const char* own : {"a ", "one of ", "true "})
    if (type.rfind(own, 0) == 0) return type;
  return (type.find_first_of("aeioEI") == 0 ? "an " : "a ") + type;
}

}  // namespace

void wrong_kind(const Value& value, const Path& path, const std::string& expected, LoadContext& context) {
  const std::string where = path.text();
  const char* found = value.is_list()   ? "a list"
                      : value.is_map()  ? "a map"
                      : value.is_null() ? "nothing"
                                        : "";
  const std::string shown = *found ? found : fmt::format("'{}'", value.text.substr(0, 60));
  context.report.error(value.mark,
                       fmt::format("{}: expected {}, found {}", where.empty() ? "the file" : where,
                                   with_article(expected), shown));
}

const std::string* scalar_text(const Value& value, const Path& path, const std::string& expected,
                               LoadContext& context) {
  if (value.is_scalar()) return &value.text;
  if (value.is_null()) {
    context.report.error(value.mark, fmt::format("{} has no value: write {} or remove the key", path.text(),
                                                 with_article(expected)));
  } else {
    wrong_kind(value, path, expected, context);
  }
  return nullptr;
}

nlohmann::json list_schema(const AnyCodec& item, bool one_is_list) {
  const nlohmann::json list = {{"type", nlohmann::json::array({"array", "null"})},
                               {"items", item.schema(false)}};
  if (!one_is_list) return list;
  return {{"anyOf", nlohmann::json::array({list, item.schema(false)})}};
}

std::string list_type(const AnyCodec& item, bool one_is_list) {
  if (one_is_list) return item.type() + " or list of such";
  return "list of " + (item.type() == "map" ? "maps" : item.type());
}

nlohmann::json map_schema(const AnyCodec& item) {
  return {{"type", nlohmann::json::array({"object", "null"})},
          {"patternProperties", {{"^x-", nlohmann::json::object()}}},
          {"additionalProperties", item.schema(false)}};
}

std::string map_type(const AnyCodec& item, const std::string& key_name) {
  return "map of " + key_name + " to " + item.type();
}

void document_map(const AnyCodec& item, const std::string& key_name, Documentation& d,
                  const std::string& path) {
  std::string upper = key_name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  item.document(d, path + "." + upper);
}

}  // namespace xedgesim::scenario
