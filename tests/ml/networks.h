#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "ml/network.h"

namespace xedgesim::ml::testing {

/// Small networks with random weights, layer by layer.
class NetworkMaker {
 public:
  NetworkMaker(std::vector<int64_t> input, uint64_t seed) : random_(seed, "networks", "weights") {
    net_.input = add("input", std::move(input));
    at_ = net_.input;
  }
  int here() const { return at_; }
  NetworkMaker& dense(int64_t outputs, Activation a = Activation::none) {
    Layer& l = next(LayerKind::dense, {1, outputs}, a);
    fill(l, outputs, dims(l.inputs[0]));
    return *this;
  }
  NetworkMaker& conv(int64_t outputs, int64_t kernel, int64_t stride, bool same,
                     Activation a = Activation::relu) {
    return window(LayerKind::convolution, outputs, kernel, kernel, stride, same, a);
  }
  NetworkMaker& conv(int64_t outputs, int64_t height, int64_t width, int64_t stride, bool same,
                     Activation a = Activation::relu) {
    return window(LayerKind::convolution, outputs, height, width, stride, same, a);
  }
  /// One-dimensional: a window over the width.
  NetworkMaker& conv_1d(int64_t outputs, int64_t kernel, int64_t stride, bool same) {
    return window(LayerKind::convolution, outputs, 1, kernel, stride, same, Activation::relu);
  }
  NetworkMaker& depthwise(int64_t kernel, int64_t stride, bool same, Activation a = Activation::relu6) {
    return window(LayerKind::depthwise, channels(), kernel, kernel, stride, same, a);
  }
  NetworkMaker& pool(LayerKind kind, int64_t kernel, int64_t stride, bool same) {
    return window(kind, channels(), kernel, kernel, stride, same, Activation::none);
  }
  NetworkMaker& mean() {
    next(LayerKind::global_average, {1, channels()}, Activation::none);
    return *this;
  }
  NetworkMaker& relu(Activation a = Activation::relu) {
    next(LayerKind::relu, shape(), a);
    return *this;
  }
  NetworkMaker& softmax() {
    next(LayerKind::softmax, shape(), Activation::none);
    return *this;
  }
  NetworkMaker& add_from(int other) {
    next(LayerKind::add, shape(), Activation::relu).inputs.push_back(other);
    return *this;
  }
  NetworkMaker& normalise() {
    Layer& l = next(LayerKind::normalise, shape(), Activation::none);
    for (int64_t i = 0; i < elements(l.inputs[0]); ++i) {
      l.subtract.push_back(value() * 0.2f);
      l.multiply.push_back(1.0f + value() * 0.3f);
    }
    return *this;
  }
  Network done() {
    net_.output = at_;
    return net_;
  }
  std::vector<std::vector<float>> inputs(size_t count) {
    std::vector<std::vector<float>> rows(count);
    for (auto& row : rows)
      for (int64_t i = 0; i < elements(net_.input); ++i) row.push_back(2.0f * value());
    return rows;
  }

 private:
  const std::vector<int64_t>& shape() const { return net_.tensors[static_cast<size_t>(at_)].dims; }
  int64_t channels() const { return shape()[1]; }
  int64_t elements(int t) const { return net_.tensors[static_cast<size_t>(t)].elements(); }
  int64_t dims(int t) const { return elements(t); }
  float value() { return static_cast<float>(random_.normal(0, 0.5)); }
  int add(const std::string& name, std::vector<int64_t> d) {
    net_.tensors.push_back({.name = name, .dims = std::move(d), .quantization = {}});
    return static_cast<int>(net_.tensors.size() - 1);
  }
  Layer& next(LayerKind kind, std::vector<int64_t> out, Activation a) {
    Layer l;
    l.kind = kind;
    l.name = std::string(to_string(kind)) + std::to_string(net_.layers.size());
    l.inputs = {at_};
    l.activation = a;
    l.output = at_ = add(l.name, std::move(out));
    net_.layers.push_back(std::move(l));
    return net_.layers.back();
  }
  void fill(Layer& l, int64_t outputs, int64_t depth) {
    const float scale = 1.5f / std::sqrt(static_cast<float>(depth));
    for (int64_t i = 0; i < outputs * depth; ++i) l.weights.push_back(scale * value());
    for (int64_t i = 0; i < outputs; ++i) l.bias.push_back(0.3f * value());
  }
  NetworkMaker& window(LayerKind kind, int64_t outputs, int64_t h, int64_t w, int64_t stride, bool same,
                       Activation a) {
    const auto in = shape();
    std::vector<int64_t> out{1, outputs};
    int64_t pads[4] = {0, 0, 0, 0};
    const int64_t kernel[2] = {h, w};
    int64_t strides[2] = {h == 1 ? 1 : stride, stride};
    for (size_t d = 0; d < 2; ++d) {
      const int64_t size = in[2 + d];
      out.push_back(same ? (size + strides[d] - 1) / strides[d] : (size - kernel[d]) / strides[d] + 1);
      const int64_t total = same ? std::max<int64_t>(0, (out.back() - 1) * strides[d] + kernel[d] - size) : 0;
      pads[d] = total / 2;
      pads[d + 2] = total - total / 2;
    }
    const int64_t depth = in[1];
    Layer& l = next(kind, std::move(out), a);
    for (size_t d = 0; d < 2; ++d) {
      l.kernel[d] = kernel[d];
      l.stride[d] = strides[d];
    }
    std::copy(pads, pads + 4, l.pads);
    if (kind == LayerKind::convolution) fill(l, outputs, depth * h * w);
    if (kind == LayerKind::depthwise) fill(l, outputs, h * w);
    return *this;
  }

  Network net_;
  int at_ = -1;
  RandomStream random_;
};

/// Each operator alone between the conversions from and to floats.
inline std::vector<std::pair<std::string, NetworkMaker>> single_layers() {
  std::vector<std::pair<std::string, NetworkMaker>> list;
  const auto image = [] { return NetworkMaker({1, 4, 7, 9}, 11); };
  list.emplace_back("dense", NetworkMaker({1, 37}, 12).dense(9));
  list.emplace_back("dense relu", NetworkMaker({1, 16}, 13).dense(9, Activation::relu));
  list.emplace_back("softmax", NetworkMaker({1, 10}, 14).softmax());
  list.emplace_back("conv", image().conv(5, 3, 1, true));
  list.emplace_back("conv stride", image().conv(5, 3, 2, false, Activation::none));
  list.emplace_back("conv 1x1", image().conv(5, 1, 1, true, Activation::relu6));
  list.emplace_back("depthwise", image().depthwise(3, 1, true));
  list.emplace_back("depthwise stride", image().depthwise(3, 2, false, Activation::none));
  list.emplace_back("max pool", image().pool(LayerKind::max_pool, 2, 2, true));
  list.emplace_back("average pool", image().pool(LayerKind::average_pool, 3, 2, true));
  list.emplace_back("mean", image().mean());
  list.emplace_back("relu", image().relu());
  list.emplace_back("relu6", image().relu(Activation::relu6));
  list.emplace_back("add", image().add_from(0));
  list.emplace_back("normalise", image().normalise().conv(2, 1, 1, true));
  return list;
}

/// One network a family of operators; between them every operator the device knows.
inline std::vector<std::pair<std::string, NetworkMaker>> all_networks() {
  std::vector<std::pair<std::string, NetworkMaker>> list;
  NetworkMaker dense({1, 16}, 1);
  dense.normalise().dense(31, Activation::relu).dense(7).softmax();
  list.emplace_back("dense", dense);
  NetworkMaker image({1, 3, 9, 11}, 2);
  image.conv(8, 3, 1, true)
      .depthwise(3, 2, true)
      .conv(12, 1, 1, false)
      .pool(LayerKind::average_pool, 2, 1, true)
      .dense(5);
  list.emplace_back("image", image);
  NetworkMaker valid({1, 1, 12, 12}, 3);
  valid.conv(6, 3, 2, false).pool(LayerKind::max_pool, 2, 2, false).dense(10, Activation::relu6).dense(4);
  list.emplace_back("valid", valid);
  NetworkMaker residual({1, 4, 6, 6}, 4);
  residual.conv(4, 3, 1, true, Activation::none);
  const int branch = residual.here();
  residual.conv(4, 3, 1, true, Activation::relu)
      .conv(4, 1, 1, true, Activation::none)
      .add_from(branch)
      .mean()
      .dense(3);
  list.emplace_back("residual", residual);
  NetworkMaker signal({1, 2, 1, 64}, 5);
  signal.conv_1d(8, 5, 2, true).conv_1d(8, 3, 1, false).relu(Activation::relu6).mean().dense(4);
  list.emplace_back("signal", signal);
  return list;
}

}  // namespace xedgesim::ml::testing
