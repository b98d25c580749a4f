#pragma once
#include <memory>
#include <string>
#include <vector>

namespace edge {

/// A model file that gives scores to features.
class Classifier {
 public:
  virtual ~Classifier() = default;
  /// Empty when the model does not take as many values.
  virtual std::vector<float> scores(const std::vector<float>& features) = 0;
};

/// An int8 .tflite file by the firmware's own interpreter, or an .onnx file as the network that
/// src/ml/network.h reads from it, computed in floats (also when the file is quantised). What the file is
/// is told by its contents, not by its name. Ends the program with a sentence when it can be neither.
std::unique_ptr<Classifier> open_classifier(const std::string& file);

}  // namespace edge
