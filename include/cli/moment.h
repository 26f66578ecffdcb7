/* SPDX-License-Identifier: MIT */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A moment as people write it, in milliseconds since the epoch:
 *
 *   10m, 1h30m                 so long before now
 *   14:05, 14:05:09.250        the last time that it was so late, local
 *   2026-11-20T14:05:09Z       RFC 3339; seconds may be left out, as may the zone, which is the
 *   2026-11-20 14:05+01:00     local one then; a blank may stand for the T
 *
 * False for anything else; a number alone is none of these.
 */
bool moment_parse(const char *s, int64_t now_wall_ms, int64_t *ret_wall_ms);

#endif
