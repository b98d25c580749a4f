#ifndef XEDGESIM_NN_INTERNAL_H
#define XEDGESIM_NN_INTERNAL_H

#include "nn/fixed_point.h"
#include "nn/flatbuffer.h"
#include "nn/nn.h"

/* Between the parts of the interpreter only. */

enum { NN_MAX_INPUTS = 3 };

enum nn_activation { NN_NO_ACTIVATION = 0, NN_RELU = 1, NN_RELU6 = 3 }; /* ActivationFunctionType */

/* A window that moves over rows and columns: convolution or pooling. */
struct nn_window {
  int32_t in_h, in_w, in_c, out_h, out_w, out_c;
  int32_t h, w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
};

struct nn_sums {
  const int8_t* weights;
  const int32_t* bias;       /* of each output; the input's zero point is folded in except for depthwise */
  struct nn_factor* factors; /* of each output */
};

struct nn_op {
  const struct nn_operator* kind;
  int16_t inputs[NN_MAX_INPUTS]; /* tensors; -1: absent */
  int16_t output;
  int32_t low, high; /* of the output after the fused activation */
  struct nn_sums sums;
  struct nn_window window;
  int8_t* patch;              /* CONV_2D: one window's inputs in a row; null: not needed */
  struct nn_factor factor[3]; /* ADD: both inputs, output; QUANTIZE, MEAN, RELU: [0]; SOFTMAX: [0] */
  int32_t parameter;          /* SOFTMAX: least difference that counts */
  bool is_float;
};

struct nn_prepare {
  struct nn_model* model;
  struct fb* fb;
  struct nn_error* error;
  struct nn_op* op;
  fb_ref options; /* table of the operator's options, or 0 */
  size_t scratch; /* bytes of arena wanted during the operator's run */
};

struct nn_operator {
  int32_t code; /* BuiltinOperator */
  const char* name;
  bool (*prepare)(struct nn_prepare* p); /* null: not supported */
  void (*run)(const struct nn_model* model, const struct nn_op* op);
};

extern const struct nn_operator nn_fully_connected, nn_conv_2d, nn_depthwise_conv_2d, nn_max_pool_2d,
    nn_average_pool_2d, nn_add, nn_sub, nn_mul, nn_mean, nn_softmax, nn_relu, nn_relu6, nn_reshape,
    nn_quantize, nn_dequantize;

/* The operator of a code; its `prepare` is null when it is not supported. Null: a code without a name here.
 */
const struct nn_operator* nn_find_operator(int32_t code);

/* Sets the error and gives false. */
bool nn_refuse(struct nn_prepare* p, const char* what);
/* Permanent room at the front of the arena, aligned to 8; null (and the error) when there is none. */
void* nn_keep(struct nn_prepare* p, size_t bytes);

const struct nn_tensor* nn_in(const struct nn_prepare* p, int i); /* null when absent */
const struct nn_tensor* nn_out(const struct nn_prepare* p);
/* Scale of channel `c` of a tensor with one scale or one a channel. */
float nn_channel_scale(struct nn_prepare* p, const struct nn_tensor* t, int32_t c);

bool nn_check_int8(struct nn_prepare* p, const struct nn_tensor* t);
/* Weights: constant int8, symmetric, one scale or one for each of `channels` along `dimension`. */
bool nn_check_weights(struct nn_prepare* p, const struct nn_tensor* t, int32_t channels, int32_t dimension);
/* Range of the output for the fused activation number `activation`. */
bool nn_set_range(struct nn_prepare* p, int32_t activation);
/* Factors and biases for `outputs` sums over `depth` products each. Where the weights of one output lie in a
 * row (`rows`), -zero * sum(weights) goes into its bias. */
bool nn_set_sums(struct nn_prepare* p, int32_t outputs, int32_t depth, bool rows);
/* Sizes from the shapes of input and output and padding 0 SAME or 1 VALID; checks the output's shape. */
bool nn_set_window(struct nn_prepare* p, int32_t padding);

static inline const int8_t* nn_data(const struct nn_model* m, int tensor) {
  const struct nn_tensor* t = &m->tensors[tensor];
  return (const int8_t*)(t->constant ? t->constant : t->data);
}
static inline int8_t* nn_result(const struct nn_model* m, int tensor) {
  return (int8_t*)m->tensors[tensor].data;
}

#endif
