#ifndef XEDGESIM_COMMON_MQTTSN_H
#define XEDGESIM_COMMON_MQTTSN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* MQTT-SN 1.2 PUBLISH (section 5.4.12) with QoS -1 and a predefined topic id: it needs neither a connection
 * nor a registration, and has no answer (section 6.8). */
enum {
  MQTTSN_PUBLISH = 0x0C,
  MQTTSN_FLAGS_QOS_M1_PREDEFINED = 0x61, /* QoS 0b11, topic id type 0b01 */
  MQTTSN_PUBLISH_HEADER_SIZE = 7,
  MQTTSN_MAX_SHORT_MESSAGE = 255, /* the one-byte form of the length field */
};

/* Writes header and data to `out` and returns the length; 0 when it would exceed `size` or the one-byte
 * length. */
size_t mqttsn_publish_qos_m1(uint16_t topic_id, const uint8_t* data, size_t length, uint8_t* out,
                             size_t size);

#ifdef __cplusplus
}
#endif

#endif
