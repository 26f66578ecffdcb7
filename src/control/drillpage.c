/* SPDX-License-Identifier: MIT */
#include "drillpage.h"

#include "drillanswer.h"
#include "net/httpquery.h"
#include "report/stamp.h"

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
	int64_t offset = drillbook_offset_ms(b);

	text_add(&x->body, "{\"drills\": [");
	for (size_t i = 0; i < drillbook_count(b); i++) {
		text_add(&x->body, i ? ",\n" : "\n");
		add_drill(&x->body, drillbook_at(b, i), offset);
	}
	text_add(&x->body, "\n]}\n");
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
	const struct drillbook *b = x->daemon->drillbook;
	char value[DRILLBOOK_NAME_MAX];

	if (httpquery_find(x->query, "last", value, sizeof(value))) {
		if (!drillanswer_last(b, value, &x->body))
			refuse(x, 400, "write how many seconds: /v1/drill?last=600");
	} else if (httpquery_find(x->query, "name", value, sizeof(value))) {
		if (!drillanswer_named(b, value, &x->body))
			refuse(x, 404, "there is no such drill: /v1/drill lists them");
	} else {
		list(x);
	}
}
