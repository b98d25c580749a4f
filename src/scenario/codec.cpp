#include "scenario/codec.h"

#include <fmt/format.h>

namespace xedgesim::scenario {

void wrong_kind(const Value& value, const Path& path, const std::string& expected, LoadContext& context) {
  const std::string where = path.text();
  const char* found = value.is_list()   ? "a list"
                      : value.is_map()  ? "a map"
                      : value.is_null() ? "nothing"
                                        : "";
  const std::string shown = *found ? found : fmt::format("'{}'", value.text.substr(0, 60));
  context.report.error(value.mark, fmt::format("{}: expected {}, found {}",
                                               where.empty() ? "the file" : where, expected, shown));
}

const std::string* scalar_text(const Value& value, const Path& path, const std::string& expected,
                               LoadContext& context) {
  if (value.is_scalar()) return &value.text;
  if (value.is_null()) {
    context.report.error(value.mark,
                         fmt::format("{} has no value: write {} or remove the key", path.text(), expected));
  } else {
    wrong_kind(value, path, expected, context);
  }
  return nullptr;
}

}  // namespace xedgesim::scenario
