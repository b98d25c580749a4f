#include "nn/flatbuffer.h"

#include <string.h>

static bool within(struct fb* fb, uint32_t at, uint32_t bytes) {
  if (!fb->broken && at <= fb->size && bytes <= fb->size - at) return true;
  fb->broken = true;
  return false;
}

static uint32_t read(struct fb* fb, uint32_t at, unsigned bytes) {
  if (!within(fb, at, bytes)) return 0;
  uint32_t v = 0;
  for (unsigned i = 0; i < bytes; i++) v |= (uint32_t)fb->data[at + i] << (8 * i);
  return v;
}

static float as_float(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* Follows the offset stored at `at`. */
static fb_ref follow(struct fb* fb, uint32_t at) {
  uint32_t offset = read(fb, at, 4);
  if (fb->broken || offset > fb->size - at) {
    fb->broken = true;
    return 0;
  }
  return offset == 0 ? 0 : at + offset;
}

fb_ref fb_root(struct fb* fb, const char* identifier) {
  if (!within(fb, 0, 8) || memcmp(fb->data + 4, identifier, 4) != 0) {
    fb->broken = true;
    return 0;
  }
  return follow(fb, 0);
}

/* Place of a field, or 0 when the table has none of it. */
static uint32_t field_at(struct fb* fb, fb_ref table, unsigned field, unsigned bytes) {
  if (table == 0 || !within(fb, table, 4)) return 0;
  int64_t vtable = (int64_t)table - (int32_t)read(fb, table, 4);
  if (vtable < 0 || vtable > (int64_t)fb->size) {
    fb->broken = true;
    return 0;
  }
  uint32_t vtable_size = read(fb, (uint32_t)vtable, 2);
  uint32_t entry = 4 + 2 * field;
  if (fb->broken || entry + 2 > vtable_size) return 0;
  uint32_t offset = read(fb, (uint32_t)vtable + entry, 2);
  if (offset == 0 || !within(fb, table + offset, bytes)) return 0;
  return table + offset;
}

int32_t fb_i8(struct fb* fb, fb_ref table, unsigned field, int32_t otherwise) {
  uint32_t at = field_at(fb, table, field, 1);
  return at ? (int8_t)read(fb, at, 1) : otherwise;
}

uint32_t fb_u8(struct fb* fb, fb_ref table, unsigned field, uint32_t otherwise) {
  uint32_t at = field_at(fb, table, field, 1);
  return at ? read(fb, at, 1) : otherwise;
}

int32_t fb_i32(struct fb* fb, fb_ref table, unsigned field, int32_t otherwise) {
  uint32_t at = field_at(fb, table, field, 4);
  return at ? (int32_t)read(fb, at, 4) : otherwise;
}

float fb_f32(struct fb* fb, fb_ref table, unsigned field, float otherwise) {
  uint32_t at = field_at(fb, table, field, 4);
  return at ? as_float(read(fb, at, 4)) : otherwise;
}

fb_ref fb_table(struct fb* fb, fb_ref table, unsigned field) {
  uint32_t at = field_at(fb, table, field, 4);
  return at ? follow(fb, at) : 0;
}

struct fb_vector fb_vec(struct fb* fb, fb_ref table, unsigned field, unsigned element_size) {
  struct fb_vector none = {0, 0};
  fb_ref vector = fb_table(fb, table, field);
  if (vector == 0) return none;
  uint32_t count = read(fb, vector, 4);
  if (fb->broken || count > (fb->size - vector - 4) / element_size) {
    fb->broken = true;
    return none;
  }
  return (struct fb_vector){vector + 4, count};
}

fb_ref fb_vec_table(struct fb* fb, struct fb_vector v, uint32_t i) { return follow(fb, v.first + 4 * i); }

int32_t fb_vec_i32(struct fb* fb, struct fb_vector v, uint32_t i) {
  return (int32_t)read(fb, v.first + 4 * i, 4);
}

int64_t fb_vec_i64(struct fb* fb, struct fb_vector v, uint32_t i) {
  return (int64_t)((uint64_t)read(fb, v.first + 8 * i, 4) | (uint64_t)read(fb, v.first + 8 * i + 4, 4) << 32);
}

float fb_vec_f32(struct fb* fb, struct fb_vector v, uint32_t i) {
  return as_float(read(fb, v.first + 4 * i, 4));
}
