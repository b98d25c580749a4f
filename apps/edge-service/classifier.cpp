#include "classifier.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "firmware/nn/nn.h"
#include "ml/network.h"
#include "mqtt_client.h"

namespace edge {
namespace {

using xedgesim::ml::Network;

class TfliteClassifier : public Classifier {
 public:
  TfliteClassifier(const std::string& file, const std::string& bytes)
      : file_(bytes.size() / 8 + 1), arena_(size_t{1} << 17) {
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(file_.data()));
    nn_error error{};
    if (!nn_open(&model_, file_.data(), bytes.size(), arena_.data(), arena_.size() * 8, &error))
      give_up("cannot run the model " + file + ": " + (error.what ? error.what : ""));
  }
  std::vector<float> scores(const std::vector<float>& features) override {
    nn_error error{};
    if (!nn_set_input(&model_, features.data(), static_cast<int32_t>(features.size()), &error)) return {};
    nn_invoke(&model_);
    std::vector<float> out(static_cast<size_t>(nn_output(&model_)->elements));
    for (size_t i = 0; i < out.size(); ++i) out[i] = nn_output_value(&model_, static_cast<int32_t>(i));
    return out;
  }

 private:
  std::vector<uint64_t> file_, arena_;
  nn_model model_{};
};

class OnnxClassifier : public Classifier {
 public:
  OnnxClassifier(const std::string& file, const std::string& bytes) try
      : network_(xedgesim::ml::network_from_onnx(
            xedgesim::ml::parse_onnx({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}))) {
  } catch (const xedgesim::Error& e) {
    give_up("cannot run the model " + file + ": " + e.what());
  }
  std::vector<float> scores(const std::vector<float>& features) override {
    if (static_cast<int64_t>(features.size()) != network_.in().elements()) return {};
    return xedgesim::ml::evaluate(network_, features)[static_cast<size_t>(network_.output)];
  }

 private:
  Network network_;
};

}  // namespace

std::unique_ptr<Classifier> open_classifier(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  if (!in && bytes.empty()) give_up("cannot read the model " + file);
  // FlatBuffers of TFLite carry their identifier behind the offset of the root table.
  if (bytes.size() >= 8 && bytes.compare(4, 4, "TFL3") == 0)
    return std::make_unique<TfliteClassifier>(file, bytes);
  return std::make_unique<OnnxClassifier>(file, bytes);
}

}  // namespace edge
