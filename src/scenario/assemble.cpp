#include "scenario/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <unordered_map>

#include "scenario/describe.h"
#include "scenario/yaml_reader.h"

namespace xedgesim::scenario {
namespace {

constexpr size_t kDeepestInclude = 8;
constexpr size_t kMostIncludes = 100;
/// Keys copied by inheritance in one scenario; beyond it the defaults times the entries are a mistake.
constexpr size_t kMostInherited = 20'000'000;

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

struct Segment {
  std::string key;    // map key, or
  std::string index;  // list index or id of a list item
  bool is_index = false;
};

/// "devices[0].config.x" apart; empty when it is no path.
std::vector<Segment> parse_path(std::string_view path) {
  std::vector<Segment> out;
  size_t i = 0;
  while (i < path.size()) {
    const size_t end = std::min(path.find_first_of(".[", i), path.size());
    if (end == i) return {};
    out.push_back({std::string(path.substr(i, end - i)), {}, false});
    i = end;
    while (i < path.size() && path[i] == '[') {
      const size_t close = path.find(']', i);
      if (close == std::string_view::npos || close == i + 1) return {};
      out.push_back({{}, std::string(path.substr(i + 1, close - i - 1)), true});
      i = close + 1;
    }
    if (i < path.size() && path[i++] != '.') return {};
    if (i == path.size() && path.back() == '.') return {};
  }
  return out;
}

std::optional<size_t> list_index(const Value& list, const std::string& index) {
  size_t n = 0;
  const auto [end, ec] = std::from_chars(index.data(), index.data() + index.size(), n);
  if (ec == std::errc{} && end == index.data() + index.size())
    return n < list.items.size() ? std::optional(n) : std::nullopt;
  for (size_t i = 0; i < list.items.size(); ++i) {
    const Entry* id = list.items[i]->is_map() ? list.items[i]->find("id") : nullptr;
    if (id && id->value->is_scalar() && id->value->text == index) return i;
  }
  return std::nullopt;
}

/// The tree with marks that name the override instead of a line.
ValuePtr blamed(const ValuePtr& value, int source) {
  auto copy = std::make_shared<Value>(*value);
  copy->mark = {source, 0, 0};
  for (ValuePtr& item : copy->items) item = blamed(item, source);
  for (Entry& e : copy->entries) {
    e.mark = {source, 0, 0};
    e.value = blamed(e.value, source);
  }
  return copy;
}

class Setter {
 public:
  Setter(std::vector<Segment> path, ValuePtr value, int source)
      : path_(std::move(path)), value_(std::move(value)), blame_{source, 0, 0} {}

  /// Null and a problem when it cannot be done.
  ValuePtr set(const ValuePtr& node, size_t depth, const std::string& above) {
    if (depth == path_.size()) return value_;
    const Segment& s = path_[depth];
    return s.is_index ? set_item(node, depth, above) : set_key(node, depth, above);
  }
  std::string problem;

 private:
  ValuePtr set_item(const ValuePtr& node, size_t depth, const std::string& above) {
    const Segment& s = path_[depth];
    if (!node || !node->is_list()) {
      problem = fmt::format("{} is not a list: there is no [{}] in it", above, s.index);
      return nullptr;
    }
    const auto i = list_index(*node, s.index);
    if (!i) {
      problem = node->items.empty()
                    ? fmt::format("{} is empty: there is no [{}]", above, s.index)
                    : fmt::format("{} has no [{}]: use an index from 0 to {}, or the id of an entry", above,
                                  s.index, node->items.size() - 1);
      return nullptr;
    }
    auto copy = std::make_shared<Value>(*node);
    copy->items[*i] = set(node->items[*i], depth + 1, fmt::format("{}[{}]", above, s.index));
    return copy->items[*i] ? copy : nullptr;
  }

  ValuePtr set_key(const ValuePtr& node, size_t depth, const std::string& above) {
    const Segment& s = path_[depth];
    if (node && !node->is_map() && !node->is_null()) {
      problem = fmt::format("{} has no keys: '{}' cannot be set in it", above, s.key);
      return nullptr;
    }
    auto copy = std::make_shared<Value>();
    copy->mark = node ? node->mark : blame_;
    if (node) copy->entries = node->entries;
    copy->kind = Value::Kind::map;
    const std::string here = above.empty() ? s.key : above + "." + s.key;
    const auto entry = std::find_if(copy->entries.begin(), copy->entries.end(),
                                    [&](const Entry& e) { return e.key == s.key; });
    if (entry == copy->entries.end()) {
      if (depth + 1 < path_.size() && path_[depth + 1].is_index) {
        std::vector<std::string> known;
        for (const Entry& e : copy->entries) known.push_back(e.key);
        problem = fmt::format("there is no list '{}'{}", here, did_you_mean(s.key, known));
        return nullptr;
      }
      if (depth + 1 == path_.size() && value_->is_null()) return copy;
      ValuePtr made = set(nullptr, depth + 1, here);
      if (!made) return nullptr;
      copy->entries.push_back({s.key, blame_, std::move(made)});
      return copy;
    }
    if (depth + 1 == path_.size() && value_->is_null()) {
      copy->entries.erase(entry);
      return copy;
    }
    entry->value = set(entry->value, depth + 1, here);
    if (!entry->value) return nullptr;
    if (depth + 1 == path_.size()) entry->mark = blame_;
    return copy;
  }

  std::vector<Segment> path_;
  ValuePtr value_;
  Mark blame_;
};

/// One section whose entries inherit.
struct Section {
  std::string name;
  std::function<void(const Value& kind, const Path& path, LoadContext&)> check_kind;
};

template <class T>
Section section(std::string name, CodecPtr<T> codec) {
  return {std::move(name), [codec](const Value& kind, const Path& path, LoadContext& context) {
            T scratch{};
            codec->load(kind, scratch, path, context);
          }};
}

class Inheritance {
 public:
  Inheritance(const ValuePtr& root, LoadContext& context) : root_(root), context_(context) {
    const Entry* defaults = root->find("defaults");
    if (defaults && defaults->value->is_map()) defaults_ = defaults->value;
    const Entry* kinds = root->find("kinds");
    if (kinds && kinds->value->is_map()) kinds_ = kinds->value;
    if (kinds_)
      for (const Entry& e : kinds_->entries) {
        kind_names_.push_back(e.key);
        kind_of_.emplace(e.key, &e);
      }
  }

  ValuePtr apply() {
    check_defaults();
    auto out = std::make_shared<Value>(*root_);
    for (const Section& s : {section("devices", device_codec()), section("nodes", linux_node_codec()),
                             section("edge", edge_codec()), section("cloud", cloud_codec()),
                             section("switches", switch_codec()), section("links", link_codec())}) {
      for (Entry& e : out->entries)
        if (e.key == s.name && e.value->is_list()) e.value = fill(e.value, s);
    }
    if (kinds_)
      for (const Entry& e : kinds_->entries)
        if (!used_.count(e.key) && e.key.rfind("x-", 0) != 0)
          context_.report.warning(e.mark, fmt::format("kind '{}' is used by no entry", e.key));
    return out;
  }

 private:
  /// Before the entries, so that a wrong default is complained about where it stands.
  void check_defaults() {
    Value only;
    only.kind = Value::Kind::map;
    for (const Entry& e : root_->entries)
      if (e.key == "defaults" || e.key == "kinds") only.entries.push_back(e);
    LoadContext partial{context_.report, context_.options, true};
    Scenario scratch;
    scenario_codec()->load(only, scratch, Path(), partial);
    for (const ValuePtr& above : {defaults_, kinds_})
      if (above) refuse_kinds_in(*above);
  }

  /// A kind is looked up for entries only; in what they inherit it would do nothing.
  void refuse_kinds_in(const Value& inherited) {
    for (const Entry& e : inherited.entries)
      if (const Entry* kind = e.value->is_map() ? e.value->find("kind") : nullptr)
        context_.report.error(kind->mark,
                              "only entries of a section have a kind: write the keys of that kind out here");
  }

  ValuePtr fill(const ValuePtr& list, const Section& s) {
    const Entry* base = defaults_ ? defaults_->find(s.name) : nullptr;
    auto out = std::make_shared<Value>(*list);
    for (ValuePtr& item : out->items) {
      if (!item->is_map()) continue;
      const Entry* kind = find_kind(*item, s);
      // Inherited keys below, the entry's own place kept.
      ValuePtr under = base && base->value->is_map() ? base->value : nullptr;
      if (kind && kind->value->is_map()) under = under ? merged(under, kind->value) : kind->value;
      if (!under) continue;
      budget_ += under->entries.size() + item->entries.size();
      if (budget_ > kMostInherited) {
        context_.report.error(list->mark, "defaults and kinds make this section too large: shorten them");
        return list;
      }
      item = merged(under, item);
    }
    return out;
  }

  const Entry* find_kind(const Value& item, const Section& s) {
    const Entry* named = item.find("kind");
    if (named == nullptr || !named->value->is_scalar()) return nullptr;
    const auto kind = kind_of_.find(named->value->text);
    if (kind == kind_of_.end()) {
      const std::string hint = did_you_mean(named->value->text, kind_names_);
      context_.report.error(named->value->mark,
                            fmt::format("unknown kind '{}'{}", named->value->text,
                                        !hint.empty()         ? hint
                                        : kind_names_.empty() ? ": there is no section 'kinds'"
                                                              : " — known: " + name_list(kind_names_)));
      return nullptr;
    }
    used_.insert(kind->first);
    if (checked_.insert(s.name + "/" + kind->first).second) {
      LoadContext partial{context_.report, context_.options, true};
      const Path kinds("kinds");
      s.check_kind(*kind->second->value, Path(kinds, kind->first), partial);
    }
    return kind->second;
  }

  ValuePtr root_;
  LoadContext& context_;
  ValuePtr defaults_, kinds_;
  std::vector<std::string> kind_names_;
  std::unordered_map<std::string, const Entry*> kind_of_;
  std::set<std::string> used_, checked_;
  size_t budget_ = 0;
};

/// Follows the path as far as it goes.
std::pair<const Value*, bool> follow(const Value& root, std::string_view path) {
  const Value* at = &root;
  const auto segments = parse_path(path);
  for (const Segment& s : segments) {
    const Value* next = nullptr;
    if (s.is_index && at->is_list()) {
      if (const auto i = list_index(*at, s.index)) next = at->items[*i].get();
    } else if (!s.is_index && at->is_map()) {
      if (const Entry* e = at->find(s.key)) next = e->value.get();
    }
    if (next == nullptr) return {at, false};
    at = next;
  }
  return {at, true};
}

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

ValuePtr with_override(const ValuePtr& root, const std::string& text, LoadContext& context) {
  Report& report = context.report;
  const int source = report.add_source({"--set " + text, report.source(0).folder});
  const Mark blame{source, 0, 0};
  const size_t equals = text.find('=');
  const auto path = equals == std::string::npos ? std::vector<Segment>{}
                                                : parse_path(std::string_view(text).substr(0, equals));
  if (path.empty()) {
    report.error(blame,
                 "this is no override: write path=value, such as scenario.seed=43 or devices[0].count=100");
    return root;
  }
  if (path.size() >= 2 && path[0].key == "scenario" && path[1].key == "include") {
    report.error(blame, "includes are read before overrides: write the include into the file");
    return root;
  }
  Report scratch;
  scratch.add_source({"value", {}});
  const ValuePtr parsed =
      read_yaml(std::string_view(text).substr(equals + 1), 0, context.options.environment, scratch);
  if (!parsed || scratch.has_errors()) {
    const auto problems = scratch.errors();
    report.error(blame, "the value is wrong: " + problems.front().message);
    return root;
  }
  Setter setter(path, blamed(parsed, source), source);
  const ValuePtr changed = setter.set(root, 0, "");
  if (!changed) {
    report.error(blame, setter.problem);
    return root;
  }
  return changed;
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

ValuePtr with_inherited(const ValuePtr& root, LoadContext& context) {
  return Inheritance(root, context).apply();
}

Mark place_of(const Value& root, std::string_view path) { return follow(root, path).first->mark; }

const Value* value_at(const Value& root, std::string_view path) {
  const auto [value, whole] = follow(root, path);
  return whole ? value : nullptr;
}

}  // namespace xedgesim::scenario
