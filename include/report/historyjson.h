/* SPDX-License-Identifier: MIT */
#ifndef REPORT_HISTORYJSON_H
#define REPORT_HISTORYJSON_H

#include "base/text.h"
#include "core/drill.h"

/*
 * /v1/history: curves and lanes of the last minutes, for a dashboard.
 *
 *   from every_ms points   when the first interval begins, its length, how many there are
 *   services{name}: connected[] sessions[] cut[] failed[] servers{name}
 *     servers{name}: connected[] sessions[] cut[] first states[[when, state, why]]
 *   drills[]: name from to (null: it runs)
 *   marks[[when, text]]
 *
 * Times are milliseconds since the epoch; counts are core/drill.h's, null where there is no record;
 * states are its keys, and `first` is the one at the beginning.
 */
struct historyjson_span {
	const char *name;
	int64_t from_ms, to_ms; /* wall clock; to_ms 0: it runs */
};

/* `d`: with those series only, and with DRILL_NO_COUNT where nothing is known. */
void historyjson_write(const struct drill *d, const struct historyjson_span *drills, size_t count,
                       struct text *out);

#endif
