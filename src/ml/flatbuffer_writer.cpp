#include "ml/flatbuffer_writer.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace xedgesim::ml {

class FlatObject {
 public:
  struct Vector {
    std::vector<uint8_t> bytes;
    size_t count = 0;
    size_t alignment = 4;
  };
  std::variant<FlatTable, Vector, std::vector<FlatRef>> content;
};

namespace {

template <typename T>
FlatRef vector_of(const T* first, size_t count, size_t alignment) {
  FlatObject::Vector v{
      .bytes = std::vector<uint8_t>(count * sizeof(T)), .count = count, .alignment = alignment};
  if (count > 0) std::memcpy(v.bytes.data(), first, v.bytes.size());
  return std::make_shared<FlatObject>(FlatObject{std::move(v)});
}

class Writer {
 public:
  std::vector<uint8_t> bytes;

  template <typename T>
  void put(size_t at, T v) {
    if (bytes.size() < at + sizeof v) bytes.resize(at + sizeof v);
    std::memcpy(bytes.data() + at, &v, sizeof v);
  }
  /// Writes the object behind everything so far and gives its place.
  size_t object(const FlatRef& o) {
    if (const auto* t = std::get_if<FlatTable>(&o->content)) return table(*t);
    if (const auto* v = std::get_if<FlatObject::Vector>(&o->content)) return vector(*v);
    return references(std::get<std::vector<FlatRef>>(o->content));
  }

 private:
  /// The next place p with (p + ahead) a multiple of `alignment`.
  size_t aligned(size_t alignment, size_t ahead = 0) {
    while ((bytes.size() + ahead) % alignment != 0) bytes.push_back(0);
    return bytes.size();
  }
  void point(size_t at, const FlatRef& to) {
    const size_t place = object(to);
    put(at, static_cast<uint32_t>(place - at));
  }
  size_t table(const FlatTable& t) {
    // Each field has a slot of four bytes.
    const unsigned slots = t.fields().empty() ? 0 : t.fields().rbegin()->first + 1;
    const size_t vtable_size = 4 + 2 * size_t{slots};
    const size_t vtable = aligned(4, vtable_size);
    bytes.resize(vtable + vtable_size);
    const size_t start = bytes.size();
    put(vtable, static_cast<uint16_t>(vtable_size));
    put(vtable + 2, static_cast<uint16_t>(4 + 4 * t.fields().size()));
    put(start, static_cast<int32_t>(start - vtable));
    bytes.resize(start + 4 + 4 * t.fields().size());
    uint16_t offset = 4;
    for (const auto& [number, value] : t.fields()) {
      put(vtable + 4 + 2 * size_t{number}, offset);
      if (const auto* b = std::get_if<int8_t>(&value)) put(start + offset, *b);
      if (const auto* i = std::get_if<int32_t>(&value)) put(start + offset, *i);
      if (const auto* f = std::get_if<float>(&value)) put(start + offset, *f);
      offset = static_cast<uint16_t>(offset + 4);
    }
    offset = 4;
    for (const auto& [number, value] : t.fields()) {
      if (const auto* ref = std::get_if<FlatRef>(&value)) point(start + offset, *ref);
      offset = static_cast<uint16_t>(offset + 4);
    }
    return start;
  }
  size_t vector(const FlatObject::Vector& v) {
    const size_t at = aligned(std::max<size_t>(4, v.alignment), 4);
    put(at, static_cast<uint32_t>(v.count));
    bytes.insert(bytes.end(), v.bytes.begin(), v.bytes.end());
    return at;
  }
  size_t references(const std::vector<FlatRef>& objects) {
    const size_t at = aligned(4);
    put(at, static_cast<uint32_t>(objects.size()));
    bytes.resize(at + 4 + 4 * objects.size());
    for (size_t i = 0; i < objects.size(); ++i) point(at + 4 + 4 * i, objects[i]);
    return at;
  }
};

}  // namespace

FlatRef flat(FlatTable table) { return std::make_shared<FlatObject>(FlatObject{std::move(table)}); }
FlatRef flat(const std::string& text) {
  // A string ends with a zero that its length does not count.
  FlatObject::Vector v{
      .bytes = std::vector<uint8_t>(text.begin(), text.end()), .count = text.size(), .alignment = 4};
  v.bytes.push_back(0);
  return std::make_shared<FlatObject>(FlatObject{std::move(v)});
}
FlatRef flat(const std::vector<int32_t>& values) { return vector_of(values.data(), values.size(), 4); }
FlatRef flat(const std::vector<int64_t>& values) { return vector_of(values.data(), values.size(), 8); }
FlatRef flat(const std::vector<float>& values) { return vector_of(values.data(), values.size(), 4); }
FlatRef flat(const std::vector<FlatRef>& objects) {
  return std::make_shared<FlatObject>(FlatObject{objects});
}
FlatRef flat_bytes(std::vector<uint8_t> bytes) {
  const size_t count = bytes.size();
  return std::make_shared<FlatObject>(
      FlatObject{FlatObject::Vector{.bytes = std::move(bytes), .count = count, .alignment = 16}});
}

std::vector<uint8_t> write_flatbuffer(const FlatRef& root, const std::string& identifier) {
  XEDGESIM_ASSERT(identifier.size() == 4);
  Writer w;
  w.put(0, uint32_t{0});
  w.bytes.insert(w.bytes.end(), identifier.begin(), identifier.end());
  const size_t at = w.object(root);
  w.put(0, static_cast<uint32_t>(at));
  while (w.bytes.size() % 16 != 0) w.bytes.push_back(0);
  return std::move(w.bytes);
}

}  // namespace xedgesim::ml
