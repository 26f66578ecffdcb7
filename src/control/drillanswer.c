/* SPDX-License-Identifier: MIT */
#include "drillanswer.h"

#include "base/number.h"
#include "base/tick.h"
#include "report/drillrecord.h"

static void add(const struct drillbook *b, const char *name, int64_t from_ms, int64_t to_ms,
                struct text *out)
{
	struct drill *d = drillbook_record(b, name, from_ms, to_ms);

	drillrecord_write(d, out);
	text_addc(out, '\n');
	drill_free(d);
}

bool drillanswer_last(const struct drillbook *b, const char *seconds, struct text *out)
{
	uint64_t n;

	if (!number_parse(seconds, INT32_MAX, &n) || n == 0)
		return false;
	add(b, "", tick_ms() - (int64_t)n * 1000, 0, out);
	return true;
}

bool drillanswer_named(const struct drillbook *b, const char *name, struct text *out)
{
	const struct drillbook_drill *d = drillbook_find(b, name);

	if (d)
		add(b, d->name, d->from_ms, d->to_ms, out);
	return d != NULL;
}
