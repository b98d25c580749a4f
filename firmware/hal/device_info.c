#include "device_info.h"

#include "nrf52840.h"

/* An ELF note as the linker writes it: the name is "GNU". */
extern const struct {
  uint32_t name_size, description_size, type;
  char name[4];
  uint8_t description[20];
} build_id_note;

void device_settings(struct settings* out) {
  uint32_t words[SETTINGS_WORDS];
  for (unsigned i = 0; i < SETTINGS_WORDS; i++) words[i] = UICR->CUSTOMER[i];
  uint32_t id = FICR->DEVICEADDR[0];
  if (id == 0xFFFFFFFFu) id = FICR->DEVICEID[0];
  settings_decode(words, id, out);
}

uint32_t device_build_id(void) {
  const uint8_t* d = build_id_note.description;
  return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
}
