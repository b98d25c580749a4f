#include "system/compute.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ml/compute_model.h"
#include "nodes/report.h"

namespace xedgesim::system {
namespace {

// Parsing and writing one small record is about as much work as this many multiply-accumulates.
constexpr uint64_t kStoreWork = 20'000;

std::shared_ptr<ml::ComputeModel> model_of(const scenario::Compute& c, uint64_t seed, const std::string& node) {
  ml::ComputeTarget target = ml::compute_target(c.target);
  if (c.macs_per_second) target.macs_per_s = *c.macs_per_second;
  if (c.overhead) target.overhead = *c.overhead;
  if (c.jitter > 0) target.jitter = c.jitter;
  return std::make_shared<ml::ComputeModel>(target, seed, node);
}

}  // namespace

std::shared_ptr<ml::OnnxModel> load_classifier(const std::string& path, size_t classes) {
  auto model = std::make_shared<ml::OnnxModel>(ml::OnnxModel::load(path));
  if (model->input_size() != nodes::VibrationReport::kFeatures)
    throw ConfigError(fmt::format("model '{}' takes {} values, but a report carries {} features: use a model trained on them", path,
                                  model->input_size(), nodes::VibrationReport::kFeatures));
  const std::vector<float> zeros(model->input_size(), 0.0f);
  if (const size_t outputs = model->run(zeros).size(); outputs != classes)
    throw ConfigError(fmt::format("model '{}' answers {} values, but there are {} classes", path, outputs, classes));
  return model;
}

std::function<Duration()> compute_timer(const scenario::Compute& c, const ml::OnnxModel& model, uint64_t seed, const std::string& node) {
  if (!model.macs()) throw ConfigError(fmt::format("model '{}': the cost of its operators cannot be read from the file: set compute.overhead and use Gemm or MatMul layers", model.file().string()));
  return [m = model_of(c, seed, node), macs = *model.macs()] { return m->next_inference(macs); };
}

std::function<Duration()> program_timer(const scenario::Compute& c, std::optional<uint64_t> macs, uint64_t seed, const std::string& node) {
  if (!macs && !c.overhead)
    throw ConfigError(fmt::format("'{}': its program does not say how much an inference computes: set compute.overhead to the time of one", node));
  return [m = model_of(c, seed, node), work = macs.value_or(0)] { return m->next_inference(work); };
}

std::function<Duration()> store_timer(const scenario::Compute& c, uint64_t seed, const std::string& node) {
  return [m = model_of(c, seed, node)] { return m->next_inference(kStoreWork); };
}

}  // namespace xedgesim::system
