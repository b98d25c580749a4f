#pragma once
#include "scenario/codec.h"

namespace xedgesim::scenario {

/// What is said about one key. The rest (type, default, range) comes from the codec and the struct.
struct KeyInfo {
  std::string_view key = {};
  std::string_view doc = {};
  bool required = false;
  std::string_view synonym = {};   ///< another spelling of the key
  bool keep_empty = false;         ///< dumped even as an empty list, because absence means something else
  std::string_view since = "0.1";  ///< version of xedgesim that brought it
};

/// One key: a codec, and where in the struct its value lies.
struct Field {
  KeyInfo info;
  std::shared_ptr<const AnyCodec> codec;
  size_t offset = 0;
  bool consumed = false;  ///< checked and documented but kept nowhere: another stage has used it
  bool optional = false;
};

/// All keys of a struct, without its type.
struct Layout {
  std::string doc;
  std::vector<Field> fields;
  std::optional<size_t> extra;  ///< offset of the json object that keeps the x- keys

  const Field* find(std::string_view key) const;
  std::vector<std::string> keys() const;

  bool load(const Value& value, void* out, const Path& path, LoadContext& context) const;
  ValuePtr dump(const void* from) const;
  /// `fresh` is a struct with the defaults the schema and the reference show.
  nlohmann::json schema(const void* fresh, bool partial) const;
  void document(const void* fresh, Documentation& out, const std::string& path) const;

 protected:
  void append(const KeyInfo& info, std::shared_ptr<const AnyCodec> codec, size_t offset, bool optional);
  /// Another layout's keys, whose struct begins at `offset`.
  void append_all(const Layout& inner, size_t offset);

 private:
  bool load_entry(const Entry& e, void* out, std::vector<const Field*>& seen, const Path& path,
                  LoadContext& context) const;
};

template <class M>
struct Unwrapped {
  using type = M;
  static constexpr bool kOptional = false;
};
template <class T>
struct Unwrapped<std::optional<T>> {
  using type = T;
  static constexpr bool kOptional = true;
};

/// Writes a Layout down, key by key.
template <class S>
class Description : public Layout {
 public:
  /// A key kept in a member. An optional member takes the codec of what it may hold.
  template <class M>
  void add(KeyInfo info, M S::*member, CodecPtr<typename Unwrapped<M>::type> codec) {
    std::shared_ptr<const AnyCodec> any = codec;
    if constexpr (Unwrapped<M>::kOptional)
      any = std::make_shared<OptionalCodec<typename Unwrapped<M>::type>>(std::move(codec));
    append(info, std::move(any), offset_of(member), Unwrapped<M>::kOptional);
  }
  /// A key that fills several members.
  void add_whole(KeyInfo info, CodecPtr<S> codec) { append(info, std::move(codec), 0, false); }
  /// A key that another stage has used already.
  void consumed(KeyInfo info, std::shared_ptr<const AnyCodec> codec) {
    append(info, std::move(codec), 0, false);
    fields.back().consumed = true;
  }
  /// The keys of a member struct, beside the outer struct's own.
  template <class B>
  void flat(B S::*member, const Layout& inner) {
    append_all(inner, offset_of(member));
  }
  void keep_extra(nlohmann::json S::*member) { extra = offset_of(member); }

 private:
  template <class M>
  size_t offset_of(M S::*member) const {
    return static_cast<size_t>(reinterpret_cast<const char*>(&(probe_.*member)) -
                               reinterpret_cast<const char*>(&probe_));
  }
  S probe_{};
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

/// "unknown key 'x' in a.b — did you mean 'y'?"; `nested` has the keys of the maps below, by their own key.
std::string unknown_key(const std::string& key, const Path& path, const std::vector<std::string>& known,
                        const std::map<std::string, std::vector<std::string>>& nested);

/// One map with the described keys.
template <class S>
class StructCodec : public Codec<S> {
 public:
  StructCodec(const Layout& layout, S fresh) : layout_(layout), fresh_(std::move(fresh)) {}
  bool load(const Value& value, S& out, const Path& path, LoadContext& context) const override {
    return layout_.load(value, &out, path, context);
  }
  ValuePtr dump(const S& value) const override { return layout_.dump(&value); }
  nlohmann::json schema(bool partial) const override { return layout_.schema(&fresh_, partial); }
  std::string type() const override { return "map"; }
  std::vector<std::string> keys() const override { return layout_.keys(); }
  void document(Documentation& d, const std::string& path) const override {
    layout_.document(&fresh_, d, path);
  }

 private:
  const Layout& layout_;
  S fresh_;
};

}  // namespace xedgesim::scenario
