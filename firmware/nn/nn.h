#ifndef XEDGESIM_NN_NN_H
#define XEDGESIM_NN_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Interpreter of int8 .tflite files, read where they lie (flash): no heap, no copy of the weights, no code
 * generated per model. All memory comes from one arena that the caller gives.
 *
 * Operators: FULLY_CONNECTED, CONV_2D, DEPTHWISE_CONV_2D, MAX_POOL_2D, AVERAGE_POOL_2D, ADD, MEAN, SOFTMAX,
 * RELU, RELU6, RESHAPE, QUANTIZE, DEQUANTIZE; and, for the preparation of an input, ADD, SUB and MUL of
 * floats. int8 arithmetic is TFLite's: 32-bit sums, products with a 32-bit fixed-point multiplier rounded
 * twice (the scheme of Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", 2018, as the TFLite quantisation specification fixes it).
 *
 * A file may hold anything: every offset, length, shape and parameter is checked in nn_open(), and what it
 * accepted cannot make nn_invoke() leave the arena or the file.
 *
 * Limits: one subgraph, one input, one output, rank at most 4, batch 1, static shapes, int8 (not uint8, not
 * int16); no dilation in depthwise convolutions beyond what VALID/SAME allow, no sparsity, no custom
 * operators. */

enum nn_type { NN_FLOAT32 = 0, NN_INT32 = 2, NN_INT8 = 9 }; /* TensorType of the schema */

enum nn_status {
  NN_OK,
  NN_MALFORMED,            /* cut short, no .tflite file, or inconsistent */
  NN_UNSUPPORTED_OPERATOR, /* nn_error.operator_name says which */
  NN_UNSUPPORTED,          /* a form of a known operator, or of the file */
  NN_ARENA_TOO_SMALL,      /* nn_error.arena_needed says how much is wanted, at least */
  NN_BAD_INPUT,            /* wrong size, or a value that is not finite */
};

/* Why a call failed. Strings are constants or point into the model. */
struct nn_error {
  enum nn_status status;
  const char* operator_name; /* of the operator concerned, or null; not longer than 40 characters */
  const char* what;          /* half a sentence */
  int operator_index;        /* in the order of execution, -1: none */
  size_t arena_needed;
};

enum { NN_MAX_RANK = 4 };

struct nn_tensor {
  uint8_t type; /* of enum nn_type */
  uint8_t rank;
  int32_t dims[NN_MAX_RANK];
  int32_t elements;
  float scale; /* int8: real value = scale * (q - zero); 0: not quantised */
  int32_t zero;
  uint32_t scales_at; /* per channel: place of the scales in the file, `scale_count` floats */
  int32_t scale_count, channel_dimension;
  const void* constant; /* contents in the file, or null */
  void* data;           /* contents in the arena, or null */
};

struct nn_op;

struct nn_model {
  const uint8_t* file;
  size_t file_size;
  uint8_t* arena;
  size_t arena_size;
  size_t arena_used; /* what the model really needs */
  struct nn_tensor* tensors;
  struct nn_op* ops;
  int tensor_count, op_count;
  int input, output; /* tensors */
  size_t head;       /* arena taken from the front */
};

/* Checks the file and plans its memory. `file` must be aligned to 4 bytes and stay; `arena` to 8. A size
 * beyond the file's end is allowed (a flash region): nothing behind the file is read. False: `error` says
 * why. */
bool nn_open(struct nn_model* model, const void* file, size_t file_size, void* arena, size_t arena_size,
             struct nn_error* error);

const struct nn_tensor* nn_input(const struct nn_model* model);
const struct nn_tensor* nn_output(const struct nn_model* model);

/* Real values into the input: quantised when it is int8. False when the count is wrong or one is not finite.
 */
bool nn_set_input(struct nn_model* model, const float* values, int32_t count, struct nn_error* error);

void nn_invoke(struct nn_model* model);
/* The operators [first, last) only, to measure them; nn_invoke() is (0, op_count). */
void nn_invoke_range(struct nn_model* model, int first, int last);

/* Real value of element `i` of the output. */
float nn_output_value(const struct nn_model* model, int32_t i);
/* Index of the output's greatest value, the first of equals. */
int32_t nn_output_argmax(const struct nn_model* model);

const char* nn_operator_name(const struct nn_model* model, int op);
const char* nn_status_name(enum nn_status status);

#ifdef __cplusplus
}
#endif
#endif
