#pragma once
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "scenario/load.h"
#include "scenario/report.h"

namespace xedgesim::scenario {

struct LoadContext {
  Report& report;
  const LoadOptions& options;
  bool partial = false;  ///< a kind or a default: required keys may come from elsewhere
};

class Documentation;

/// How values of some type stand in YAML. Loading, the schema, the resolved dump and the reference tables
/// all come from here.
class AnyCodec {
 public:
  virtual ~AnyCodec() = default;
  /// False after a complaint; `out` may be half filled then.
  virtual bool load_any(const Value& value, void* out, const Path& path, LoadContext& context) const = 0;
  /// Checks a value that is kept nowhere.
  virtual bool check_any(const Value& value, const Path& path, LoadContext& context) const = 0;
  /// Null: leave the key out.
  virtual ValuePtr dump_any(const void* value) const = 0;
  virtual nlohmann::json schema(bool partial) const = 0;
  /// For the reference: "time (ns, us, …)".
  virtual std::string type() const = 0;
  /// Keys one level down, to find misplaced ones.
  virtual std::vector<std::string> keys() const { return {}; }
  virtual void document(Documentation&, const std::string& path) const { (void)path; }
};

template <class T>
class Codec : public AnyCodec {
 public:
  virtual bool load(const Value& value, T& out, const Path& path, LoadContext& context) const = 0;
  virtual ValuePtr dump(const T& value) const = 0;

  bool load_any(const Value& value, void* out, const Path& path, LoadContext& context) const final {
    return load(value, *static_cast<T*>(out), path, context);
  }
  bool check_any(const Value& value, const Path& path, LoadContext& context) const final {
    T unused{};
    return load(value, unused, path, context);
  }
  ValuePtr dump_any(const void* value) const final { return dump(*static_cast<const T*>(value)); }
};

template <class T>
using CodecPtr = std::shared_ptr<const Codec<T>>;

/// "expected X, not a list".
void wrong_kind(const Value& value, const Path& path, const std::string& expected, LoadContext& context);

/// The scalar's text, or null after a complaint.
const std::string* scalar_text(const Value& value, const Path& path, const std::string& expected,
                               LoadContext& context);

/// What lists and maps say of themselves, from what their items say.
nlohmann::json list_schema(const AnyCodec& item, bool one_is_list);
std::string list_type(const AnyCodec& item, bool one_is_list);
nlohmann::json map_schema(const AnyCodec& item);
std::string map_type(const AnyCodec& item, const std::string& key_name);
void document_map(const AnyCodec& item, const std::string& key_name, Documentation& d,
                  const std::string& path);

template <class T>
class ListCodec : public Codec<std::vector<T>> {
 public:
  /// `one_is_list`: a single item may stand without brackets.
  ListCodec(CodecPtr<T> item, bool one_is_list) : item_(std::move(item)), one_is_list_(one_is_list) {}

  bool load(const Value& value, std::vector<T>& out, const Path& path, LoadContext& context) const override {
    out.clear();
    if (value.is_null()) return true;
    if (!value.is_list()) {
      if (one_is_list_) {
        out.emplace_back();
        return item_->load(value, out.back(), path, context);
      }
      wrong_kind(value, path, type(), context);
      return false;
    }
    bool ok = true;
    out.reserve(value.items.size());
    for (size_t i = 0; i < value.items.size(); ++i) {
      // Kept even when wrong, so that indices are the file's.
      T item{};
      ok &= item_->load(*value.items[i], item, Path(path, i), context);
      out.push_back(std::move(item));
    }
    return ok;
  }
  nlohmann::json schema(bool) const override { return list_schema(*item_, one_is_list_); }
  ValuePtr dump(const std::vector<T>& value) const override {
    std::vector<ValuePtr> items;
    for (const T& item : value) items.push_back(item_->dump(item));
    return make_list(std::move(items));
  }
  std::string type() const override { return list_type(*item_, one_is_list_); }
  void document(Documentation& d, const std::string& path) const override { item_->document(d, path + "[]"); }

 private:
  CodecPtr<T> item_;
  bool one_is_list_;
};

template <class T>
class MapCodec : public Codec<std::map<std::string, T>> {
 public:
  MapCodec(CodecPtr<T> item, std::string key_name) : item_(std::move(item)), key_name_(std::move(key_name)) {}

  bool load(const Value& value, std::map<std::string, T>& out, const Path& path,
            LoadContext& context) const override {
    out.clear();
    if (value.is_null()) return true;
    if (!value.is_map()) {
      wrong_kind(value, path, type(), context);
      return false;
    }
    bool ok = true;
    for (const Entry& e : value.entries) {
      if (e.key.rfind("x-", 0) == 0) continue;
      ok &= item_->load(*e.value, out[e.key], Path(path, e.key), context);
    }
    return ok;
  }
  nlohmann::json schema(bool) const override { return map_schema(*item_); }
  ValuePtr dump(const std::map<std::string, T>& value) const override {
    std::vector<Entry> entries;
    for (const auto& [key, item] : value) entries.push_back({key, {}, item_->dump(item)});
    return make_map(std::move(entries));
  }
  std::string type() const override { return map_type(*item_, key_name_); }
  void document(Documentation& d, const std::string& path) const override {
    document_map(*item_, key_name_, d, path);
  }

 private:
  CodecPtr<T> item_;
  std::string key_name_;
};

/// Absent values stay absent in the dump.
template <class T>
class OptionalCodec : public Codec<std::optional<T>> {
 public:
  explicit OptionalCodec(CodecPtr<T> inner) : inner_(std::move(inner)) {}
  bool load(const Value& value, std::optional<T>& out, const Path& path,
            LoadContext& context) const override {
    return inner_->load(value, out.emplace(), path, context);
  }
  ValuePtr dump(const std::optional<T>& value) const override {
    return value ? inner_->dump(*value) : nullptr;
  }
  nlohmann::json schema(bool partial) const override { return inner_->schema(partial); }
  std::string type() const override { return inner_->type(); }
  std::vector<std::string> keys() const override { return inner_->keys(); }
  void document(Documentation& d, const std::string& path) const override { inner_->document(d, path); }

 private:
  CodecPtr<T> inner_;
};

template <class T>
CodecPtr<std::vector<T>> list_of(CodecPtr<T> item) {
  return std::make_shared<ListCodec<T>>(std::move(item), false);
}
/// `x` means `[x]`.
template <class T>
CodecPtr<std::vector<T>> one_or_more(CodecPtr<T> item) {
  return std::make_shared<ListCodec<T>>(std::move(item), true);
}
template <class T>
CodecPtr<std::map<std::string, T>> map_of(CodecPtr<T> item, std::string key_name = "name") {
  return std::make_shared<MapCodec<T>>(std::move(item), std::move(key_name));
}

}  // namespace xedgesim::scenario
