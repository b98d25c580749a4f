#include "nn/nn.h"

#include <math.h>
#include <string.h>

#include "nn/internal.h"

/* Field numbers of the tables of schema.fbs (TensorFlow Lite schema, version 3). */
enum { MODEL_VERSION = 0, MODEL_OPERATOR_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_DEPRECATED = 0, CODE_BUILTIN = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum {
  TENSOR_SHAPE = 0,
  TENSOR_TYPE = 1,
  TENSOR_BUFFER = 2,
  TENSOR_QUANTIZATION = 4,
  TENSOR_VARIABLE = 5,
  TENSOR_SPARSITY = 6
};
enum { QUANT_SCALE = 2, QUANT_ZERO = 3, QUANT_DIMENSION = 6 };
enum { OP_CODE = 0, OP_INPUTS = 1, OP_OUTPUTS = 2, OP_OPTIONS = 4 };
enum { BUFFER_DATA = 0 };

enum { MAX_TENSORS = 4096, MAX_OPERATORS = 2048, MAX_ELEMENTS = 1 << 22 };
static const uint32_t kSupportedVersion = 3;
static const uint32_t kPlaceholderCode =
    127; /* deprecated_builtin_code when the code does not fit into a byte */

static bool fail(struct nn_error* error, enum nn_status status, const char* what) {
  error->status = status;
  error->what = what;
  return false;
}

static bool malformed(struct nn_error* error) {
  return fail(error, NN_MALFORMED, "the file is cut short or no .tflite model");
}

static size_t element_size(uint8_t type) { return type == NN_INT8 ? 1 : 4; }

/* ---- arena
 * ---------------------------------------------------------------------------------------------------- */

static void* take(struct nn_model* m, size_t bytes, struct nn_error* error) {
  size_t wanted = (bytes + 7) & ~(size_t)7;
  if (wanted > m->arena_size - m->head) {
    fail(error, NN_ARENA_TOO_SMALL, "the model needs a larger arena");
    error->arena_needed = m->head + wanted;
    return NULL;
  }
  void* p = m->arena + m->head;
  memset(p, 0, wanted);
  m->head += wanted;
  return p;
}

void* nn_keep(struct nn_prepare* p, size_t bytes) { return take(p->model, bytes, p->error); }

/* ---- tensors
 * -------------------------------------------------------------------------------------------------- */

static bool read_quantization(struct fb* fb, fb_ref tensor, struct nn_tensor* t, struct nn_error* error) {
  fb_ref q = fb_table(fb, tensor, TENSOR_QUANTIZATION);
  struct fb_vector scales = fb_vec(fb, q, QUANT_SCALE, 4), zeros = fb_vec(fb, q, QUANT_ZERO, 8);
  if (fb->broken) return malformed(error);
  if (scales.count == 0) return true;
  if (scales.count > 65536 || (zeros.count != 0 && zeros.count != scales.count))
    return fail(error, NN_MALFORMED, "a tensor's scales and zero points do not match");
  for (uint32_t i = 0; i < scales.count; i++) {
    float s = fb_vec_f32(fb, scales, i);
    if (!(s > 1e-30f && s < 1e30f))
      return fail(error, NN_MALFORMED, "a tensor's scale is not a positive number");
    int64_t z = zeros.count ? fb_vec_i64(fb, zeros, i) : 0;
    if (t->type == NN_INT8 && (z < -128 || z > 127))
      return fail(error, NN_MALFORMED, "a tensor's zero point is outside of int8");
    if (scales.count > 1 && z != 0) return fail(error, NN_UNSUPPORTED, "zero points per channel");
    t->zero = (int32_t)z;
  }
  t->scale = fb_vec_f32(fb, scales, 0);
  t->scales_at = scales.first;
  t->scale_count = (int32_t)scales.count;
  t->channel_dimension = fb_i32(fb, q, QUANT_DIMENSION, 0);
  return true;
}

static bool read_tensor(struct nn_model* m, struct fb* fb, fb_ref tensor, struct fb_vector buffers,
                        struct nn_tensor* t, struct nn_error* error) {
  struct fb_vector shape = fb_vec(fb, tensor, TENSOR_SHAPE, 4);
  int32_t type = fb_i8(fb, tensor, TENSOR_TYPE, 0);
  uint32_t buffer = (uint32_t)fb_i32(fb, tensor, TENSOR_BUFFER, 0);
  if (fb->broken || tensor == 0 || buffer >= buffers.count) return malformed(error);
  if (type != NN_FLOAT32 && type != NN_INT32 && type != NN_INT8)
    return fail(error, NN_UNSUPPORTED, "tensors are float32, int32 or int8 here: quantise the model to int8");
  if (fb_u8(fb, tensor, TENSOR_VARIABLE, 0) || fb_table(fb, tensor, TENSOR_SPARSITY))
    return fail(error, NN_UNSUPPORTED, "a variable or sparse tensor");
  if (shape.count > NN_MAX_RANK) return fail(error, NN_UNSUPPORTED, "a tensor of more than 4 dimensions");
  t->type = (uint8_t)type;
  t->rank = (uint8_t)shape.count;
  t->elements = 1;
  for (uint32_t i = 0; i < shape.count; i++) {
    int32_t d = fb_vec_i32(fb, shape, i);
    if (d == -1) return fail(error, NN_UNSUPPORTED, "a dimension that is not known beforehand");
    if (d <= 0 || d > MAX_ELEMENTS / t->elements)
      return fail(error, NN_MALFORMED, "a tensor's shape is empty or too large");
    t->dims[i] = d;
    t->elements *= d;
  }
  if (!read_quantization(fb, tensor, t, error)) return false;

  struct fb_vector data = fb_vec(fb, fb_vec_table(fb, buffers, buffer), BUFFER_DATA, 1);
  if (fb->broken) return malformed(error);
  if (data.count == 0) return true; /* computed at run time */
  if (data.count != (size_t)t->elements * element_size(t->type))
    return fail(error, NN_MALFORMED, "a constant's size does not fit its shape");
  if (data.first % element_size(t->type) != 0) return fail(error, NN_MALFORMED, "a constant is not aligned");
  t->constant = m->file + data.first;
  return true;
}

/* ---- operators
 * ------------------------------------------------------------------------------------------------ */

static bool read_indices(struct fb* fb, struct fb_vector v, const struct nn_model* m, int16_t* out,
                         uint32_t limit) {
  if (v.count > limit) return false;
  for (uint32_t i = 0; i < v.count; i++) {
    int32_t t = fb_vec_i32(fb, v, i);
    if (fb->broken || t < -1 || t >= m->tensor_count) return false;
    out[i] = (int16_t)t;
  }
  return true;
}

static const struct nn_operator* operator_of(struct fb* fb, struct fb_vector codes, uint32_t index) {
  if (index >= codes.count) {
    fb->broken = true;
    return NULL;
  }
  fb_ref code = fb_vec_table(fb, codes, index);
  int32_t old = fb_i8(fb, code, CODE_DEPRECATED, 0);
  int32_t builtin = fb_i32(fb, code, CODE_BUILTIN, 0);
  /* Old files have the byte only, new ones both unless it does not fit. */
  return nn_find_operator(old == (int32_t)kPlaceholderCode || builtin > old ? builtin : old);
}

static bool read_operator(struct nn_model* m, struct fb* fb, fb_ref table, struct fb_vector codes, int index,
                          struct nn_error* error, size_t* scratch) {
  struct nn_op* op = &m->ops[index];
  error->operator_index = index;
  const struct nn_operator* kind = operator_of(fb, codes, (uint32_t)fb_i32(fb, table, OP_CODE, 0));
  if (fb->broken || table == 0) return malformed(error);
  error->operator_name = kind ? kind->name : "of a number this runtime has no name for";
  if (!kind || !kind->prepare)
    return fail(error, NN_UNSUPPORTED_OPERATOR, "is not among the operators of this runtime");
  op->kind = kind;
  for (int i = 0; i < NN_MAX_INPUTS; i++) op->inputs[i] = -1;
  struct fb_vector in = fb_vec(fb, table, OP_INPUTS, 4), out = fb_vec(fb, table, OP_OUTPUTS, 4);
  int16_t result[1] = {-1};
  if (fb->broken || out.count != 1 || in.count == 0 || !read_indices(fb, in, m, op->inputs, NN_MAX_INPUTS) ||
      !read_indices(fb, out, m, result, 1) || op->inputs[0] < 0 || result[0] < 0)
    return fail(error, NN_MALFORMED, "has not the inputs and outputs it should have");
  op->output = result[0];
  for (int i = 0; i < NN_MAX_INPUTS; i++)
    if (op->inputs[i] == op->output) return fail(error, NN_MALFORMED, "writes its own input");
  if (m->tensors[op->output].constant) return fail(error, NN_MALFORMED, "writes a constant");

  struct nn_prepare p = {
      .model = m, .fb = fb, .error = error, .op = op, .options = fb_table(fb, table, OP_OPTIONS)};
  if (!kind->prepare(&p)) return false;
  if (fb->broken) return malformed(error);
  if (p.scratch > *scratch) *scratch = p.scratch;
  error->operator_index = -1;
  error->operator_name = NULL;
  return true;
}

/* Every tensor must be a constant, the input, or the result of exactly one earlier operator. */
static bool check_order(const struct nn_model* m, int16_t* defined_by, struct nn_error* error) {
  for (int t = 0; t < m->tensor_count; t++) defined_by[t] = m->tensors[t].constant ? 0 : -1;
  if (m->tensors[m->input].constant) return fail(error, NN_MALFORMED, "the input is a constant");
  defined_by[m->input] = 0;
  for (int i = 0; i < m->op_count; i++) {
    const struct nn_op* op = &m->ops[i];
    for (int k = 0; k < NN_MAX_INPUTS; k++)
      if (op->inputs[k] >= 0 && defined_by[op->inputs[k]] < 0)
        return fail(error, NN_MALFORMED, "an operator reads what nothing has computed");
    if (defined_by[op->output] >= 0) return fail(error, NN_MALFORMED, "two operators write one tensor");
    defined_by[op->output] = (int16_t)(i + 1);
  }
  if (defined_by[m->output] < 0) return fail(error, NN_MALFORMED, "nothing computes the output");
  return true;
}

/* ---- memory plan
 * ---------------------------------------------------------------------------------------------- */

struct life {
  int16_t first, last; /* operators; -1: before the first */
  uint32_t at, bytes;
};

static bool overlaps(const struct life* a, const struct life* b) {
  return a->first <= b->last && b->first <= a->last;
}

/* Lowest place that no tensor living at the same time has; tensors in the order of their making. */
static size_t place(const struct life* lives, int count, const struct life* l) {
  size_t at = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = 0; i < count; i++) {
      const struct life* o = &lives[i];
      if (o == l || o->bytes == 0 || o->at == UINT32_MAX || !overlaps(o, l)) continue;
      if (at < o->at + o->bytes && o->at < at + l->bytes) {
        at = o->at + o->bytes;
        moved = true;
      }
    }
  }
  return at;
}

static bool plan(struct nn_model* m, size_t scratch, struct nn_error* error) {
  uint8_t* shared = scratch ? take(m, scratch, error) : NULL;
  if (scratch && !shared) return false;
  for (int i = 0; i < m->op_count; i++) m->ops[i].patch = (int8_t*)shared;

  /* The table of lives is needed now only: it lies where the tensors will. */
  size_t base = m->head;
  struct life* lives = take(m, sizeof *lives * (size_t)m->tensor_count, error);
  if (!lives) return false;
  for (int t = 0; t < m->tensor_count; t++)
    lives[t] = (struct life){.first = INT16_MAX, .last = -2, .at = UINT32_MAX};
  lives[m->input].first = -1;
  lives[m->input].last = -1;
  for (int i = 0; i < m->op_count; i++) {
    const struct nn_op* op = &m->ops[i];
    lives[op->output].first = (int16_t)i;
    if (lives[op->output].last < i) lives[op->output].last = (int16_t)i;
    for (int k = 0; k < NN_MAX_INPUTS; k++)
      if (op->inputs[k] >= 0 && lives[op->inputs[k]].last < i) lives[op->inputs[k]].last = (int16_t)i;
  }
  /* Input and output stay readable afterwards. */
  lives[m->input].last = lives[m->output].last = (int16_t)m->op_count;

  size_t end = 0;
  for (int step = -1; step < m->op_count; step++) {
    int t = step < 0 ? m->input : m->ops[step].output;
    struct life* l = &lives[t];
    l->bytes = (uint32_t)((size_t)m->tensors[t].elements * element_size(m->tensors[t].type) + 7) & ~7u;
    size_t at = place(lives, m->tensor_count, l);
    if (at + l->bytes > UINT32_MAX / 2) return fail(error, NN_UNSUPPORTED, "the tensors are too large");
    l->at = (uint32_t)at;
    if (at + l->bytes > end) end = at + l->bytes;
  }
  size_t table = m->head - base;
  m->arena_used = base + (end > table ? end : table);
  if (m->arena_used > m->arena_size) {
    error->arena_needed = m->arena_used;
    return fail(error, NN_ARENA_TOO_SMALL, "the model needs a larger arena");
  }
  /* The table is overwritten by the first tensor that is used; take what it says before. */
  for (int t = 0; t < m->tensor_count; t++)
    m->tensors[t].data = lives[t].at == UINT32_MAX ? NULL : m->arena + base + lives[t].at;
  m->head = m->arena_used;
  return true;
}

/* ---- public
 * --------------------------------------------------------------------------------------------------- */

static bool one_index(struct fb* fb, fb_ref graph, unsigned field, int count, int* out) {
  struct fb_vector v = fb_vec(fb, graph, field, 4);
  if (fb->broken || v.count != 1) return false;
  *out = fb_vec_i32(fb, v, 0);
  return *out >= 0 && *out < count;
}

static bool open_checked(struct nn_model* m, struct nn_error* error) {
  struct fb fb = {m->file, m->file_size, false};
  fb_ref root = fb_root(&fb, "TFL3");
  if (root == 0) return fail(error, NN_MALFORMED, "this is no .tflite file (the mark TFL3 is missing)");
  if ((uint32_t)fb_i32(&fb, root, MODEL_VERSION, 0) != kSupportedVersion)
    return fail(error, NN_UNSUPPORTED, "the schema version is not 3");
  struct fb_vector graphs = fb_vec(&fb, root, MODEL_SUBGRAPHS, 4);
  struct fb_vector buffers = fb_vec(&fb, root, MODEL_BUFFERS, 4);
  struct fb_vector codes = fb_vec(&fb, root, MODEL_OPERATOR_CODES, 4);
  if (fb.broken) return malformed(error);
  if (graphs.count != 1) return fail(error, NN_UNSUPPORTED, "the model has not exactly one subgraph");
  fb_ref graph = fb_vec_table(&fb, graphs, 0);
  struct fb_vector tensors = fb_vec(&fb, graph, GRAPH_TENSORS, 4);
  struct fb_vector operators = fb_vec(&fb, graph, GRAPH_OPERATORS, 4);
  if (fb.broken || graph == 0) return malformed(error);
  if (tensors.count == 0 || tensors.count > MAX_TENSORS || operators.count == 0 ||
      operators.count > MAX_OPERATORS)
    return fail(error, NN_UNSUPPORTED, "the model has no tensors or operators, or too many");
  m->tensor_count = (int)tensors.count;
  m->op_count = (int)operators.count;
  if (!one_index(&fb, graph, GRAPH_INPUTS, m->tensor_count, &m->input) ||
      !one_index(&fb, graph, GRAPH_OUTPUTS, m->tensor_count, &m->output))
    return fail(error, NN_UNSUPPORTED, "the model has not exactly one input and one output");

  m->tensors = take(m, sizeof *m->tensors * tensors.count, error);
  if (!m->tensors) return false;
  m->ops = take(m, sizeof *m->ops * operators.count, error);
  if (!m->ops) return false;
  for (int i = 0; i < m->tensor_count; i++)
    if (!read_tensor(m, &fb, fb_vec_table(&fb, tensors, (uint32_t)i), buffers, &m->tensors[i], error))
      return false;
  size_t scratch = 0;
  for (int i = 0; i < m->op_count; i++)
    if (!read_operator(m, &fb, fb_vec_table(&fb, operators, (uint32_t)i), codes, i, error, &scratch))
      return false;
  for (int i = 0; i < 2; i++) {
    const struct nn_tensor* t = &m->tensors[i ? m->output : m->input];
    if (t->type == NN_INT32 || (t->type == NN_INT8 && t->scale_count != 1))
      return fail(error, NN_UNSUPPORTED, "input and output are float32 or int8 with one scale here");
  }
  size_t before = m->head;
  int16_t* defined_by = take(m, sizeof *defined_by * tensors.count, error);
  if (!defined_by || !check_order(m, defined_by, error)) return false;
  m->head = before;
  return plan(m, scratch, error);
}

bool nn_open(struct nn_model* m, const void* file, size_t file_size, void* arena, size_t arena_size,
             struct nn_error* error) {
  *m = (struct nn_model){.file = file, .file_size = file_size, .arena = arena, .arena_size = arena_size};
  *error = (struct nn_error){.operator_index = -1};
  if (((uintptr_t)file & 3) != 0 || ((uintptr_t)arena & 7) != 0)
    return fail(error, NN_MALFORMED, "the model or the arena is not aligned in memory");
  if (file_size > INT32_MAX) m->file_size = INT32_MAX;
  return open_checked(m, error);
}

const struct nn_tensor* nn_input(const struct nn_model* m) { return &m->tensors[m->input]; }
const struct nn_tensor* nn_output(const struct nn_model* m) { return &m->tensors[m->output]; }

/* Clamped before the zero point is added, so that nothing overflows. */
static int32_t quantized(float value, const struct nn_tensor* t) {
  return nn_clamp(nn_round_float(value / t->scale), -1024, 1024) + t->zero;
}

bool nn_set_input(struct nn_model* m, const float* values, int32_t count, struct nn_error* error) {
  struct nn_tensor* t = &m->tensors[m->input];
  *error = (struct nn_error){.operator_index = -1};
  if (count != t->elements) return fail(error, NN_BAD_INPUT, "the input has another number of values");
  for (int32_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) return fail(error, NN_BAD_INPUT, "a value of the input is not finite");
    if (t->type == NN_FLOAT32)
      ((float*)t->data)[i] = values[i];
    else
      ((int8_t*)t->data)[i] = (int8_t)nn_clamp(quantized(values[i], t), -128, 127);
  }
  return true;
}

void nn_invoke_range(struct nn_model* m, int first, int last) {
  for (int i = first; i < last && i < m->op_count; i++) m->ops[i].kind->run(m, &m->ops[i]);
}

void nn_invoke(struct nn_model* m) { nn_invoke_range(m, 0, m->op_count); }

float nn_output_value(const struct nn_model* m, int32_t i) {
  const struct nn_tensor* t = nn_output(m);
  if (t->type == NN_FLOAT32) return ((const float*)t->data)[i];
  return t->scale * (float)(((const int8_t*)t->data)[i] - t->zero);
}

int32_t nn_output_argmax(const struct nn_model* m) {
  int32_t best = 0;
  for (int32_t i = 1; i < nn_output(m)->elements; i++)
    if (nn_output_value(m, i) > nn_output_value(m, best)) best = i;
  return best;
}

const char* nn_operator_name(const struct nn_model* m, int op) { return m->ops[op].kind->name; }

const char* nn_status_name(enum nn_status status) {
  static const char* const kNames[] = {"ok",          "malformed",       "unsupported operator",
                                       "unsupported", "arena too small", "bad input"};
  return kNames[status];
}
