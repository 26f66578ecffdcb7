/* SPDX-License-Identifier: MIT */
#include "report/watchline.h"

#include "base/number.h"
#include "plain.h"
#include "report/eventline.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <string.h>

enum {
	SPAN_COLUMNS = 7,
	NAME_LEAST = 12,
	STATE_LEAST = 12,
	FINE_WIDTH = 100, /* from here on there is room for milliseconds */
	PARTS = 4
};

/* Words in the order of what they matter: whole, and as short as they can be. */
struct parts {
	struct text whole[PARTS], brief[PARTS];
	size_t count;
};

static void release(struct parts *p)
{
	for (size_t i = 0; i < PARTS; i++) {
		text_release(&p->whole[i]);
		text_release(&p->brief[i]);
	}
}

/* --- why, and what it cost ---------------------------------------------------------------- */

/* "HTTP 503", "refused" */
static void add_answer(const struct probe_result *r, struct text *out)
{
	static const char connection[] = "Connection ";
	AUTO_TEXT words = { 0 };
	const char *s;

	eventline_write_answer(r, &words);
	s = text_str(&words);
	if (strncmp(s, connection, sizeof(connection) - 1) == 0)
		s += sizeof(connection) - 1;
	if (r->status >= 100 && r->status <= 599)
		text_addf(out, "HTTP %u", r->status);
	else
		text_add(out, s);
}

static void add_cause(struct parts *p, const struct journal_event *e)
{
	eventline_write_cause(e, &p->whole[p->count]);
	if (e->check.code != PROBE_UNKNOWN)
		add_answer(&e->check, &p->brief[p->count]);
	else if (e->cause == JOURNAL_BY_COMMAND)
		text_add(&p->brief[p->count], "by a command");
	else
		eventline_write_cause(e, &p->brief[p->count]);
	p->count++;
}

static void add_sessions(struct parts *p, const struct journal_event *e)
{
	struct text *whole = &p->whole[p->count];
	struct text *brief = &p->brief[p->count];

	if (!eventline_turns_away(e) || (!e->sessions && !e->requeued))
		return;
	plain_add_count(whole, e->sessions, "session");
	plain_add_count(brief, e->sessions, "session");
	text_add(whole, e->after.health == STATE_DOWN ? " on it"
	                : e->sessions == 1            ? " stays"
	                                              : " stay");
	if (e->requeued) {
		text_addf(whole, ", %" PRIu32 " that waited for it go elsewhere", e->requeued);
		text_addf(brief, ", %" PRIu32 " requeued", e->requeued);
	}
	p->count++;
}

/* How long the state before had lasted. */
static void add_lasted(struct parts *p, const struct journal_event *e, const char *of_what)
{
	if (e->since_ms <= 0)
		return;
	text_add(&p->whole[p->count], "after ");
	plain_add_duration(&p->whole[p->count], e->since_ms);
	text_add(&p->brief[p->count], text_str(&p->whole[p->count]));
	text_add(&p->whole[p->count], of_what);
	p->count++;
}

static void add_usable(struct parts *p, const struct journal_event *e)
{
	eventline_write_usable(e, &p->whole[p->count]);
	if (e->active_left || e->backup_left)
		text_addf(&p->brief[p->count], "%" PRIu32 " usable",
		          e->active_left + e->backup_left);
	else
		text_add(&p->brief[p->count], "none usable");
	p->count++;
}

static void add_text(struct parts *p, const struct journal_event *e)
{
	plain_add(&p->whole[p->count], e->text);
	plain_add(&p->brief[p->count], e->text);
	p->count++;
}

static void take_apart(struct parts *p, const struct journal_event *e)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		add_cause(p, e);
		add_sessions(p, e);
		add_lasted(p, e, "");
		add_usable(p, e);
		break;
	case JOURNAL_CHECK:
		add_cause(p, e);
		break;
	case JOURNAL_SERVICE_DOWN:
		add_usable(p, e);
		add_lasted(p, e, " in service");
		break;
	case JOURNAL_SERVICE_UP:
		add_lasted(p, e, " without a server");
		add_usable(p, e);
		break;
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		add_text(p, e);
		break;
	}
}

/* The first `count` of them; "~" at the end if that is not all. */
static void join(const struct parts *p, bool brief, size_t count, struct text *out)
{
	text_clear(out);
	for (size_t i = 0; i < count; i++)
		text_addf(out, "%s%s", i ? "; " : "",
		          text_str(brief ? &p->brief[i] : &p->whole[i]));
	if (count < p->count)
		text_add(out, " ~");
}

/* What fits into a line of `width` columns of which `used` are taken; 0: all. */
static void add_why(const struct journal_event *e, size_t width, size_t used, struct text *out)
{
	size_t room = width ? width - used : SIZE_MAX;
	struct parts p = { .count = 0 };
	AUTO_TEXT words = { 0 };
	size_t count;

	take_apart(&p, e);
	count = p.count;
	join(&p, false, count, &words);
	if (plain_width(text_str(&words)) > room)
		join(&p, true, count, &words);
	while (count > 1 && plain_width(text_str(&words)) > room)
		join(&p, true, --count, &words);
	if (plain_width(text_str(&words)) > room)
		plain_add_left(out, text_str(&words), room);
	else
		text_add(out, text_str(&words));
	release(&p);
}

/* --- when, and which ---------------------------------------------------------------------- */

static void add_day(struct watchline *w, const struct journal_event *e, struct text *out)
{
	if (!w->width || stamp_is_same_day(w->before_wall_ms, e->wall_ms))
		return;
	plain_colour(out, w->colour, PLAIN_DIM);
	stamp_add_date(out, e->wall_ms);
	plain_colour(out, w->colour, PLAIN_RESET);
	text_addc(out, '\n');
}

/* "+36ms", "+3.2s", "-4m12s" */
static void add_span(int64_t ms, struct text *out)
{
	uint64_t size = (uint64_t)(ms < 0 ? -ms : ms);
	char sign = ms < 0 ? '-' : '+';
	char age[32];

	number_format_age(size / 1000, age, sizeof(age));
	if (size < 1000)
		text_addf(out, "%c%" PRIu64 "ms", sign, size);
	else if (size < 60000)
		text_addf(out, "%c%" PRIu64 ".%" PRIu64 "s", sign, size / 1000, size % 1000 / 100);
	else
		text_addf(out, "%c%s", sign, age);
}

static void add_moment(struct watchline *w, const struct journal_event *e, struct text *out)
{
	AUTO_TEXT span = { 0 };
	AUTO_TEXT clock = { 0 };

	stamp_add_time(&clock, e->wall_ms);
	plain_colour(out, w->colour, PLAIN_DIM);
	if (!w->width) {
		stamp_add_date(out, e->wall_ms);
		text_addc(out, ' ');
	}
	text_addn(out, text_str(&clock),
	          !w->width || w->width >= FINE_WIDTH ? clock.len : strlen("12:03:41"));
	add_span(e->wall_ms - w->before_wall_ms, &span);
	text_addc(out, ' ');
	plain_add_right(out, text_str(&span), SPAN_COLUMNS);
	plain_colour(out, w->colour, PLAIN_RESET);
	text_add(out, "  ");
	w->before_wall_ms = e->wall_ms;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The columns that a text may have: those that it needs, on a terminal a fifth of it at most. */
static size_t widen(const struct watchline *w, size_t now, size_t least, const char *s)
{
	size_t most = larger(w->width / 5, least);
	size_t need = larger(larger(now, least), plain_width(s));

	return w->width && need > most ? most : need;
}

static void add_name(struct watchline *w, const struct journal_event *e, struct text *out)
{
	AUTO_TEXT name = { 0 };

	eventline_write_name(e, &name);
	w->name = widen(w, w->name, NAME_LEAST, text_str(&name));
	plain_add_left(out, text_str(&name), w->name);
	text_add(out, "  ");
}

/* States are never cut: they are short, and what it is about. */
static void add_state(struct watchline *w, const struct journal_event *e, struct text *out)
{
	AUTO_TEXT what = { 0 };

	eventline_write_what(e, &what);
	w->state = larger(larger(w->state, STATE_LEAST), plain_width(text_str(&what)));
	eventline_write_state(e, w->colour, w->state, out);
}

void watchline_write(struct watchline *w, const struct journal_event *e, struct text *out)
{
	struct watchline bare = *w;
	AUTO_TEXT lead = { 0 };
	size_t used;

	add_day(w, e, out);
	bare.colour = false;
	add_moment(&bare, e, &lead);
	add_name(&bare, e, &lead);
	add_state(&bare, e, &lead);
	used = plain_width(text_str(&lead));
	if (w->width && used > w->width) {
		plain_add_left(out, text_str(&lead), w->width);
		bare.colour = w->colour;
		*w = bare;
	} else {
		add_moment(w, e, out);
		add_name(w, e, out);
		add_state(w, e, out);
		add_why(e, w->width, used, out);
	}
	text_addc(out, '\n');
}
