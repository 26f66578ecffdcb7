/* SPDX-License-Identifier: MIT */
/*
 * `drill start|stop|mark`, `show drill`: failure drills.  What was done is answered by nothing,
 * what cannot be done by a line that begins with "error: ".
 */
#include "base/log.h"
#include "base/number.h"
#include "base/suggest.h"
#include "base/tick.h"
#include "call.h"
#include "drillanswer.h"
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

#define LIST_LINE "%-20s  %-24s  %-24s  %s\n"

static void list(struct call *c)
{
	const struct drillbook *b = c->ctx->daemon->drillbook;
	int64_t offset = drillbook_offset_ms(b);

	text_addf(c->out, LIST_LINE, "# name", "from", "to", "length");
	for (size_t i = 0; i < drillbook_count(b); i++) {
		const struct drillbook_drill *d = drillbook_at(b, i);
		int64_t ms = (d->to_ms ? d->to_ms : tick_ms()) - d->from_ms;
		AUTO_TEXT from = { 0 };
		AUTO_TEXT to = { 0 };
		char length[32];

		stamp_add_rfc3339(&from, d->from_ms + offset);
		if (d->to_ms)
			stamp_add_rfc3339(&to, d->to_ms + offset);
		else
			text_add(&to, "running");
		/* Of a long one whole seconds are enough. */
		number_format_duration((uint64_t)(ms < 10000 ? ms : ms / 1000 * 1000), length,
		                       sizeof(length));
		text_addf(c->out, LIST_LINE, d->name, text_str(&from), text_str(&to), length);
	}
}

static void refuse_name(struct call *c, const char *name)
{
	const struct drillbook *b = c->ctx->daemon->drillbook;
	const char *names[DRILLBOOK_DRILLS], *near;
	AUTO_TEXT why = { 0 };

	for (size_t i = 0; i < drillbook_count(b); i++)
		names[i] = drillbook_at(b, i)->name;
	near = suggest_nearest(name, names, drillbook_count(b));
	text_addf(&why, "there is no drill \"%s\": ", name);
	if (near)
		text_addf(&why, "did you mean \"%s\"?", near);
	else
		text_add(&why, "`sluice drill list` (\"show drill\") shows them");
	refuse(c, text_str(&why));
}

void drillcalls_show(struct call *c)
{
	const struct drillbook *b = c->ctx->daemon->drillbook;
	const char *name = call_arg(c, 0);
	const char *seconds = call_arg(c, 1);

	if (!name) {
		list(c);
	} else if (strcmp(name, "last") == 0) {
		if (!seconds || !drillanswer_last(b, seconds, c->out))
			refuse(c, "write how many seconds: show drill last 600");
	} else if (!drillanswer_named(b, name, c->out)) {
		refuse_name(c, name);
	}
}
