/* SPDX-License-Identifier: MIT */
#include "drillpage.h"

#include "base/number.h"
#include "base/tick.h"
#include "control/drillbook.h"
#include "report/drillrecord.h"
#include "report/stamp.h"

#include <stdio.h>
#include <string.h>

/* The value of `key` in a query, as it is; false: it is not there, or too long. */
static bool find_value(const char *query, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);

	for (const char *at = query; *at; at += strcspn(at, "&"), at += *at == '&') {
		size_t value = strcspn(at, "&");

		if (strncmp(at, key, len) != 0 || at[len] != '=' || value - len - 1 >= size)
			continue;
		snprintf(ret, size, "%.*s", (int)(value - len - 1), at + len + 1);
		return true;
	}
	return false;
}

static void add_drill(struct text *out, const struct drillbook_drill *d, int64_t offset)
{
	text_add(out, "{\"name\":");
	text_add_json(out, d->name);
	text_add(out, ",\"from\":\"");
	stamp_add_rfc3339(out, d->from_ms + offset);
	text_add(out, "\",\"to\":");
	if (d->to_ms) {
		text_addc(out, '"');
		stamp_add_rfc3339(out, d->to_ms + offset);
		text_addc(out, '"');
	} else {
		text_add(out, "null");
	}
	text_addc(out, '}');
}

static void list(struct exchange *x)
{
	const struct drillbook *b = x->daemon->drillbook;
	int64_t offset = tick_wall_ms() - tick_ms();

	text_add(&x->body, "{\"drills\": [");
	for (size_t i = 0; i < drillbook_count(b); i++) {
		text_add(&x->body, i ? ",\n" : "\n");
		add_drill(&x->body, drillbook_at(b, i), offset);
	}
	text_add(&x->body, "\n]}\n");
}

static void show(struct exchange *x, const char *name, int64_t from_ms, int64_t to_ms)
{
	struct drill *d = drillbook_record(x->daemon->drillbook, name, from_ms, to_ms);

	drillrecord_write(d, &x->body);
	text_addc(&x->body, '\n');
	drill_free(d);
}

static void refuse(struct exchange *x, int status, const char *why)
{
	x->status = status;
	text_add(&x->body, "{\"error\":");
	text_add_json(&x->body, why);
	text_add(&x->body, "}\n");
}

void drillpage_get(struct exchange *x)
{
	const struct drillbook_drill *d;
	char value[DRILLBOOK_NAME_MAX];
	uint64_t seconds;

	if (find_value(x->query, "last", value, sizeof(value))) {
		if (number_parse(value, INT32_MAX, &seconds) && seconds > 0)
			show(x, "", tick_ms() - (int64_t)seconds * 1000, 0);
		else
			refuse(x, 400, "write how many seconds: /v1/drill?last=600");
		return;
	}
	if (!find_value(x->query, "name", value, sizeof(value))) {
		list(x);
		return;
	}
	d = drillbook_find(x->daemon->drillbook, value);
	if (d)
		show(x, d->name, d->from_ms, d->to_ms);
	else
		refuse(x, 404, "there is no such drill: /v1/drill lists them");
}
