#include "scenario/description.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenario/suggest.h"

namespace xedgesim::scenario {
namespace {

const char* member(const void* from, size_t offset) { return static_cast<const char*>(from) + offset; }
char* member(void* in, size_t offset) { return static_cast<char*>(in) + offset; }

bool is_free(const std::string& key) { return key.rfind("x-", 0) == 0; }

}  // namespace

void Layout::append(const KeyInfo& info, std::shared_ptr<const AnyCodec> codec, size_t offset,
                    bool optional) {
  fields.push_back({info, std::move(codec), offset, false, optional});
}

void Layout::append_all(const Layout& inner, size_t offset) {
  for (Field f : inner.fields) {
    f.offset += offset;
    fields.push_back(std::move(f));
  }
}

const Field* Layout::find(std::string_view key) const {
  for (const Field& f : fields)
    if (f.info.key == key || (!f.info.synonym.empty() && f.info.synonym == key)) return &f;
  return nullptr;
}

std::vector<std::string> Layout::keys() const {
  std::vector<std::string> out;
  for (const Field& f : fields) out.emplace_back(f.info.key);
  return out;
}

bool Layout::load(const Value& value, void* out, const Path& path, LoadContext& context) const {
  if (!value.is_map() && !value.is_null()) {
    wrong_kind(value, path, "a map with the keys " + name_list(keys(), 8), context);
    return false;
  }
  bool ok = true;
  std::vector<const Field*> seen;
  for (const Entry& e : value.entries) ok &= load_entry(e, out, seen, path, context);
  if (context.partial) return ok;
  for (const Field& f : fields) {
    if (!f.info.required || std::find(seen.begin(), seen.end(), &f) != seen.end()) continue;
    const std::string where = path.text();
    context.report.error(value.mark, fmt::format("{} needs the key '{}': {}",
                                                 where.empty() ? "the file" : where, f.info.key, f.info.doc));
    ok = false;
  }
  return ok;
}

bool Layout::load_entry(const Entry& e, void* out, std::vector<const Field*>& seen, const Path& path,
                        LoadContext& context) const {
  const Field* f = find(e.key);
  if (f == nullptr) {
    if (is_free(e.key)) {
      if (extra) (*reinterpret_cast<nlohmann::json*>(member(out, *extra)))[e.key] = to_json(*e.value);
      return true;
    }
    if (context.report.full()) {
      context.report.error(e.mark, "unknown key");
      return false;
    }
    std::map<std::string, std::vector<std::string>> nested;
    for (const Field& other : fields) nested[std::string(other.info.key)] = other.codec->keys();
    context.report.error(e.mark, unknown_key(e.key, path, keys(), nested));
    return false;
  }
  if (std::find(seen.begin(), seen.end(), f) != seen.end()) {
    context.report.error(
        e.mark, fmt::format("'{}' and '{}' mean the same: write one of them", f->info.key, f->info.synonym));
    return false;
  }
  seen.push_back(f);
  const Path here(path, e.key);
  return f->consumed ? f->codec->check_any(*e.value, here, context)
                     : f->codec->load_any(*e.value, member(out, f->offset), here, context);
}

ValuePtr Layout::dump(const void* from) const {
  std::vector<Entry> entries;
  for (const Field& f : fields) {
    if (f.consumed) continue;
    ValuePtr v = f.codec->dump_any(member(from, f.offset));
    if (!v) continue;
    const bool empty = (v->is_list() && v->items.empty()) || (v->is_map() && v->entries.empty());
    if (empty && !f.optional && !f.info.keep_empty) continue;
    entries.push_back({std::string(f.info.key), {}, std::move(v)});
  }
  if (extra)
    for (const auto& [key, item] : reinterpret_cast<const nlohmann::json*>(member(from, *extra))->items())
      entries.push_back({key, {}, from_json(item)});
  return make_map(std::move(entries));
}

nlohmann::json Layout::schema(const void* fresh, bool partial) const {
  auto properties = nlohmann::json::object();
  auto required = nlohmann::json::array();
  for (const Field& f : fields) {
    nlohmann::json s = f.codec->schema(partial);
    s["description"] = f.info.doc;
    const ValuePtr fallback =
        f.consumed || f.info.required ? nullptr : f.codec->dump_any(member(fresh, f.offset));
    if (fallback && fallback->is_scalar()) s["default"] = to_json(*fallback);
    if (!f.info.synonym.empty()) properties[std::string(f.info.synonym)] = s;
    properties[std::string(f.info.key)] = std::move(s);
    // A synonym may stand for a required key: the loader alone knows.
    if (f.info.required && !partial && f.info.synonym.empty()) required.push_back(f.info.key);
  }
  nlohmann::json out = {
      {"type", required.empty() ? nlohmann::json({"object", "null"}) : nlohmann::json("object")},
      {"description", doc},
      {"properties", std::move(properties)},
      {"patternProperties", {{"^x-", nlohmann::json::object()}}},
      {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

void Layout::document(const void* fresh, Documentation& out, const std::string& path) const {
  if (!out.begin(path, doc)) return;
  for (const Field& f : fields) {
    const ValuePtr fallback = f.consumed ? nullptr : f.codec->dump_any(member(fresh, f.offset));
    std::string shown = f.info.required ? "required" : "";
    if (shown.empty() && fallback && fallback->is_scalar()) shown = fallback->text;
    if (shown.empty() && fallback && fallback->is_list() && !fallback->items.empty())
      shown = to_json(*fallback).dump();
    const std::string name = f.info.synonym.empty() ? std::string(f.info.key)
                                                    : fmt::format("{}` or `{}", f.info.key, f.info.synonym);
    out.row({name, f.codec->type(), shown, std::string(f.info.doc)});
  }
  for (const Field& f : fields)
    f.codec->document(out, path.empty() ? std::string(f.info.key) : fmt::format("{}.{}", path, f.info.key));
}

std::string unknown_key(const std::string& key, const Path& path, const std::vector<std::string>& known,
                        const std::map<std::string, std::vector<std::string>>& nested) {
  const std::string where = path.text();
  const std::string sentence = fmt::format("unknown key '{}' {}", key.substr(0, 80),
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
