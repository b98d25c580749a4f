#include "scenario/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "scenario/codecs.h"
#include "scenario/yaml_reader.h"

namespace xedgesim::scenario {
namespace {

constexpr size_t kDeepestInclude = 8;
constexpr size_t kMostIncludes = 100;

bool list_of_maps(const Value& v) {
  if (!v.is_list() || v.items.empty()) return false;
  return std::all_of(v.items.begin(), v.items.end(), [](const ValuePtr& i) { return i->is_map(); });
}

std::vector<std::pair<ValuePtr, Mark>> include_list(const Value& root) {
  std::vector<std::pair<ValuePtr, Mark>> out;
  const Entry* meta = root.is_map() ? root.find("scenario") : nullptr;
  const Entry* include = meta && meta->value->is_map() ? meta->value->find("include") : nullptr;
  if (include == nullptr) return out;
  if (include->value->is_scalar()) out.emplace_back(include->value, include->value->mark);
  for (const ValuePtr& item : include->value->items) out.emplace_back(item, item->mark);
  return out;
}

class Includer {
 public:
  explicit Includer(LoadContext& context) : context_(context) {}

  ValuePtr add(const ValuePtr& root, std::vector<std::string>& open) {
    ValuePtr base;
    for (const auto& [name, mark] : include_list(*root)) {
      const ValuePtr part = name->is_scalar() ? read(name->text, mark, open) : nullptr;
      if (part) base = base ? merged(base, part, true) : part;
    }
    return base ? merged(base, root, true) : root;
  }

 private:
  ValuePtr read(const std::string& written, const Mark& mark, std::vector<std::string>& open) {
    const FilePath file = resolve_path(written, mark, context_);
    std::error_code ec;
    const std::string real = std::filesystem::weakly_canonical(file.resolved, ec).string();
    if (std::find(open.begin(), open.end(), real) != open.end()) {
      context_.report.error(mark, fmt::format("'{}' includes itself: remove this include", written));
      return nullptr;
    }
    if (open.size() >= kDeepestInclude || ++count_ > kMostIncludes) {
      context_.report.error(mark,
                            fmt::format("includes are nested deeper than {} files or more than {}: use fewer",
                                        kDeepestInclude, kMostIncludes));
      return nullptr;
    }
    const auto text = read_text_file(file.resolved, mark, context_.report);
    if (!text) return nullptr;
    const int source = context_.report.add_source({file.resolved.string(), file.resolved.parent_path()});
    const ValuePtr root = read_yaml(*text, source, context_.options.environment, context_.report);
    if (!root || root->is_null()) return nullptr;
    if (!root->is_map()) {
      context_.report.error(root->mark,
                            "an included file is a map of sections: write keys such as 'devices:'");
      return nullptr;
    }
    open.push_back(real);
    const ValuePtr whole = add(root, open);
    open.pop_back();
    return whole;
  }

  LoadContext& context_;
  size_t count_ = 0;
};

}  // namespace

ValuePtr merged(const ValuePtr& base, const ValuePtr& over, bool append) {
  if (!base || base->is_null()) return over;
  if (append && list_of_maps(*base) && list_of_maps(*over)) {
    auto out = std::make_shared<Value>(*base);
    out->items.insert(out->items.end(), over->items.begin(), over->items.end());
    return out;
  }
  if (base->is_map() && over->is_null()) return base;
  if (!base->is_map() || !over->is_map()) return over;
  auto out = std::make_shared<Value>(*over);
  out->entries.clear();
  std::unordered_map<std::string_view, size_t> index;
  for (const Entry& e : base->entries) {
    index.emplace(e.key, out->entries.size());
    out->entries.push_back(e);
  }
  for (const Entry& e : over->entries) {
    const auto known = index.find(e.key);
    if (known == index.end()) {
      out->entries.push_back(e);
    } else {
      Entry& below = out->entries[known->second];
      below = {e.key, e.mark, merged(below.value, e.value, append)};
    }
  }
  return out;
}

ValuePtr with_includes(const ValuePtr& root, LoadContext& context) {
  std::error_code ec;
  const Source& main = context.report.source(0);
  std::vector<std::string> open = {
      std::filesystem::weakly_canonical(main.folder / std::filesystem::path(main.name).filename(), ec)
          .string()};
  return Includer(context).add(root, open);
}

ValuePtr with_timeline(const ValuePtr& root, const std::filesystem::path& file, LoadContext& context) {
  Report& report = context.report;
  const int source = report.add_source({file.string(), file.parent_path()});
  const auto text = read_text_file(file, {source, 0, 0}, report);
  const ValuePtr part = text ? read_yaml(*text, source, context.options.environment, report) : nullptr;
  if (!part || part->is_null()) return root;
  if (!part->is_map() || part->entries.size() != 1 || part->entries[0].key != "faults") {
    report.error(part->mark, "a time-line is a map with the one key 'faults'");
    return root;
  }
  return merged(root, part, true);
}

ValuePtr with_devices_sorted_out(const ValuePtr& root, LoadContext& context) {
  const Entry* edge = root->find("edge");
  if (edge == nullptr || !edge->value->is_list()) return root;
  const auto is_device = [](const ValuePtr& v) {
    return v->is_map() && (v->find("platform") || v->find("firmware"));
  };
  const Entry* devices = root->find("devices");
  if (devices && !devices->value->is_list() && !devices->value->is_null()) return root;
  auto kept = std::make_shared<Value>(*edge->value);
  auto moved = std::make_shared<Value>(devices ? *devices->value : *edge->value);
  moved->kind = Value::Kind::list;
  if (!devices) moved->items.clear();
  kept->items.clear();
  for (const ValuePtr& item : edge->value->items) {
    if (is_device(item)) {
      context.report.warning(
          item->mark,
          "this entry of 'edge' has the keys of a device and is taken as one: move it to 'devices'");
      moved->items.push_back(item);
    } else {
      kept->items.push_back(item);
    }
  }
  if (kept->items.size() == edge->value->items.size()) return root;
  auto out = std::make_shared<Value>(*root);
  for (Entry& e : out->entries) {
    if (e.key == "edge") e.value = kept;
    if (e.key == "devices") e.value = moved;
  }
  if (!devices) out->entries.push_back({"devices", edge->mark, moved});
  return out;
}

}  // namespace xedgesim::scenario
