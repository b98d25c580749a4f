#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace xedgesim::ml {

/// A FlatBuffer being made: objects that refer to each other, written front to back so that every offset
/// points forward (FlatBuffers, "Internals"). Only what .tflite files need.
class FlatObject;
using FlatRef = std::shared_ptr<const FlatObject>;

class FlatTable {
 public:
  void i8(unsigned field, int8_t v) { fields_[field] = v; }
  void i32(unsigned field, int32_t v) { fields_[field] = v; }
  void f32(unsigned field, float v) { fields_[field] = v; }
  void ref(unsigned field, FlatRef v) { fields_[field] = std::move(v); }
  const auto& fields() const { return fields_; }

 private:
  std::map<unsigned, std::variant<int8_t, int32_t, float, FlatRef>> fields_;
};

FlatRef flat(FlatTable table);
FlatRef flat(const std::string& text);
FlatRef flat(const std::vector<int32_t>& values);
FlatRef flat(const std::vector<int64_t>& values);
FlatRef flat(const std::vector<float>& values);
FlatRef flat(const std::vector<FlatRef>& objects);
/// Bytes whose first one lies at a multiple of 16.
FlatRef flat_bytes(std::vector<uint8_t> bytes);

/// The whole buffer; `identifier` has four characters.
std::vector<uint8_t> write_flatbuffer(const FlatRef& root, const std::string& identifier);

}  // namespace xedgesim::ml
