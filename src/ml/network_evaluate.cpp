// The network in floats, layer by layer and as plainly as possible: it only has to be right.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ml/network.h"

namespace xedgesim::ml {
namespace {

using Values = std::vector<float>;

float activated(float v, Activation a) {
  if (a == Activation::none) return v;
  v = std::max(v, 0.0f);
  return a == Activation::relu6 ? std::min(v, 6.0f) : v;
}

Values dense(const Layer& l, const Values& x) {
  Values y = l.bias;
  for (size_t o = 0; o < y.size(); ++o) {
    double sum = l.bias[o];
    for (size_t i = 0; i < x.size(); ++i) sum += double{l.weights[o * x.size() + i]} * x[i];
    y[o] = static_cast<float>(sum);
  }
  return y;
}

/// Calls f(channel, output place, input place or -1 outside) for every value under every place of the window.
template <typename F>
void slide(const Layer& l, const std::vector<int64_t>& in, const std::vector<int64_t>& out, F f) {
  for (int64_t y = 0; y < out[2]; ++y)
    for (int64_t x = 0; x < out[3]; ++x)
      for (int64_t i = 0; i < l.kernel[0]; ++i)
        for (int64_t j = 0; j < l.kernel[1]; ++j) {
          const int64_t row = y * l.stride[0] - l.pads[0] + i * l.dilation[0];
          const int64_t column = x * l.stride[1] - l.pads[1] + j * l.dilation[1];
          if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
          f(static_cast<size_t>(y * out[3] + x), static_cast<size_t>(row * in[3] + column),
            static_cast<size_t>(i * l.kernel[1] + j));
        }
}

Values convolve(const Layer& l, const NetworkTensor& in, const NetworkTensor& out, const Values& x) {
  const auto area_in = static_cast<size_t>(in.dims[2] * in.dims[3]);
  const auto area_out = static_cast<size_t>(out.dims[2] * out.dims[3]);
  const auto area = static_cast<size_t>(l.kernel[0] * l.kernel[1]);
  const auto channels = static_cast<size_t>(in.dims[1]), outputs = static_cast<size_t>(out.dims[1]);
  std::vector<double> sums(outputs * area_out);
  const bool depthwise = l.kind == LayerKind::depthwise;
  const size_t depth = depthwise ? 1 : channels;
  for (size_t o = 0; o < outputs; ++o) {
    std::fill_n(sums.begin() + static_cast<ptrdiff_t>(o * area_out), area_out, double{l.bias[o]});
    for (size_t c = 0; c < depth; ++c) {
      const size_t from = depthwise ? o / (outputs / channels) : c;
      slide(l, in.dims, out.dims, [&](size_t to, size_t at, size_t k) {
        sums[o * area_out + to] += double{l.weights[(o * depth + c) * area + k]} * x[from * area_in + at];
      });
    }
  }
  return {sums.begin(), sums.end()};
}

Values pool(const Layer& l, const NetworkTensor& in, const NetworkTensor& out, const Values& x) {
  const auto area_in = static_cast<size_t>(in.dims[2] * in.dims[3]);
  const auto area_out = static_cast<size_t>(out.dims[2] * out.dims[3]);
  Values y(static_cast<size_t>(out.elements()));
  for (size_t c = 0; c < static_cast<size_t>(in.dims[1]); ++c) {
    std::vector<double> most(area_out, -INFINITY), sum(area_out), count(area_out);
    slide(l, in.dims, out.dims, [&](size_t to, size_t at, size_t) {
      const double v = x[c * area_in + at];
      most[to] = std::max(most[to], v);
      sum[to] += v;
      ++count[to];
    });
    for (size_t i = 0; i < area_out; ++i)
      y[c * area_out + i] =
          static_cast<float>(l.kind == LayerKind::max_pool ? most[i] : sum[i] / std::max(1.0, count[i]));
  }
  return y;
}

Values mean(const NetworkTensor& in, const Values& x) {
  const auto area = static_cast<size_t>(in.dims[2] * in.dims[3]);
  Values y(static_cast<size_t>(in.dims[1]));
  for (size_t c = 0; c < y.size(); ++c) {
    double sum = 0;
    for (size_t i = 0; i < area; ++i) sum += x[c * area + i];
    y[c] = static_cast<float>(sum / static_cast<double>(area));
  }
  return y;
}

Values softmax(const Values& x) {
  const float top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  std::vector<double> e;
  for (float v : x) sum += e.emplace_back(std::exp(double{v} - top));
  Values y;
  for (double v : e) y.push_back(static_cast<float>(v / sum));
  return y;
}

}  // namespace

std::vector<std::vector<float>> evaluate(const Network& net, std::span<const float> input) {
  std::vector<Values> values(net.tensors.size());
  values[static_cast<size_t>(net.input)].assign(input.begin(), input.end());
  XEDGESIM_ASSERT(static_cast<int64_t>(input.size()) == net.in().elements());
  for (const Layer& l : net.layers) {
    const NetworkTensor& in = net.tensors[static_cast<size_t>(l.inputs[0])];
    const NetworkTensor& out = net.tensors[static_cast<size_t>(l.output)];
    const Values& x = values[static_cast<size_t>(l.inputs[0])];
    Values y = x;
    switch (l.kind) {
      case LayerKind::normalise:
        for (size_t i = 0; i < y.size(); ++i) y[i] = (x[i] - l.subtract[i]) * l.multiply[i];
        break;
      case LayerKind::dense:
        y = dense(l, x);
        break;
      case LayerKind::convolution:
      case LayerKind::depthwise:
        y = convolve(l, in, out, x);
        break;
      case LayerKind::max_pool:
      case LayerKind::average_pool:
        y = pool(l, in, out, x);
        break;
      case LayerKind::global_average:
        y = mean(in, x);
        break;
      case LayerKind::add: {
        const Values& other = values[static_cast<size_t>(l.inputs[1])];
        for (size_t i = 0; i < y.size(); ++i) y[i] += other[i];
        break;
      }
      case LayerKind::relu:
        break;
      case LayerKind::softmax:
        y = softmax(x);
        break;
    }
    for (float& v : y) v = activated(v, l.activation);
    values[static_cast<size_t>(l.output)] = std::move(y);
  }
  return values;
}

}  // namespace xedgesim::ml
