/* The operators that can be run, and the names of others by which a model is refused (BuiltinOperator). */
#include <stddef.h>

#include "nn/internal.h"

static const struct nn_operator* const kSupported[] = {
    &nn_fully_connected,
    &nn_conv_2d,
    &nn_depthwise_conv_2d,
    &nn_max_pool_2d,
    &nn_average_pool_2d,
    &nn_add,
    &nn_sub,
    &nn_mul,
    &nn_mean,
    &nn_softmax,
    &nn_relu,
    &nn_relu6,
    &nn_reshape,
    &nn_quantize,
    &nn_dequantize,
};

static const struct nn_operator kNamed[] = {
    {2, "CONCATENATION", 0, 0},
    {5, "DEPTH_TO_SPACE", 0, 0},
    {7, "EMBEDDING_LOOKUP", 0, 0},
    {8, "FLOOR", 0, 0},
    {11, "L2_NORMALIZATION", 0, 0},
    {12, "L2_POOL_2D", 0, 0},
    {13, "LOCAL_RESPONSE_NORMALIZATION", 0, 0},
    {14, "LOGISTIC", 0, 0},
    {16, "LSTM", 0, 0},
    {20, "RELU_N1_TO_1", 0, 0},
    {23, "RESIZE_BILINEAR", 0, 0},
    {24, "RNN", 0, 0},
    {26, "SPACE_TO_DEPTH", 0, 0},
    {27, "SVDF", 0, 0},
    {28, "TANH", 0, 0},
    {32, "CUSTOM", 0, 0},
    {34, "PAD", 0, 0},
    {35, "UNIDIRECTIONAL_SEQUENCE_RNN", 0, 0},
    {36, "GATHER", 0, 0},
    {37, "BATCH_TO_SPACE_ND", 0, 0},
    {38, "SPACE_TO_BATCH_ND", 0, 0},
    {39, "TRANSPOSE", 0, 0},
    {42, "DIV", 0, 0},
    {43, "SQUEEZE", 0, 0},
    {44, "UNIDIRECTIONAL_SEQUENCE_LSTM", 0, 0},
    {45, "STRIDED_SLICE", 0, 0},
    {47, "EXP", 0, 0},
    {49, "SPLIT", 0, 0},
    {50, "LOG_SOFTMAX", 0, 0},
    {53, "CAST", 0, 0},
    {54, "PRELU", 0, 0},
    {55, "MAXIMUM", 0, 0},
    {56, "ARG_MAX", 0, 0},
    {57, "MINIMUM", 0, 0},
    {60, "PADV2", 0, 0},
    {67, "TRANSPOSE_CONV", 0, 0},
    {70, "EXPAND_DIMS", 0, 0},
    {74, "SUM", 0, 0},
    {82, "REDUCE_MAX", 0, 0},
    {83, "PACK", 0, 0},
    {97, "RESIZE_NEAREST_NEIGHBOR", 0, 0},
    {98, "LEAKY_RELU", 0, 0},
    {101, "ABS", 0, 0},
    {117, "HARD_SWISH", 0, 0},
    {126, "BATCH_MATMUL", 0, 0},
    {150, "GELU", 0, 0},
};

const struct nn_operator* nn_find_operator(int32_t code) {
  for (size_t i = 0; i < sizeof kSupported / sizeof *kSupported; i++)
    if (kSupported[i]->code == code) return kSupported[i];
  for (size_t i = 0; i < sizeof kNamed / sizeof *kNamed; i++)
    if (kNamed[i].code == code) return &kNamed[i];
  return NULL;
}
