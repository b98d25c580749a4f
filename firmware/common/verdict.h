#ifndef XEDGESIM_COMMON_VERDICT_H
#define XEDGESIM_COMMON_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "common/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a node publishes besides features (report.h), little-endian.
 *
 * Verdict, topic 16: the head of a report (12 bytes; byte 11: placement, bits 4-7 reason), then
 *   offset  size
 *       12     1  class
 *       13     1  number of classes n, 1..VERDICT_MAX_CLASSES
 *       14     2  zero
 *       16   2*n  scores, int16 Q8.8
 *
 * Fragment of an intermediate tensor, topic 17:
 *        0     1  version, 1
 *        1     1  flags of the report
 *        2     2  sequence
 *        4     1  index of the fragment, from 0
 *        5     1  number of fragments
 *        6     2  bytes of the whole tensor
 *        8     n  bytes [96 * index, ...), at most 96
 *
 * Features for the cloud, topic 18: as a report. Verdict of a service, topic 19, to the node:
 *        0     2  sequence
 *        2     1  class
 *        3     1  zero */
enum {
  VERDICT_TOPIC_ID = 16,
  FRAGMENT_TOPIC_ID = 17,
  CLOUD_REPORT_TOPIC_ID = 18,
  RETURN_TOPIC_ID = 19,

  VERDICT_HEAD_SIZE = 16,
  VERDICT_MAX_CLASSES = 16,
  VERDICT_MAX_SIZE = VERDICT_HEAD_SIZE + 2 * VERDICT_MAX_CLASSES,
  FRAGMENT_HEAD_SIZE = 8,
  FRAGMENT_DATA_SIZE = 96,
  FRAGMENT_MAX_SIZE = FRAGMENT_HEAD_SIZE + FRAGMENT_DATA_SIZE,
  FRAGMENT_MAX_TENSOR = 255 * FRAGMENT_DATA_SIZE,
  RETURN_SIZE = 4,
};

struct verdict {
  uint8_t class_index, class_count;
  int16_t scores[VERDICT_MAX_CLASSES];
};

/* Returns the length. */
size_t verdict_encode(const struct report* report, const struct verdict* verdict, uint8_t out[VERDICT_MAX_SIZE]);
size_t fragment_count(size_t tensor_size);
/* Fragment `index` of a tensor of at most FRAGMENT_MAX_TENSOR bytes; returns the length. */
size_t fragment_encode(const struct report* report, const int8_t* tensor, size_t tensor_size, size_t index,
                       uint8_t out[FRAGMENT_MAX_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
