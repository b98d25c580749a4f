#include "common/verdict.h"

#include <string.h>

#include "common/bytes.h"

size_t verdict_encode(const struct report* report, const struct verdict* v, uint8_t out[VERDICT_MAX_SIZE]) {
  report_encode_head(report, out);
  out[12] = v->class_index;
  out[13] = v->class_count;
  put_le16(out + 14, 0);
  for (unsigned i = 0; i < v->class_count; i++)
    put_le16(out + VERDICT_HEAD_SIZE + 2 * i, (uint16_t)v->scores[i]);
  return VERDICT_HEAD_SIZE + 2 * (size_t)v->class_count;
}

size_t fragment_count(size_t tensor_size) {
  return (tensor_size + FRAGMENT_DATA_SIZE - 1) / FRAGMENT_DATA_SIZE;
}

size_t fragment_encode(const struct report* report, const int8_t* tensor, size_t tensor_size, size_t index,
                       uint8_t out[FRAGMENT_MAX_SIZE]) {
  const size_t first = index * FRAGMENT_DATA_SIZE;
  size_t length = tensor_size - first;
  if (length > FRAGMENT_DATA_SIZE) length = FRAGMENT_DATA_SIZE;
  out[0] = REPORT_VERSION;
  out[1] = report->flags;
  put_le16(out + 2, report->sequence);
  out[4] = (uint8_t)index;
  out[5] = (uint8_t)fragment_count(tensor_size);
  put_le16(out + 6, (uint16_t)tensor_size);
  memcpy(out + FRAGMENT_HEAD_SIZE, tensor + first, length);
  return FRAGMENT_HEAD_SIZE + length;
}
