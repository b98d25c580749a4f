// Operators with a moving window: convolutions and pools.
#include <algorithm>

#include "ml/onnx_importer.h"

namespace xedgesim::ml {

/// Output shape of a moving window; fills in its geometry. One-dimensional attributes apply to the width.
std::vector<int64_t> OnnxImporter::window_output(const OnnxNode& n, const std::vector<int64_t>& in,
                                                 int64_t out_channels, const std::vector<int64_t>& kernel_in,
                                                 Layer& g) {
  const auto pair = [&](std::vector<int64_t> v, int64_t otherwise, int64_t* out) {
    if (v.empty()) v = {otherwise, otherwise};
    if (v.size() == 1) v = {1, v[0]};
    if (v.size() != 2 || v[0] < 1 || v[1] < 1 || v[0] > 4096 || v[1] > 4096)
      refuse_operator(n, "has a kernel, stride or dilation out of range");
    out[0] = v[0];
    out[1] = v[1];
  };
  pair(kernel_in, 1, g.kernel);
  pair(n.integers("strides"), 1, g.stride);
  pair(n.integers("dilations"), 1, g.dilation);
  std::vector<int64_t> pads = n.integers("pads");
  if (pads.empty()) pads = {0, 0, 0, 0};
  if (pads.size() == 2) pads = {0, pads[0], 0, pads[1]};
  if (pads.size() != 4 || std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p < 0 || p > 4096; }))
    refuse_operator(n, "has pads out of range");
  const OnnxAttribute* automatic = n.attribute("auto_pad");
  const std::string mode = automatic ? automatic->text : "NOTSET";
  if (mode != "NOTSET" && mode != "SAME_UPPER" && mode != "VALID") refuse_operator(n, "has auto_pad " + mode);
  if (n.integer("ceil_mode", 0) != 0) refuse_operator(n, "has ceil_mode, which is not supported");
  std::vector<int64_t> out{1, out_channels};
  for (size_t d = 0; d < 2; ++d) {
    const int64_t reach = (g.kernel[d] - 1) * g.dilation[d] + 1, size = in[2 + d];
    if (mode == "SAME_UPPER") {
      const int64_t result = (size + g.stride[d] - 1) / g.stride[d];
      const int64_t total = std::max<int64_t>(0, (result - 1) * g.stride[d] + reach - size);
      pads[d] = total / 2;
      pads[d + 2] = total - total / 2;
    } else if (mode == "VALID") {
      pads[d] = pads[d + 2] = 0;
    }
    const int64_t room = size + pads[d] + pads[d + 2] - reach;
    if (room < 0) refuse_operator(n, "has a window larger than its input");
    out.push_back(room / g.stride[d] + 1);
  }
  std::copy(pads.begin(), pads.end(), g.pads);
  return out;
}

void OnnxImporter::convolution(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse_operator(n, "works on a tensor that is no image or signal");
  const OnnxConstant w = constant(n, 1);
  std::vector<int64_t> dims = w.dims;
  if (dims.size() == 3) dims = {dims[0], dims[1], 1, dims[2]};
  if (dims.size() != 4) refuse_operator(n, "has weights that are no filters");
  const int64_t group = n.integer("group", 1), channels = at(in).dims[1];
  const bool depthwise = group > 1;
  if (depthwise && (group != channels || dims[1] != 1 || dims[0] % channels != 0))
    refuse_operator(n, "has groups other than one a channel");
  if (!depthwise && dims[1] != channels) refuse_operator(n, "has filters that do not fit the channels");
  Layer geometry;
  auto out = window_output(n, at(in).dims, dims[0], {dims[2], dims[3]}, geometry);
  Layer& l = new_layer(n, depthwise ? LayerKind::depthwise : LayerKind::convolution, {in}, std::move(out));
  std::copy(geometry.kernel, geometry.kernel + 2, l.kernel);
  std::copy(geometry.stride, geometry.stride + 2, l.stride);
  std::copy(geometry.dilation, geometry.dilation + 2, l.dilation);
  std::copy(geometry.pads, geometry.pads + 4, l.pads);
  set_weights(n, l, w, 2, dims[0]);
}

void OnnxImporter::pool(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse_operator(n, "works on a tensor that is no image or signal");
  Layer geometry;
  auto out = window_output(n, at(in).dims, at(in).dims[1], n.integers("kernel_shape"), geometry);
  const bool padded = std::any_of(geometry.pads, geometry.pads + 4, [](int64_t p) { return p != 0; });
  if (padded && n.op_type == "AveragePool" && n.integer("count_include_pad", 0) != 0)
    refuse_operator(n, "counts its padding, which is not supported");
  Layer& l = new_layer(n, n.op_type == "MaxPool" ? LayerKind::max_pool : LayerKind::average_pool, {in},
                       std::move(out));
  std::copy(geometry.kernel, geometry.kernel + 2, l.kernel);
  std::copy(geometry.stride, geometry.stride + 2, l.stride);
  std::copy(geometry.pads, geometry.pads + 4, l.pads);
}

void OnnxImporter::average_all(const OnnxNode& n) {
  const int in = activation_input(n);
  if (!at(in).is_image()) refuse_operator(n, "works on a tensor that is no image or signal");
  bool keeps = true;
  if (n.op_type == "ReduceMean") {
    std::vector<int64_t> axes = n.integers("axes");
    if (axes.empty() && has_input(n, 1)) axes = constant(n, 1).codes;
    for (int64_t& a : axes) a = a < 0 ? a + 4 : a;
    std::sort(axes.begin(), axes.end());
    if (axes != std::vector<int64_t>{2, 3})
      refuse_operator(n, "runs over other dimensions than height and width");
    keeps = n.integer("keepdims", 1) != 0;
  }
  const int64_t channels = at(in).dims[1];
  new_layer(n, LayerKind::global_average, {in},
            keeps ? std::vector<int64_t>{1, channels, 1, 1} : std::vector<int64_t>{1, channels});
}

/// PyTorch writes a Pad of nothing before each average pool.
void OnnxImporter::pad(const OnnxNode& n) {
  const std::vector<int64_t> pads = has_input(n, 1) ? constant(n, 1).codes : n.integers("pads");
  if (pads.empty() || std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; }))
    refuse_operator(n, "pads: give the padding to the Conv or pool behind it");
  alias(n, activation_input(n));
}

}  // namespace xedgesim::ml
