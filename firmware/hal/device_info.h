#ifndef XEDGESIM_HAL_DEVICE_INFO_H
#define XEDGESIM_HAL_DEVICE_INFO_H

#include <stdint.h>

#include "common/settings.h"

/* Settings from UICR, or the defaults with an address from FICR. */
void device_settings(struct settings* out);

/* The first four bytes of the ELF's build id: equal for equal programs, whoever built them. */
uint32_t device_build_id(void);

#endif
