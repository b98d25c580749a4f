#include "system/ml_placement.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ml/network.h"
#include "ml/onnx_model.h"
#include "ml/tflite_model.h"
#include "nodes/report.h"
#include "system/compute.h"

namespace xedgesim::system {
namespace {

using scenario::Device;
using scenario::MlPlacement;

constexpr size_t kModelRegion = size_t{256} << 10;  // firmware/hal/nrf52840.ld

ml::Network import_network(const std::string& file) {
  try {
    return ml::network_from_onnx(ml::parse_onnx(ml::read_bytes(file)));
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("model '{}': {}", file, e.what()));
  }
}

std::vector<uint8_t> device_file(const ml::Network& net, const std::string& name, bool float_output) {
  if (!net.quantised())
    throw ConfigError(fmt::format("model '{}' is in floats, and a device runs int8: xedgesim model quantize makes one",
                                  name));
  try {
    return ml::write_tflite(net, float_output);
  } catch (const ConfigError& e) {
    throw ConfigError(fmt::format("model '{}': {}", name, e.what()));
  }
}

void check_device_file(const std::vector<uint8_t>& file, const std::string& name, const Device& group,
                       std::optional<size_t> classes) {
  const ml::TfliteModel model(file, name);
  if (file.size() > kModelRegion)
    throw ConfigError(fmt::format("model '{}' has {} bytes; the device has {} for one", name, file.size(), kModelRegion));
  const auto outputs = static_cast<size_t>(model.output().elements);
  if (classes && outputs != *classes)
    throw ConfigError(fmt::format("device '{}': model '{}' answers {} values, but there are {} classes", group.id, name,
                                  outputs, *classes));
}

/// The service that runs the rest of a cut model.
struct RestService {
  std::string tier;                  ///< in words
  std::string id;
  const scenario::Compute& compute;
  std::filesystem::path model;  ///< its own form of the model; empty: the device's
};

RestService rest_service(const scenario::Scenario& s, const Device& group) {
  if (!passes_on(group)) {
    const scenario::EdgeNode& e = s.edge.front();
    return {"edge", e.id, e.compute, scenario::edge_model_file(e).resolved};
  }
  const scenario::CloudNode& c = s.cloud.front();
  if (!c.ml_model.empty() && c.ml_model.resolved.extension() != ".onnx")
    throw ConfigError(fmt::format(
        "device '{}': the rest of a cut model runs by ONNX Runtime, and the model '{}' of '{}' is no .onnx file",
        group.id, c.ml_model.written, c.id));
  return {"cloud", c.id, c.compute, c.ml_model.resolved};
}

GroupModels cut(const scenario::Scenario& s, const Device& group, size_t classes) {
  const std::string& file = group.ml_model.resolved;
  const scenario::MlSplit& split = *group.ml_split;
  const auto fail = [&](const std::string& what) {
    throw ConfigError(fmt::format("device '{}': ml_split: {}", group.id, what));
  };
  const ml::Network net = import_network(file);
  const auto last = static_cast<int64_t>(net.layers.size()) - 1;
  if (split.device_layers.front() != 0 || split.edge_layers.back() != last)
    fail(fmt::format("the model '{}' has layers 0 to {}: name each once (xedgesim model inspect lists them)", file, last));
  const auto after = static_cast<int>(split.device_layers.back());
  // The service may continue with its own, finer form of the same model.
  const RestService far = rest_service(s, group);
  const std::string rest_file = far.model.empty() ? file : far.model.string();
  const ml::Network whole = far.model.empty() ? net : import_network(rest_file);
  GroupModels out;
  try {
    const ml::SplitNetwork device = ml::split(net, after), service = ml::split(whole, after);
    const int64_t elements = device.device.out().elements();
    if (service.rest.in().dims != device.device.out().dims)
      fail(fmt::format("the {}'s model '{}' is not of the same layers as '{}'", far.tier, rest_file, file));
    if (split.intermediate_size != 0 && split.intermediate_size != elements)
      fail(fmt::format("behind layer {} there are {} values, not {}: correct intermediate_size", after, elements,
                       split.intermediate_size));
    out.device_file = device_file(device.device, file, false);
    check_device_file(out.device_file, file, group, std::nullopt);
    out.intermediate_bytes = elements;
    const auto rest = ml::write_onnx(service.rest, {.codes_in = true, .codes = device.device.out().quantization});
    auto model = std::make_shared<ml::OnnxModel>(ml::OnnxModel::parse(rest, rest_file + " behind the cut"));
    const std::string name = far.id + "/" + group.id;
    out.rest.infer = [model](std::span<const float> x, SimTime) { return model->run(x); };
    // The file begins with a transposition, behind which the sizes of images cannot be read off; the network knows.
    out.rest.time = model->macs() ? compute_timer(far.compute, *model, s.meta.seed, name)
                                  : program_timer(far.compute, service.rest.macs(), s.meta.seed, name);
    if (model->run(std::vector<float>(model->input_size())).size() != classes)
      fail(fmt::format("the model '{}' does not answer {} classes", rest_file, classes));
  } catch (const ConfigError& e) {
    const std::string text = e.what();
    if (text.find("device '") == 0) throw;
    fail(text);
  }
  return out;
}

}  // namespace

std::string placement_name(const Device& group) {
  switch (group.ml_placement) {
    case MlPlacement::device:
      return "device";
    case MlPlacement::cloud:
      return "cloud";
    case MlPlacement::hybrid:
      return "hybrid";
    case MlPlacement::adaptive:
      return "adaptive";
    default:
      return "edge";
  }
}

bool passes_on(const Device& group) {
  return group.ml_remote == scenario::MlRemote::cloud &&
         (group.ml_placement == MlPlacement::hybrid || group.ml_placement == MlPlacement::adaptive);
}

bool uses_edge_model(const Device& group) {
  return group.ml_placement == MlPlacement::none || group.ml_placement == MlPlacement::edge ||
         (group.ml_placement == MlPlacement::adaptive && !passes_on(group));
}

bool uses_cloud_model(const Device& group) {
  return group.ml_placement == MlPlacement::cloud ||
         (group.ml_placement == MlPlacement::adaptive && passes_on(group));
}

std::vector<std::string> class_names(const scenario::Scenario& s) {
  std::vector<std::string> names;
  for (const Device& d : s.devices) {
    if (d.ml_classes.empty()) continue;
    if (!names.empty() && names != d.ml_classes)
      throw ConfigError(fmt::format("device '{}': ml_classes differ from those of another group: one run has one task",
                                    d.id));
    names = d.ml_classes;
  }
  if (names.empty()) names = {"healthy", "inner_race", "outer_race", "ball"};
  return names;
}

GroupModels group_models(const scenario::Scenario& s, const Device& group, size_t classes) {
  const bool on_device = group.ml_placement == MlPlacement::device || group.ml_placement == MlPlacement::adaptive;
  if (group.ml_placement == MlPlacement::hybrid) {
    if (group.ml_model.empty())
      throw ConfigError(fmt::format(
          "device '{}': hybrid placement needs ml_model, the int8 ONNX model that is to be cut", group.id));
    return cut(s, group, classes);
  }
  GroupModels out;
  if (!on_device || group.ml_model.empty()) return out;
  const std::string file = group.ml_model.resolved;
  out.device_file = group.ml_model.resolved.extension() == ".onnx" ? device_file(import_network(file), file, true)
                                                                   : ml::read_bytes(file);
  check_device_file(out.device_file, file, group, classes);
  return out;
}

nodes::ServiceModel service_model(const std::string& file, size_t classes, const scenario::Compute& compute,
                                  uint64_t seed, const std::string& node) {
  const auto model = load_classifier(file, classes);
  return {.infer = [model](std::span<const float> x, SimTime) { return model->run(x); },
          .time = compute_timer(compute, *model, seed, node)};
}

}  // namespace xedgesim::system
