#include "scenario/value.h"

#include <yaml-cpp/emitter.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace xedgesim::scenario {
namespace {

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T v{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return v;
}

/// What a plain scalar means in YAML's core schema; nullopt: text.
std::optional<nlohmann::json> plain_meaning(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nlohmann::json();
  if (text == "true" || text == "True" || text == "TRUE") return nlohmann::json(true);
  if (text == "false" || text == "False" || text == "FALSE") return nlohmann::json(false);
  if (const auto i = whole_number<int64_t>(text)) return nlohmann::json(*i);
  if (const auto u = whole_number<uint64_t>(text)) return nlohmann::json(*u);
  const bool number_like = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.';
  if (number_like) {
    const auto d = whole_number<double>(text);
    if (d && std::isfinite(*d)) return nlohmann::json(*d);
  }
  return std::nullopt;
}

void emit(YAML::Emitter& out, const Value& v) {
  switch (v.kind) {
    case Value::Kind::null:
      out << YAML::Null;
      return;
    case Value::Kind::scalar:
      if (v.quoted) out << YAML::DoubleQuoted;
      out << v.text;
      return;
    case Value::Kind::list: {
      bool flat = true;
      for (const ValuePtr& item : v.items) flat = flat && item->is_scalar();
      if (flat) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const ValuePtr& item : v.items) emit(out, *item);
      out << YAML::EndSeq;
      return;
    }
    case Value::Kind::map:
      if (v.entries.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const Entry& e : v.entries) {
        out << YAML::Key << e.key << YAML::Value;
        emit(out, *e.value);
      }
      out << YAML::EndMap;
      return;
  }
}

/// Text that survives only in quotes: other types, YAML 1.1's words and sexagesimals, odd characters.
bool needs_quotes(std::string_view text) {
  if (plain_meaning(text)) return true;
  for (std::string_view word :
       {"yes", "no", "on", "off", "y", "n", "Yes", "No", "On", "Off", "YES", "NO", "ON", "OFF"})
    if (text == word) return true;
  if (text[0] >= '0' && text[0] <= '9' && text.find(':') != std::string_view::npos) return true;
  constexpr std::string_view kHarmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./%+ ()";
  if (text.front() == ' ' || text.back() == ' ' || text.front() == '-' || text.front() == '%') return true;
  return text.find_first_not_of(kHarmless) != std::string_view::npos;
}

}  // namespace

const Entry* Value::find(std::string_view key) const {
  for (const Entry& e : entries)
    if (e.key == key) return &e;
  return nullptr;
}

ValuePtr make_plain(std::string text) {
  auto v = std::make_shared<Value>();
  v->kind = Value::Kind::scalar;
  v->text = std::move(text);
  return v;
}

ValuePtr make_text(const std::string& text) {
  auto v = std::make_shared<Value>();
  v->kind = Value::Kind::scalar;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') v->text += '$';
    v->text += text[i];
  }
  v->quoted = needs_quotes(v->text);
  return v;
}

ValuePtr make_list(std::vector<ValuePtr> items) {
  auto v = std::make_shared<Value>();
  v->kind = Value::Kind::list;
  v->items = std::move(items);
  return v;
}

ValuePtr make_map(std::vector<Entry> entries) {
  auto v = std::make_shared<Value>();
  v->kind = Value::Kind::map;
  v->entries = std::move(entries);
  return v;
}

nlohmann::json to_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::scalar: {
      if (value.quoted) return value.text;
      auto meaning = plain_meaning(value.text);
      return meaning ? *meaning : nlohmann::json(value.text);
    }
    case Value::Kind::list: {
      auto list = nlohmann::json::array();
      for (const ValuePtr& item : value.items) list.push_back(to_json(*item));
      return list;
    }
    case Value::Kind::map:
      break;
  }
  auto map = nlohmann::json::object();
  for (const Entry& e : value.entries) map[e.key] = to_json(*e.value);
  return map;
}

ValuePtr from_json(const nlohmann::json& json) {
  if (json.is_null()) return std::make_shared<Value>();
  if (json.is_string()) return make_text(json.get<std::string>());
  if (json.is_array()) {
    std::vector<ValuePtr> items;
    for (const auto& item : json) items.push_back(from_json(item));
    return make_list(std::move(items));
  }
  if (json.is_object()) {
    std::vector<Entry> entries;
    for (const auto& [key, item] : json.items()) entries.push_back({key, {}, from_json(item)});
    return make_map(std::move(entries));
  }
  return make_plain(json.dump());
}

std::string to_yaml(const Value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str(), out.size()) + '\n';
}

}  // namespace xedgesim::scenario
