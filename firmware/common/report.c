#include "common/report.h"

#include "common/bytes.h"

void report_encode_head(const struct report* report, uint8_t out[REPORT_HEAD_SIZE]) {
  out[0] = REPORT_VERSION;
  out[1] = report->flags;
  put_le16(out + 2, report->sequence);
  put_le32(out + 4, report->window_end_ms);
  put_le16(out + 8, report->battery_mv);
  out[10] = report->tx_retries;
  out[11] = report->placement;
}

size_t report_encode(const struct report* report, uint8_t out[REPORT_SIZE]) {
  report_encode_head(report, out);
  for (size_t i = 0; i < FEATURE_COUNT; i++) put_le16(out + REPORT_HEAD_SIZE + 2 * i, (uint16_t)report->features[i]);
  return REPORT_SIZE;
}
