#include "scenario/codec.h"

#include <fmt/format.h>

#include "scenario/description.h"

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

std::string unknown_key(const std::string& key, const Path& path, const std::vector<std::string>& known,
                        const std::map<std::string, std::vector<std::string>>& nested) {
  const std::string where = path.text();
  std::string sentence = fmt::format("unknown key '{}' {}", key.substr(0, 80),
                                     where.empty() ? "at the top level" : "in " + where);
  for (const auto& [outer, keys] : nested) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end())
      return sentence + fmt::format(" — did you mean '{}.{}'?", outer, key);
  }
  if (const std::string hint = did_you_mean(key, known); !hint.empty()) return sentence + hint;
  return sentence + fmt::format(" — known keys: {}", name_list(known));
}

bool Documentation::begin(const std::string& path, const std::string& doc) {
  for (const Section& s : sections_)
    if (s.doc == doc) return false;
  sections_.push_back({path, doc, {}});
  return true;
}

std::string Documentation::markdown() const {
  std::string out;
  for (const Section& s : sections_) {
    out += fmt::format("### {}\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
                       s.path.empty() ? "top level" : '`' + s.path + '`', s.doc);
    for (const Row& r : s.rows)
      out += fmt::format("| `{}` | {} | {} | {} |\n", r.key, r.type, r.fallback, r.doc);
    out += '\n';
  }
  return out;
}

}  // namespace xedgesim::scenario
