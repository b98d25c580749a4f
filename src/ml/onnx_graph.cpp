#include "ml/onnx_graph.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/error.h"

namespace xedgesim::ml {
namespace {

[[noreturn]] void malformed() { throw ConfigError("the file is cut short or not an ONNX model"); }

template <typename T>
T load(const uint8_t* from) {
  T v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// One level of a protobuf message: tag after tag (protobuf.dev, "Encoding").
class Fields {
 public:
  explicit Fields(std::span<const uint8_t> bytes) : rest_(bytes) {}

  /// Moves to the next field; false at the end.
  bool next() {
    if (rest_.empty()) return false;
    const uint64_t tag = varint();
    number_ = static_cast<uint32_t>(tag >> 3);
    kind_ = static_cast<unsigned>(tag & 7);
    switch (kind_) {
      case 0:
        value_ = varint();
        break;
      case 1:
        bits_ = take(8);
        break;
      case 2:
        bytes_ = take(varint());
        break;
      case 5:
        bits_ = take(4);
        break;
      default:
        malformed();
    }
    return true;
  }
  uint32_t field() const { return number_; }
  std::span<const uint8_t> bytes() const {
    if (kind_ != 2) malformed();
    return bytes_;
  }
  std::string text() const { return {reinterpret_cast<const char*>(bytes().data()), bytes().size()}; }
  int64_t integer() const {
    if (kind_ != 0) malformed();
    return static_cast<int64_t>(value_);
  }
  float number() {
    if (kind_ != 5) malformed();
    return load<float>(bits_.data());
  }
  /// A repeated float, packed or one by one.
  void append_floats(std::vector<float>& out) {
    if (kind_ == 5) {
      out.push_back(number());
      return;
    }
    if (bytes().size() % 4 != 0) malformed();
    for (size_t i = 0; i < bytes_.size(); i += 4) out.push_back(load<float>(bytes_.data() + i));
  }
  /// A repeated integer, packed or one by one.
  void append_integers(std::vector<int64_t>& out) const {
    if (kind_ == 0) {
      out.push_back(integer());
      return;
    }
    Fields packed(bytes());
    while (!packed.rest_.empty()) out.push_back(static_cast<int64_t>(packed.varint()));
  }

 private:
  uint64_t varint() {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t b = take(1)[0];
      v |= uint64_t{b & 0x7fu} << shift;
      if (b < 0x80) return v;
    }
    malformed();
  }
  std::span<const uint8_t> take(uint64_t count) {
    if (count > rest_.size()) malformed();
    const auto head = rest_.first(count);
    rest_ = rest_.subspan(count);
    return head;
  }

  std::span<const uint8_t> rest_, bytes_, bits_;
  uint32_t number_ = 0;
  unsigned kind_ = 0;
  uint64_t value_ = 0;
};

OnnxTensor parse_tensor(std::span<const uint8_t> bytes) {
  OnnxTensor t;
  for (Fields f(bytes); f.next();) {
    switch (f.field()) {
      case 1:
        f.append_integers(t.dims);
        break;
      case 2:
        t.data_type = static_cast<int32_t>(f.integer());
        break;
      case 4:
        f.append_floats(t.float_data);
        break;
      case 5:
      case 7:
        f.append_integers(t.integer_data);
        break;
      case 8:
        t.name = f.text();
        break;
      case 9:
        t.raw.assign(f.bytes().begin(), f.bytes().end());
        break;
      default:
        break;
    }
  }
  int64_t elements = 1;
  for (int64_t d : t.dims)
    if (d < 0 || __builtin_mul_overflow(elements, d, &elements)) malformed();
  return t;
}

OnnxAttribute parse_attribute(std::span<const uint8_t> bytes) {
  OnnxAttribute a;
  for (Fields f(bytes); f.next();) {
    switch (f.field()) {
      case 1:
        a.name = f.text();
        break;
      case 2:
        a.number = f.number();
        break;
      case 3:
        a.integer = f.integer();
        break;
      case 4:
        a.text = f.text();
        break;
      case 5:
        a.tensor.assign(1, parse_tensor(f.bytes()));
        break;
      case 8:
        f.append_integers(a.integers);
        break;
      default:
        break;
    }
  }
  return a;
}

OnnxNode parse_node(std::span<const uint8_t> bytes) {
  OnnxNode n;
  for (Fields f(bytes); f.next();) {
    switch (f.field()) {
      case 1:
        n.inputs.push_back(f.text());
        break;
      case 2:
        n.outputs.push_back(f.text());
        break;
      case 3:
        n.name = f.text();
        break;
      case 4:
        n.op_type = f.text();
        break;
      case 5:
        n.attributes.push_back(parse_attribute(f.bytes()));
        break;
      default:
        break;
    }
  }
  return n;
}

/// TensorShapeProto: one message a dimension, empty or with a name where it is free.
std::vector<int64_t> parse_shape(std::span<const uint8_t> bytes) {
  std::vector<int64_t> dims;
  for (Fields f(bytes); f.next();) {
    if (f.field() != 1) continue;
    int64_t dim = -1;
    for (Fields d(f.bytes()); d.next();)
      if (d.field() == 1) dim = d.integer();
    dims.push_back(dim < 0 ? -1 : dim);
  }
  return dims;
}

OnnxValue parse_value(std::span<const uint8_t> bytes) {
  OnnxValue v;
  for (Fields f(bytes); f.next();) {
    if (f.field() == 1) v.name = f.text();
    if (f.field() != 2) continue;
    for (Fields type(f.bytes()); type.next();) {
      if (type.field() != 1) continue;
      for (Fields tensor(type.bytes()); tensor.next();)
        if (tensor.field() == 2) v.dims = parse_shape(tensor.bytes());
    }
  }
  return v;
}

OnnxGraph parse_graph(std::span<const uint8_t> bytes) {
  OnnxGraph g;
  for (Fields f(bytes); f.next();) {
    switch (f.field()) {
      case 1:
        g.nodes.push_back(parse_node(f.bytes()));
        break;
      case 5:
        g.initializers.push_back(parse_tensor(f.bytes()));
        break;
      case 11:
        g.inputs.push_back(parse_value(f.bytes()));
        break;
      case 12:
        g.outputs.push_back(parse_value(f.bytes()));
        break;
      case 13:
        g.values.push_back(parse_value(f.bytes()));
        break;
      default:
        break;
    }
  }
  return g;
}

/// The constant behind a weight: an initializer, possibly through DequantizeLinear or QuantizeLinear.
const OnnxTensor* weight(const OnnxGraph& graph, const std::string& value) {
  if (const OnnxTensor* t = graph.initializer(value)) return t;
  const OnnxNode* n = graph.producer(value);
  if (!n || n->inputs.empty()) return nullptr;
  if (n->op_type != "DequantizeLinear" && n->op_type != "QuantizeLinear") return nullptr;
  const OnnxTensor* inner = graph.initializer(n->inputs[0]);
  if (inner || n->op_type == "QuantizeLinear") return inner;
  const OnnxNode* quantize = graph.producer(n->inputs[0]);
  if (!quantize || quantize->op_type != "QuantizeLinear" || quantize->inputs.empty()) return nullptr;
  return graph.initializer(quantize->inputs[0]);
}

/// Output positions a Conv's weights are applied at: the spatial dimensions [N, C, ...] of its output.
std::optional<uint64_t> positions(const OnnxGraph& graph, const OnnxNode& conv) {
  if (conv.outputs.empty()) return std::nullopt;
  for (const auto* list : {&graph.values, &graph.outputs}) {
    for (const OnnxValue& v : *list) {
      if (v.name != conv.outputs[0] || v.dims.size() < 3) continue;
      uint64_t product = 1;
      for (size_t i = 2; i < v.dims.size(); ++i) {
        if (v.dims[i] < 0) return std::nullopt;
        if (__builtin_mul_overflow(product, static_cast<uint64_t>(v.dims[i]), &product)) return std::nullopt;
      }
      return product;
    }
  }
  return std::nullopt;
}

}  // namespace

int64_t OnnxTensor::elements() const {
  int64_t product = 1;
  for (int64_t d : dims) product *= d;
  return product;
}

std::vector<float> OnnxTensor::floats() const {
  constexpr int32_t kFloat = 1;
  if (data_type != kFloat) throw ConfigError("the constant '" + name + "' is no float tensor");
  std::vector<float> v = float_data;
  if (!raw.empty()) {
    v.resize(raw.size() / sizeof(float));
    std::memcpy(v.data(), raw.data(), v.size() * sizeof(float));
  }
  if (static_cast<int64_t>(v.size()) != elements() || raw.size() % sizeof(float) != 0)
    throw ConfigError("the constant '" + name + "' has not as many values as its shape says");
  return v;
}

std::vector<int64_t> OnnxTensor::integers() const {
  enum { kUint8 = 2, kInt8 = 3, kInt32 = 6, kInt64 = 7 };
  std::vector<int64_t> v = integer_data;
  const auto widen = [&]<typename T>(T) {
    if (raw.size() % sizeof(T) != 0) return;
    for (size_t i = 0; i < raw.size(); i += sizeof(T)) v.push_back(load<T>(raw.data() + i));
  };
  switch (data_type) {
    case kUint8:
      widen(uint8_t{});
      break;
    case kInt8:
      widen(int8_t{});
      break;
    case kInt32:
      widen(int32_t{});
      break;
    case kInt64:
      widen(int64_t{});
      break;
    default:
      throw ConfigError("the constant '" + name + "' is no int8, uint8, int32 or int64 tensor");
  }
  if (static_cast<int64_t>(v.size()) != elements())
    throw ConfigError("the constant '" + name + "' has not as many values as its shape says");
  return v;
}

const OnnxAttribute* OnnxNode::attribute(std::string_view wanted) const {
  const auto i =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name == wanted; });
  return i == attributes.end() ? nullptr : &*i;
}

int64_t OnnxNode::integer(std::string_view wanted, int64_t otherwise) const {
  const OnnxAttribute* a = attribute(wanted);
  return a ? a->integer : otherwise;
}

std::vector<int64_t> OnnxNode::integers(std::string_view wanted) const {
  const OnnxAttribute* a = attribute(wanted);
  return a ? a->integers : std::vector<int64_t>();
}

const OnnxTensor* OnnxGraph::initializer(std::string_view name) const {
  const auto i =
      std::find_if(initializers.begin(), initializers.end(), [&](const auto& t) { return t.name == name; });
  return i == initializers.end() ? nullptr : &*i;
}

const OnnxNode* OnnxGraph::producer(std::string_view value) const {
  for (const OnnxNode& n : nodes)
    if (std::find(n.outputs.begin(), n.outputs.end(), value) != n.outputs.end()) return &n;
  return nullptr;
}

OnnxGraph parse_onnx(std::span<const uint8_t> file) {
  std::optional<OnnxGraph> graph;
  for (Fields f(file); f.next();)
    if (f.field() == 7) graph = parse_graph(f.bytes());
  if (!graph || graph->nodes.empty()) malformed();
  return std::move(*graph);
}

std::optional<uint64_t> count_macs(const OnnxGraph& graph) {
  uint64_t total = 0;
  for (const OnnxNode& n : graph.nodes) {
    const bool convolution = n.op_type == "Conv";
    if (!convolution && n.op_type != "Gemm" && n.op_type != "MatMul") continue;
    const OnnxTensor* w = n.inputs.size() < 2 ? nullptr : weight(graph, n.inputs[1]);
    if (!w) return std::nullopt;
    const std::optional<uint64_t> times = convolution ? positions(graph, n) : 1;
    uint64_t macs = 0;
    if (!times || __builtin_mul_overflow(static_cast<uint64_t>(w->elements()), *times, &macs) ||
        __builtin_add_overflow(total, macs, &total))
      return std::nullopt;
  }
  return total;
}

}  // namespace xedgesim::ml
