/* SPDX-License-Identifier: MIT */
#ifndef CORE_REASON_H
#define CORE_REASON_H

#include <stdbool.h>

/* Why a session ended; everything about a reason comes from core/reason.def. */
enum reason {
#define REASON(name, haproxy, error, key, words) REASON_##name,
#include "core/reason.def"
	REASON_COUNT
};

const char *reason_words(enum reason r);   /* "the server reset the connection" */
const char *reason_key(enum reason r);     /* "server_reset" */
const char *reason_haproxy(enum reason r); /* "SD" */
bool reason_is_error(enum reason r);

#endif
