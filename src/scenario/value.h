#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace xedgesim::scenario {

/// A place in one of the texts a scenario is made of.
struct Mark {
  int file = 0;    ///< index into the list of sources
  int line = 0;    ///< from 1; 0: no place within the source
  int column = 0;  ///< from 1, in characters
};

struct Value;
using ValuePtr = std::shared_ptr<const Value>;

struct Entry {
  std::string key;
  Mark mark;
  ValuePtr value;
};

/// One YAML node with its place. Nodes are shared (anchors, defaults) and never changed once built.
/// Map keys are unique and keep their order.
struct Value {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Mark mark;
  std::string text;     ///< scalar
  bool quoted = false;  ///< scalar in quotes: text even if it looks like a number
  std::vector<ValuePtr> items;
  std::vector<Entry> entries;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Entry* find(std::string_view key) const;
};

ValuePtr make_plain(std::string text);
/// Quoted when a YAML reader could take it for something else; ${ is escaped.
ValuePtr make_text(const std::string& text);
ValuePtr make_list(std::vector<ValuePtr> items);
ValuePtr make_map(std::vector<Entry> entries);

/// Numbers, booleans and null as in YAML's core schema.
nlohmann::json to_json(const Value& value);
ValuePtr from_json(const nlohmann::json& json);
std::string to_yaml(const Value& value);

}  // namespace xedgesim::scenario
