#ifndef XEDGESIM_NN_FLATBUFFER_H
#define XEDGESIM_NN_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading of a FlatBuffer that may be hostile (FlatBuffers, "Internals"): every access is checked, and the
 * first one outside of the buffer sets `broken`, after which everything reads as absent or zero. */
struct fb {
  const uint8_t* data;
  size_t size;
  bool broken;
};

/* A place in the buffer; 0: absent (no object can lie there, the root offset does). */
typedef uint32_t fb_ref;

struct fb_vector {
  fb_ref first; /* first element */
  uint32_t count;
};

/* The root table when `identifier` (4 characters) is right, else 0. */
fb_ref fb_root(struct fb* fb, const char* identifier);

/* Fields of a table by number; `otherwise` when absent. */
int32_t fb_i8(struct fb* fb, fb_ref table, unsigned field, int32_t otherwise);
uint32_t fb_u8(struct fb* fb, fb_ref table, unsigned field, uint32_t otherwise);
int32_t fb_i32(struct fb* fb, fb_ref table, unsigned field, int32_t otherwise);
float fb_f32(struct fb* fb, fb_ref table, unsigned field, float otherwise);
fb_ref fb_table(struct fb* fb, fb_ref table, unsigned field);
/* Elements of `element_size` bytes; the whole vector lies in the buffer. Absent: no elements. */
struct fb_vector fb_vec(struct fb* fb, fb_ref table, unsigned field, unsigned element_size);

/* Element `i` of a vector; i must be less than its count. */
fb_ref fb_vec_table(struct fb* fb, struct fb_vector v, uint32_t i);
int32_t fb_vec_i32(struct fb* fb, struct fb_vector v, uint32_t i);
int64_t fb_vec_i64(struct fb* fb, struct fb_vector v, uint32_t i);
float fb_vec_f32(struct fb* fb, struct fb_vector v, uint32_t i);

#endif
