// What entries take over from `defaults` and from their kind.
#include <fmt/format.h>

#include <functional>
#include <set>
#include <unordered_map>

#include "scenario/assemble.h"
#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

/// Keys copied by inheritance in one scenario; beyond it the defaults times the entries are a mistake.
constexpr size_t kMostInherited = 20'000'000;

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

}  // namespace

ValuePtr with_inherited(const ValuePtr& root, LoadContext& context) {
  return Inheritance(root, context).apply();
}

}  // namespace xedgesim::scenario
