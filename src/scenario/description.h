#pragma once
#include <algorithm>
#include <type_traits>

#include "scenario/codec.h"
#include "scenario/suggest.h"

namespace xedgesim::scenario {

/// What is said about one key. The rest (type, default, range) comes from the codec and the struct.
struct KeyInfo {
  std::string key = {};
  std::string doc = {};
  bool required = false;
  std::string synonym = {};  ///< another spelling of the key
  std::string since = "0.1";
  bool dumped = true;  ///< false: consumed while loading (kind, include)
};

/// One key of struct S.
template <class S>
class Field {
 public:
  explicit Field(KeyInfo about) : info(std::move(about)) {}
  virtual ~Field() = default;
  virtual bool load(const Value& value, S& out, const Path& path, LoadContext& context) const = 0;
  virtual nlohmann::json schema(bool partial) const = 0;
  virtual ValuePtr dump(const S& from) const = 0;
  virtual std::string type() const = 0;
  virtual std::vector<std::string> keys() const { return {}; }
  virtual void document(Documentation&, const std::string& path) const { (void)path; }
  virtual bool null_is_empty() const { return false; }
  KeyInfo info;
};

template <class M>
struct Unwrapped {
  using type = M;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
};

/// A key kept in a member: plain, or optional (left out of the dump when empty).
template <class S, class M>
class MemberField : public Field<S> {
 public:
  using T = typename Unwrapped<M>::type;
  MemberField(KeyInfo about, M S::*member, CodecPtr<T> codec)
      : Field<S>(std::move(about)), member_(member), codec_(std::move(codec)) {}

  bool load(const Value& value, S& out, const Path& path, LoadContext& context) const override {
    if constexpr (std::is_same_v<M, T>) {
      return codec_->load(value, out.*member_, path, context);
    } else {
      return codec_->load(value, (out.*member_).emplace(), path, context);
    }
  }
  nlohmann::json schema(bool partial) const override { return codec_->schema(partial); }
  ValuePtr dump(const S& from) const override {
    if constexpr (std::is_same_v<M, T>) {
      return codec_->dump(from.*member_);
    } else {
      return from.*member_ ? codec_->dump(*(from.*member_)) : nullptr;
    }
  }
  std::string type() const override { return codec_->type(); }
  std::vector<std::string> keys() const override { return codec_->keys(); }
  void document(Documentation& d, const std::string& path) const override { codec_->document(d, path); }
  bool null_is_empty() const override { return codec_->null_is_empty(); }

 private:
  M S::*member_;
  CodecPtr<T> codec_;
};

/// A key of a member struct whose keys stand beside the outer struct's own.
template <class S, class B>
class FlatField : public Field<S> {
 public:
  FlatField(B S::*member, std::shared_ptr<const Field<B>> inner)
      : Field<S>(inner->info), member_(member), inner_(std::move(inner)) {}
  bool load(const Value& value, S& out, const Path& path, LoadContext& context) const override {
    return inner_->load(value, out.*member_, path, context);
  }
  nlohmann::json schema(bool partial) const override { return inner_->schema(partial); }
  ValuePtr dump(const S& from) const override { return inner_->dump(from.*member_); }
  std::string type() const override { return inner_->type(); }

 private:
  B S::*member_;
  std::shared_ptr<const Field<B>> inner_;
};

/// Checked and documented but kept nowhere: another stage has used the value already.
template <class S, class T>
class ConsumedField : public Field<S> {
 public:
  ConsumedField(KeyInfo about, CodecPtr<T> codec) : Field<S>(std::move(about)), codec_(std::move(codec)) {
    this->info.dumped = false;
  }
  bool load(const Value& value, S&, const Path& path, LoadContext& context) const override {
    T unused{};
    return codec_->load(value, unused, path, context);
  }
  nlohmann::json schema(bool partial) const override { return codec_->schema(partial); }
  ValuePtr dump(const S&) const override { return nullptr; }
  std::string type() const override { return codec_->type(); }

 private:
  CodecPtr<T> codec_;
};

/// Tables of keys for docs/scenario.md.
class Documentation {
 public:
  struct Row {
    std::string key, type, fallback, doc;
  };
  /// False if the struct is in already.
  bool begin(const std::string& path, const std::string& doc);
  void row(Row row) { sections_.back().rows.push_back(std::move(row)); }
  std::string markdown() const;

 private:
  struct Section {
    std::string path, doc;
    std::vector<Row> rows;
  };
  std::vector<Section> sections_;
};

/// All keys of a struct.
template <class S>
struct Description {
  std::string doc;
  std::vector<std::shared_ptr<const Field<S>>> fields;
  std::optional<nlohmann::json S::*> extra;  ///< keeps the x- keys

  template <class M>
  Description& add(KeyInfo info, M S::*member, CodecPtr<typename Unwrapped<M>::type> codec) {
    fields.push_back(std::make_shared<MemberField<S, M>>(std::move(info), member, std::move(codec)));
    return *this;
  }
  template <class T>
  Description& consumed(KeyInfo info, CodecPtr<T> codec) {
    fields.push_back(std::make_shared<ConsumedField<S, T>>(std::move(info), std::move(codec)));
    return *this;
  }
  template <class B>
  Description& flat(B S::*member, const Description<B>& inner) {
    for (const auto& f : inner.fields) fields.push_back(std::make_shared<FlatField<S, B>>(member, f));
    return *this;
  }
  const Field<S>* find(std::string_view key) const {
    for (const auto& f : fields)
      if (f->info.key == key || (!f->info.synonym.empty() && f->info.synonym == key)) return f.get();
    return nullptr;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (const auto& f : fields) out.push_back(f->info.key);
    return out;
  }
};

/// "unknown key 'x' in a.b — did you mean 'y'?"; `nested` names the keys of deeper maps by their own key.
std::string unknown_key(const std::string& key, const Path& path, const std::vector<std::string>& known,
                        const std::map<std::string, std::vector<std::string>>& nested);

/// One map with the described keys.
template <class S>
class StructCodec : public Codec<S> {
 public:
  /// `fresh` makes the defaults the schema and the reference show.
  StructCodec(const Description<S>& d, S fresh) : d_(d), fresh_(std::move(fresh)) {}

  bool load(const Value& value, S& out, const Path& path, LoadContext& context) const override {
    if (!value.is_map() && !value.is_null()) {
      wrong_kind(value, path, "a map with the keys " + name_list(d_.keys(), 8), context);
      return false;
    }
    bool ok = true;
    std::vector<const Field<S>*> seen;
    for (const Entry& e : value.entries) ok &= load_entry(e, out, seen, path, context);
    for (const auto& f : d_.fields) {
      if (!f->info.required || context.partial) continue;
      if (std::find(seen.begin(), seen.end(), f.get()) != seen.end()) continue;
      const std::string where = path.text();
      context.report.error(value.mark, fmt_missing(where, f->info));
      ok = false;
    }
    return ok;
  }

  nlohmann::json schema(bool partial) const override {
    auto properties = nlohmann::json::object();
    auto required = nlohmann::json::array();
    for (const auto& f : d_.fields) {
      nlohmann::json s = f->schema(partial);
      if (f->null_is_empty() && s.contains("type") && s["type"] == "object") s["type"] = {"object", "null"};
      s["description"] = f->info.doc;
      const ValuePtr fallback = f->info.dumped && !f->info.required ? f->dump(fresh_) : nullptr;
      if (fallback && fallback->is_scalar()) s["default"] = to_json(*fallback);
      properties[f->info.key] = s;
      if (!f->info.synonym.empty()) properties[f->info.synonym] = s;
      if (f->info.required && !partial) required.push_back(f->info.key);
    }
    nlohmann::json out = {{"type", "object"},
                          {"description", d_.doc},
                          {"properties", properties},
                          {"patternProperties", {{"^x-", nlohmann::json::object()}}},
                          {"additionalProperties", false}};
    if (!required.empty()) out["required"] = required;
    return out;
  }

  ValuePtr dump(const S& value) const override {
    std::vector<Entry> entries;
    for (const auto& f : d_.fields) {
      if (!f->info.dumped) continue;
      if (ValuePtr v = f->dump(value)) entries.push_back({f->info.key, {}, std::move(v)});
    }
    if (d_.extra)
      for (const auto& [key, item] : (value.**d_.extra).items())
        entries.push_back({key, {}, from_json(item)});
    return make_map(std::move(entries));
  }

  std::string type() const override { return "map"; }
  std::vector<std::string> keys() const override { return d_.keys(); }
  bool null_is_empty() const override { return true; }

  void document(Documentation& out, const std::string& path) const override {
    if (!out.begin(path, d_.doc)) return;
    for (const auto& f : d_.fields) {
      const ValuePtr fallback = f->info.dumped ? f->dump(fresh_) : nullptr;
      std::string shown = f->info.required ? "required" : "";
      if (shown.empty() && fallback && fallback->is_scalar()) shown = fallback->text;
      if (shown.empty() && fallback && fallback->is_list() && !fallback->items.empty())
        shown = to_json(*fallback).dump();
      out.row({f->info.key, f->type(), shown, f->info.doc});
    }
    for (const auto& f : d_.fields) f->document(out, path.empty() ? f->info.key : path + "." + f->info.key);
  }

 private:
  static std::string fmt_missing(const std::string& where, const KeyInfo& info) {
    const std::string subject = where.empty() ? "the file" : where;
    return subject + " needs the key '" + info.key + "': " + info.doc;
  }

  bool load_entry(const Entry& e, S& out, std::vector<const Field<S>*>& seen, const Path& path,
                  LoadContext& context) const {
    const Field<S>* f = d_.find(e.key);
    if (f == nullptr) {
      if (e.key.rfind("x-", 0) == 0) {
        if (d_.extra) (out.**d_.extra)[e.key] = to_json(*e.value);
        return true;
      }
      std::map<std::string, std::vector<std::string>> nested;
      for (const auto& g : d_.fields) nested[g->info.key] = g->keys();
      context.report.error(e.mark, unknown_key(e.key, path, d_.keys(), nested));
      return false;
    }
    if (std::find(seen.begin(), seen.end(), f) != seen.end()) {
      context.report.error(
          e.mark, "'" + f->info.key + "' and '" + f->info.synonym + "' mean the same: write one of them");
      return false;
    }
    seen.push_back(f);
    return f->load(*e.value, out, Path(path, e.key), context);
  }

  const Description<S>& d_;
  S fresh_;
};

}  // namespace xedgesim::scenario
