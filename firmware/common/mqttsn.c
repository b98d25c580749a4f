#include "common/mqttsn.h"

#include <string.h>

size_t mqttsn_publish_qos_m1(uint16_t topic_id, const uint8_t* data, size_t length, uint8_t* out,
                             size_t size) {
  size_t total = MQTTSN_PUBLISH_HEADER_SIZE + length;
  if (total > size || total > MQTTSN_MAX_SHORT_MESSAGE) return 0;
  out[0] = (uint8_t)total;
  out[1] = MQTTSN_PUBLISH;
  out[2] = MQTTSN_FLAGS_QOS_M1_PREDEFINED;
  out[3] = (uint8_t)(topic_id >> 8); /* MQTT-SN is big-endian */
  out[4] = (uint8_t)topic_id;
  out[5] = 0; /* message id: zero below QoS 1 */
  out[6] = 0;
  memcpy(out + MQTTSN_PUBLISH_HEADER_SIZE, data, length);
  return total;
}
