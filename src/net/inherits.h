/* SPDX-License-Identifier: MIT */
#ifndef NET_INHERITS_H
#define NET_INHERITS_H

#include <stdbool.h>

/* What the files about inherited sockets share. */
enum { INHERITS_FIRST_FD = 3, INHERITS_MOST_FDS = 4096, INHERITS_BY_ADDRESS = -1 };

/* The name in LISTEN_FDNAMES of a socket that no configuration calls by a number. */
#define INHERITS_UNNUMBERED "address"

/* The number by which inherit_find_number() has found it, or INHERITS_BY_ADDRESS. */
int inherit_number(int fd);

#endif
