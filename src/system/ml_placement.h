#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nodes/classify.h"
#include "scenario/scenario.h"

namespace xedgesim::system {

/// The models of one device group, each in the form in which its tier runs it.
struct GroupModels {
  std::vector<uint8_t> device_file;       ///< .tflite to be programmed; empty: what the firmware brings
  nodes::ServiceModel rest;               ///< hybrid: the layers behind the cut
  int64_t intermediate_bytes = 0;         ///< hybrid: sent between the two
};

/// Builds device files and cuts models. Throws ConfigError with what to change: a model that the device cannot run
/// (with the operator's name), a cut that does not fit, classes that do not.
GroupModels group_models(const scenario::Scenario& scenario, const scenario::Device& group, size_t classes);

/// Classes of the run: those of the first group that names some, else those of the bearing models. ConfigError when
/// two groups name different ones.
std::vector<std::string> class_names(const scenario::Scenario& scenario);

/// A service's model from an .onnx file or, in a process of its own, a TorchScript file (.pt).
nodes::ServiceModel service_model(const std::string& file, size_t classes, const scenario::Compute& compute,
                                  uint64_t seed, const std::string& node);

/// Where a group's inference runs, in words: "device", "edge", …; a group without ml_placement reports to the edge.
std::string placement_name(const scenario::Device& group);
/// Its samples are classified by the edge service's own model, at least at times.
bool uses_edge_model(const scenario::Device& group);
/// Likewise by the cloud's own model.
bool uses_cloud_model(const scenario::Device& group);
/// What it sends to be classified goes through the edge to the cloud, which the firmware need not know.
bool passes_on(const scenario::Device& group);

}  // namespace xedgesim::system
