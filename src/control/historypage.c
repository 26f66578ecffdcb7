/* SPDX-License-Identifier: MIT */
#include "historypage.h"

#include "base/number.h"
#include "control/drillbook.h"
#include "net/httpquery.h"
#include "report/historyjson.h"

enum {
	LAST_S = 900,
	LAST_MAX_S = DRILLBOOK_LONGEST_MS / 1000,
	POINTS = 180,
	POINTS_MAX = 1800,
};

static void refuse(struct exchange *x, const char *name, const char *what, unsigned int max)
{
	AUTO_TEXT why = { 0 };

	text_addf(&why, "%s= takes %s from 1 to %u: /v1/history?last=%d&points=%d", name, what, max,
	          LAST_S, POINTS);
	x->status = 400;
	text_add(&x->body, "{\"error\":");
	text_add_json(&x->body, text_str(&why));
	text_add(&x->body, "}\n");
}

/* `*ret` stays as it is if there is none.  False: refused. */
static bool take(struct exchange *x, const char *name, const char *what, unsigned int max,
                 uint64_t *ret)
{
	char value[256];
	uint64_t n;

	if (!httpquery_find(x->query, name, value, sizeof(value)))
		return true;
	if (!number_parse(value, max, &n) || n == 0) {
		refuse(x, name, what, max);
		return false;
	}
	*ret = n;
	return true;
}

static void add_history(struct exchange *x, const struct drill *d)
{
	const struct drillbook *b = x->daemon->drillbook;
	int64_t offset = drillbook_offset_ms(b);
	struct historyjson_span drills[DRILLBOOK_DRILLS];
	size_t n = 0;

	for (size_t i = 0; i < drillbook_count(b); i++) {
		const struct drillbook_drill *drill = drillbook_at(b, i);

		if (drill->to_ms && drill->to_ms + offset < d->from_ms)
			continue;
		drills[n++] = (struct historyjson_span){
			.name = drill->name,
			.from_ms = drill->from_ms + offset,
			.to_ms = drill->to_ms ? drill->to_ms + offset : 0,
		};
	}
	historyjson_write(d, drills, n, &x->body);
	text_addc(&x->body, '\n');
}

void historypage_get(struct exchange *x)
{
	uint64_t last = LAST_S;
	uint64_t points = POINTS;
	struct drill *d;

	if (!take(x, "last", "seconds", LAST_MAX_S, &last) ||
	    !take(x, "points", "a number", POINTS_MAX, &points))
		return;
	d = drillbook_history(x->daemon->drillbook, (uint32_t)last * 1000, (uint32_t)points);
	add_history(x, d);
	drill_free(d);
}
