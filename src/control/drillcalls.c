/* SPDX-License-Identifier: MIT */
/*
 * `drill start|stop|mark`, `show drill`: failure drills.  What was done is answered by nothing,
 * what cannot be done by a line that begins with "error: ".
 */
#include "base/log.h"
#include "base/number.h"
#include "base/tick.h"
#include "call.h"
#include "control/drillbook.h"
#include "report/drillrecord.h"
#include "report/stamp.h"
#include "rosterlog.h"

#include <string.h>

static void refuse(struct call *c, const char *why)
{
	call_say(c, CALL_ERROR, "error: %s", why);
}

static void mark(struct call *c, const char *what, const char *name)
{
	AUTO_TEXT text = { 0 };

	text_addf(&text, "%s%s", what, name);
	rosterlog_mark(c->ctx->daemon->roster, LOG_LEVEL_NOTICE, text_str(&text));
}

static bool stop(struct call *c)
{
	const struct drillbook_drill *d = drillbook_stop(c->ctx->daemon->drillbook);

	if (!d)
		return false;
	mark(c, "drill ended: ", d->name);
	return true;
}

void drillcalls_start(struct call *c)
{
	struct drillbook *b = c->ctx->daemon->drillbook;
	const char *name = call_arg(c, 0);
	struct error err;

	if (!name || c->count > 1) {
		refuse(c, "write one name: drill start NAME");
		return;
	}
	if (!drillbook_start(b, name, &err)) {
		refuse(c, err.text);
		return;
	}
	mark(c, "drill began: ", name);
}

void drillcalls_stop(struct call *c)
{
	if (!stop(c))
		refuse(c, "no drill runs");
}

void drillcalls_mark(struct call *c)
{
	AUTO_TEXT text = { 0 };

	for (size_t i = 0; i < c->count; i++)
		text_addf(&text, "%s%s", i ? " " : "", c->args[i]);
	if (!text.len) {
		refuse(c, "write what is to be noted: drill mark TEXT");
		return;
	}
	rosterlog_mark(c->ctx->daemon->roster, LOG_LEVEL_NOTICE, text_str(&text));
}

/* --- show --------------------------------------------------------------------------------- */

static void list(struct call *c)
{
	const struct drillbook *b = c->ctx->daemon->drillbook;
	int64_t offset = tick_wall_ms() - tick_ms();

	for (size_t i = 0; i < drillbook_count(b); i++) {
		const struct drillbook_drill *d = drillbook_at(b, i);

		text_addf(c->out, "%s ", d->name);
		stamp_add_rfc3339(c->out, d->from_ms + offset);
		text_addc(c->out, ' ');
		if (d->to_ms)
			stamp_add_rfc3339(c->out, d->to_ms + offset);
		else
			text_add(c->out, "running");
		text_addc(c->out, '\n');
	}
}

static void record(struct call *c, const char *name, int64_t from_ms, int64_t to_ms)
{
	struct drill *d = drillbook_record(c->ctx->daemon->drillbook, name, from_ms, to_ms);

	drillrecord_write(d, c->out);
	text_addc(c->out, '\n');
	drill_free(d);
}

static void show_last(struct call *c)
{
	const char *seconds = call_arg(c, 1);
	uint64_t n;

	if (!seconds || !number_parse(seconds, INT32_MAX, &n) || n == 0)
		refuse(c, "write how many seconds: show drill last 600");
	else
		record(c, "", tick_ms() - (int64_t)n * 1000, 0);
}

void drillcalls_show(struct call *c)
{
	const char *name = call_arg(c, 0);
	const struct drillbook_drill *d;

	if (!name) {
		list(c);
		return;
	}
	if (strcmp(name, "last") == 0) {
		show_last(c);
		return;
	}
	d = drillbook_find(c->ctx->daemon->drillbook, name);
	if (d)
		record(c, d->name, d->from_ms, d->to_ms);
	else
		refuse(c, "there is no such drill: \"show drill\" lists them");
}
