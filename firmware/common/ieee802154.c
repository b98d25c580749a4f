#include "common/ieee802154.h"

#include <string.h>

#include "common/bytes.h"

/* Frame control field, section 7.2.1.1. */
enum {
  FCF_TYPE_MASK = 7 << 0,
  FCF_SECURITY = 1 << 3,
  FCF_ACK_REQUEST = 1 << 5,
  FCF_PAN_COMPRESSION = 1 << 6,
  FCF_DESTINATION_MASK = 3 << 10,
  FCF_DESTINATION_SHORT = 2 << 10,
  FCF_SOURCE_MASK = 3 << 14,
  FCF_SOURCE_SHORT = 2 << 14,
};

size_t ieee802154_build_data(const struct ieee802154_data* frame, uint8_t* mpdu) {
  if (frame->payload_length > IEEE802154_MAX_PAYLOAD) return 0;
  unsigned control = IEEE802154_TYPE_DATA | FCF_PAN_COMPRESSION | FCF_DESTINATION_SHORT | FCF_SOURCE_SHORT |
                     (frame->ack_requested ? FCF_ACK_REQUEST : 0);
  put_le16(mpdu, (uint16_t)control);
  mpdu[2] = frame->sequence;
  put_le16(mpdu + 3, frame->pan_id);
  put_le16(mpdu + 5, frame->destination);
  put_le16(mpdu + 7, frame->source);
  memcpy(mpdu + IEEE802154_DATA_HEADER_SIZE, frame->payload, frame->payload_length);
  return IEEE802154_DATA_HEADER_SIZE + frame->payload_length;
}

bool ieee802154_parse_data(const uint8_t* mpdu, size_t length, struct ieee802154_data* out) {
  if (length < IEEE802154_DATA_HEADER_SIZE) return false;
  unsigned control = get_le16(mpdu);
  const unsigned form =
      FCF_TYPE_MASK | FCF_SECURITY | FCF_PAN_COMPRESSION | FCF_DESTINATION_MASK | FCF_SOURCE_MASK;
  if ((control & form) !=
      (IEEE802154_TYPE_DATA | FCF_PAN_COMPRESSION | FCF_DESTINATION_SHORT | FCF_SOURCE_SHORT))
    return false;
  *out = (struct ieee802154_data){
      .ack_requested = (control & FCF_ACK_REQUEST) != 0,
      .sequence = mpdu[2],
      .pan_id = get_le16(mpdu + 3),
      .destination = get_le16(mpdu + 5),
      .source = get_le16(mpdu + 7),
      .payload = mpdu + IEEE802154_DATA_HEADER_SIZE,
      .payload_length = length - IEEE802154_DATA_HEADER_SIZE,
  };
  return true;
}

void ieee802154_build_ack(uint8_t sequence, uint8_t mpdu[IEEE802154_ACK_SIZE]) {
  put_le16(mpdu, IEEE802154_TYPE_ACK);
  mpdu[2] = sequence;
}

bool ieee802154_is_ack(const uint8_t* mpdu, size_t length, uint8_t sequence) {
  return length == IEEE802154_ACK_SIZE && (mpdu[0] & FCF_TYPE_MASK) == IEEE802154_TYPE_ACK &&
         mpdu[2] == sequence;
}
