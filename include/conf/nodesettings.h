/* SPDX-License-Identifier: MIT */
#ifndef CONF_NODESETTINGS_H
#define CONF_NODESETTINGS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Cluster settings as a node of CockroachDB tells them over HTTP, by the keys that it is asked for:
 *
 *   GET /_admin/v1/settings?keys=KEY&keys=KEY
 *   {"keyValues": {KEY: {"value": "9s", "type": "d", "description": ..., "public": true}}}
 *
 * (cockroach.server.serverpb.SettingsResponse; key_values as well.)  The key of
 * server.shutdown.initial_wait is still the name that it had before v23.2; both are asked for.  A
 * duration is written as Go does it: "1m30s", "1.5s", "500ms".
 */
#define NODESETTINGS_PAGE                                                                          \
	"/_admin/v1/settings?keys=server.shutdown.drain_wait&keys=server.shutdown.initial_wait"    \
	"&keys=sql.defaults.statement_timeout"

enum { NODESETTINGS_BYTES_MAX = 4 << 20 }; /* of an answer that has all settings there are */

struct nodesettings {
	uint64_t initial_wait_ms; /* server.shutdown.initial_wait */
	uint64_t statement_ms;    /* sql.defaults.statement_timeout; 0: none, or it was not told */
};

/*
 * Reads an answer without trusting it; `source` stands for it in errors.  Without the initial wait
 * it is none.
 */
bool nodesettings_parse(const char *source, const char *text, size_t len, struct nodesettings *ret,
                        struct error *err) MUST_CHECK;

#endif
