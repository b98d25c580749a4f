#include "ml/tflite_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "firmware/nn/nn.h"

namespace xedgesim::ml {
namespace {

constexpr size_t kMostArena = size_t{64} << 20;

std::string sentence(const std::string& name, const nn_error& e) {
  const std::string op = e.operator_name
                             ? fmt::format("operator {} (number {}) ", e.operator_name, e.operator_index)
                             : std::string();
  return fmt::format("cannot run the model '{}' on a device: {}{}", name, op, e.what ? e.what : "");
}

}  // namespace

struct TfliteModel::State {
  std::string name;
  std::vector<uint64_t> file;  // words, for the alignment
  size_t size = 0;
  std::vector<uint64_t> arena;
  nn_model model{};
};

TfliteModel::TfliteModel(std::vector<uint8_t> file, const std::string& name)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.name = name;
  s.size = file.size();
  s.file.resize(file.size() / 8 + 1);
  std::copy(file.begin(), file.end(), reinterpret_cast<uint8_t*>(s.file.data()));
  nn_error error{};
  // Grows until it suffices: what is needed is known only when the file is read.
  for (size_t bytes = size_t{64} << 10;; bytes *= 4) {
    s.arena.assign(bytes / 8, 0);
    if (nn_open(&s.model, s.file.data(), s.size, s.arena.data(), bytes, &error)) return;
    if (error.status != NN_ARENA_TOO_SMALL || bytes >= kMostArena) throw ConfigError(sentence(name, error));
  }
}

TfliteModel::TfliteModel(TfliteModel&&) noexcept = default;
TfliteModel& TfliteModel::operator=(TfliteModel&&) noexcept = default;
TfliteModel::~TfliteModel() = default;

TfliteModel TfliteModel::load(const std::filesystem::path& file) { return {read_bytes(file), file.string()}; }

static TfliteModel::TensorInfo info(const nn_tensor& t) {
  return {.dims = {t.dims, t.dims + t.rank},
          .is_int8 = t.type == NN_INT8,
          .scale = t.scale,
          .zero = t.zero,
          .elements = t.elements};
}

TfliteModel::TensorInfo TfliteModel::input() const { return info(*nn_input(&state_->model)); }
TfliteModel::TensorInfo TfliteModel::output() const { return info(*nn_output(&state_->model)); }
size_t TfliteModel::file_size() const { return state_->size; }
size_t TfliteModel::arena_size() const { return state_->model.arena_used; }

std::vector<std::string> TfliteModel::operators() const {
  std::vector<std::string> names;
  for (int i = 0; i < state_->model.op_count; ++i) names.emplace_back(nn_operator_name(&state_->model, i));
  return names;
}

std::vector<float> TfliteModel::run(std::span<const float> input) {
  nn_error error{};
  if (!nn_set_input(&state_->model, input.data(), static_cast<int32_t>(input.size()), &error))
    throw ConfigError(fmt::format("the model '{}' takes {} finite values: {}", state_->name,
                                  this->input().elements, error.what));
  nn_invoke(&state_->model);
  std::vector<float> out(static_cast<size_t>(output().elements));
  for (size_t i = 0; i < out.size(); ++i) out[i] = nn_output_value(&state_->model, static_cast<int32_t>(i));
  return out;
}

std::vector<int8_t> TfliteModel::codes() const {
  const nn_tensor& t = *nn_output(&state_->model);
  if (t.type != NN_INT8) return {};
  const auto* first = static_cast<const int8_t*>(t.data);
  return {first, first + t.elements};
}

std::vector<uint8_t> read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad() || std::filesystem::is_directory(file))
    throw ConfigError(fmt::format("'{}' cannot be read", file.string()));
  return bytes;
}

void write_bytes(const std::filesystem::path& file, std::span<const uint8_t> bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw ConfigError(fmt::format("'{}' cannot be written", file.string()));
}

}  // namespace xedgesim::ml
