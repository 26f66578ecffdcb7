/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROCESSORS_H
#define BASE_PROCESSORS_H

#include <stdint.h>

/* How many processors the calling thread may use; 1 if that cannot be told. */
uint32_t processors_count(void);

#endif
