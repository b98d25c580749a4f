// Values by their path, such as "devices[0].config.tx_power", to look at and to replace.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "scenario/assemble.h"
#include "scenario/suggest.h"
#include "scenario/yaml_reader.h"

namespace xedgesim::scenario {
namespace {

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
    if (depth + 1 == path_.size() && value_->is_null()) {
      copy->items.erase(copy->items.begin() + static_cast<ptrdiff_t>(*i));
      return copy;
    }
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

Mark place_of(const Value& root, std::string_view path) { return follow(root, path).first->mark; }

const Value* value_at(const Value& root, std::string_view path) {
  const auto [value, whole] = follow(root, path);
  return whole ? value : nullptr;
}

}  // namespace xedgesim::scenario
