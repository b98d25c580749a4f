#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "ml/onnx_model.h"
#include "scenario/service_node.h"

namespace xedgesim::system {

/// Loads an ONNX classifier and checks that it takes a report's features and answers one logit a class.
std::shared_ptr<ml::OnnxModel> load_classifier(const std::string& path, size_t classes);

/// How long the next inference takes on the node's declared target.
std::function<Duration()> compute_timer(const scenario::Compute& compute, const ml::OnnxModel& model,
                                        uint64_t seed, const std::string& node);
/// The same of a program that computes `macs` operations an inference; when it does not say, compute.overhead has to
/// be given and is all. Throws ConfigError.
std::function<Duration()> program_timer(const scenario::Compute& compute, std::optional<uint64_t> macs, uint64_t seed,
                                        const std::string& node);
/// How long storing one result takes there.
std::function<Duration()> store_timer(const scenario::Compute& compute, uint64_t seed,
                                      const std::string& node);

}  // namespace xedgesim::system
