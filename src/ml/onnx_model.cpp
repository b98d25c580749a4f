#include "ml/onnx_model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "ml/onnx_graph.h"
#include "ml/onnx_session.h"

namespace xedgesim::ml {
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{2} << 30;  // protobuf's own limit

std::vector<uint8_t> read_file(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status))
    throw ConfigError("there is no such file; check ml_model in the scenario");
  if (!std::filesystem::is_regular_file(status)) throw ConfigError("it is not a file");
  if (std::filesystem::file_size(file, error) > kLargestFile) throw ConfigError("it is larger than 2 GiB");
  std::ifstream in(file, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.good() && !in.eof()) throw ConfigError("it cannot be read");
  if (bytes.empty()) throw ConfigError("it is empty or cannot be read");
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + (shape[i] < 0 ? std::string("?") : std::to_string(shape[i]));
  return text + "]";
}

const OnnxSession::Tensor& only(const std::vector<OnnxSession::Tensor>& tensors, const char* role) {
  if (tensors.size() != 1)
    throw ConfigError("it has " + std::to_string(tensors.size()) + " " + role +
                      "s, but exactly one is supported");
  if (!tensors[0].is_float)
    throw ConfigError(std::string("its ") + role + " '" + tensors[0].name +
                      "' is not a tensor of 32-bit floats");
  return tensors[0];
}

}  // namespace

OnnxModel::OnnxModel(OnnxModel&&) noexcept = default;
OnnxModel& OnnxModel::operator=(OnnxModel&&) noexcept = default;
OnnxModel::~OnnxModel() = default;

OnnxModel OnnxModel::load(const std::filesystem::path& file, const OnnxOptions& options) {
  try {
    return parse(read_file(file), file, options);
  } catch (const ConfigError& e) {
    const std::string text = e.what();
    throw ConfigError(text.starts_with("cannot load") ? text : "cannot load the model '" + file.string() + "': " + text);
  }
}

OnnxModel OnnxModel::parse(std::span<const uint8_t> bytes, const std::filesystem::path& file,
                           const OnnxOptions& options) {
  try {
    OnnxModel m;
    m.file_ = file;
    m.macs_ = count_macs(parse_onnx(bytes));
    m.session_ = open_onnx_session(bytes, options.library);
    const OnnxSession::Tensor& input = only(m.session_->inputs(), "input");
    const OnnxSession::Tensor& output = only(m.session_->outputs(), "output");
    m.input_name_ = input.name;
    m.output_name_ = output.name;
    m.input_shape_ = input.shape;
    m.output_shape_ = output.shape;
    for (auto* shape : {&m.input_shape_, &m.output_shape_})
      if (!shape->empty() && shape->front() < 0) shape->front() = 1;
    m.input_size_ = 1;
    for (int64_t d : m.input_shape_) {
      if (d < 0)
        throw ConfigError("its input '" + input.name + "' has the shape " + shape_text(input.shape) +
                          "; only the first dimension may be free");
      m.input_size_ *= static_cast<size_t>(d);
    }
    return m;
  } catch (const ConfigError& e) {
    throw ConfigError("cannot load the model '" + file.string() + "': " + e.what());
  }
}

std::vector<float> OnnxModel::run(std::span<const float> input) {
  if (input.size() != input_size_)
    throw ConfigError("the model '" + file_.string() + "' takes " + std::to_string(input_size_) +
                      " values (" + input_name_ + " " + shape_text(input_shape_) + "), but was given " +
                      std::to_string(input.size()));
  const auto bad = std::find_if(input.begin(), input.end(), [](float v) { return !std::isfinite(v); });
  if (bad != input.end())
    throw SimulationError("value " + std::to_string(bad - input.begin()) + " of the input of the model '" +
                          file_.string() + "' is not a finite number; check what computes it");
  return session_->run(input, input_shape_);
}

std::vector<double> softmax(std::span<const float> logits) {
  std::vector<double> p(logits.begin(), logits.end());
  if (p.empty()) return p;
  const double top = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& v : p) sum += v = std::exp(v - top);
  for (double& v : p) v /= sum;
  return p;
}

size_t argmax(std::span<const float> values) {
  XEDGESIM_ASSERT(!values.empty());
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace xedgesim::ml
