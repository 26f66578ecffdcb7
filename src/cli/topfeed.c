/* SPDX-License-Identifier: MIT */
#include "cli/topfeed.h"

#include "cli/client.h"
#include "report/eventjson.h"

#include <inttypes.h>
#include <string.h>

enum { BUSY_WAIT_MS = 1000 /* a silent daemon is noticed that late at most */ };

void topfeed_init(struct topfeed *f, const char *path, int64_t interval_ms)
{
	*f = (struct topfeed){ .interval_ms = interval_ms, .asked = TOPFEED_QUESTIONS };
	toplink_init(&f->link, path);
}

void topfeed_release(struct topfeed *f)
{
	toplink_close(&f->link);
}

static void want(struct topfeed *f, enum topfeed_question q)
{
	f->wanted |= 1U << q;
}

void topfeed_order(struct topfeed *f, const struct toporder *order)
{
	f->order = *order;
	want(f, TOPFEED_ORDER);
}

/* --- answers ------------------------------------------------------------------------------ */

static bool take_status(struct topmodel *m, const char *answer, int64_t now_ms, struct error *err)
{
	struct statusjson *status;

	if (answer[0] != '{')
		return client_refused(answer, err);
	status = statusjson_read(answer, err);
	if (status == NULL)
		return error_wrap(err, "the daemon's answer is not understood");
	topmodel_take_status(m, status, now_ms);
	return true;
}

/* One line for each event; the first that is none ends it. */
static bool take_events(struct topmodel *m, char *answer, struct error *err)
{
	char *rest;

	for (char *line = strtok_r(answer, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct journal_event e;

		if (line[0] != '{')
			return client_refused(line, err);
		if (!eventjson_read(line, &e, err))
			return error_wrap(err, "the daemon's answer is not understood");
		topmodel_add_event(m, &e);
	}
	return true;
}

/* They may not be for everybody: that is said where they would stand. */
static void take_sessions(struct topmodel *m, const char *answer)
{
	struct sessionline *sessions;
	struct error err;
	size_t count;

	if (answer[0] != '{')
		(void)client_refused(answer, &err);
	else if (sessionline_read_list(answer, &sessions, &count, &err)) {
		topmodel_take_sessions(m, sessions, count);
		return;
	}
	topmodel_refuse_sessions(m, err.text);
}

static void take_order(struct topfeed *f, struct topstate *s, const char *answer, int64_t now_ms)
{
	AUTO_TEXT said = { 0 };
	bool done = toporder_judge(&f->order, answer, &said);

	topstate_say(s, !done, now_ms, "%s", text_str(&said));
	want(f, TOPFEED_STATUS);
	want(f, TOPFEED_EVENTS);
	if (s->tab == TOPSTATE_SESSIONS)
		want(f, TOPFEED_SESSIONS);
}

static bool take(struct topfeed *f, struct topmodel *m, struct topstate *s, struct text *answer,
                 int64_t now_ms, struct error *err)
{
	enum topfeed_question asked = f->asked;

	f->asked = TOPFEED_QUESTIONS;
	switch (asked) {
	case TOPFEED_ORDER:
		take_order(f, s, text_str(answer), now_ms);
		return true;
	case TOPFEED_STATUS:
		return take_status(m, text_str(answer), now_ms, err);
	case TOPFEED_EVENTS:
		return answer->len == 0 || take_events(m, answer->data, err);
	case TOPFEED_SESSIONS:
		take_sessions(m, text_str(answer));
		return true;
	case TOPFEED_QUESTIONS:
		break;
	}
	return true;
}

/* --- questions ---------------------------------------------------------------------------- */

static void lose(struct topfeed *f, struct topmodel *m, struct topstate *s, const struct error *err,
                 int64_t now_ms)
{
	if (f->asked == TOPFEED_ORDER)
		topstate_say(s, true, now_ms,
		             "no answer: whether that was done, the state will tell");
	else if ((f->wanted & 1U << TOPFEED_ORDER) != 0)
		topstate_say(s, true, now_ms, "not done: there is no daemon to tell");
	toplink_close(&f->link);
	topmodel_lose(m, err->text, now_ms);
	f->asked = TOPFEED_QUESTIONS;
	f->wanted = 0;
	f->due_ms = now_ms + TOPFEED_RETRY_MS;
}

/* What there is to ask at each interval, and when another tab is shown. */
static void look_at_clock(struct topfeed *f, const struct topmodel *m, const struct topstate *s,
                          int64_t now_ms)
{
	if (s->tab != f->tab && m->link == TOPMODEL_LIVE)
		f->due_ms = now_ms;
	f->tab = s->tab;
	if (now_ms < f->due_ms || toplink_is_busy(&f->link))
		return;
	f->due_ms = now_ms + f->interval_ms;
	/* A process that is leaving may have a successor, which has the socket's name by now. */
	if (m->status != NULL && m->status->stopping)
		toplink_close(&f->link);
	want(f, TOPFEED_STATUS);
	want(f, TOPFEED_EVENTS);
	if (s->tab == TOPSTATE_SESSIONS)
		want(f, TOPFEED_SESSIONS);
}

static void write_question(const struct topfeed *f, const struct topmodel *m, struct text *out)
{
	switch (f->asked) {
	case TOPFEED_ORDER:
		toporder_write_command(&f->order, out);
		break;
	case TOPFEED_STATUS:
		text_add(out, "show status json");
		break;
	case TOPFEED_EVENTS:
		text_addf(out, "show events json since %" PRIu64, m->event_last + 1);
		break;
	case TOPFEED_SESSIONS:
		text_add(out, "show sess json");
		break;
	case TOPFEED_QUESTIONS:
		break;
	}
}

static bool ask_next(struct topfeed *f, const struct topmodel *m, int64_t now_ms, struct error *err)
{
	AUTO_TEXT command = { 0 };
	unsigned int q = 0;

	if (toplink_is_busy(&f->link) || f->wanted == 0)
		return true;
	while ((f->wanted & 1U << q) == 0)
		q++;
	f->asked = (enum topfeed_question)q;
	write_question(f, m, &command);
	if (!toplink_ask(&f->link, text_str(&command), now_ms, err)) {
		/* Nobody has heard it. */
		f->asked = TOPFEED_QUESTIONS;
		return false;
	}
	f->wanted &= ~(1U << q);
	return true;
}

bool topfeed_step(struct topfeed *f, struct topmodel *m, struct topstate *s, int64_t now_ms)
{
	AUTO_TEXT answer = { 0 };
	struct error err;
	bool changed = false, ok = true, was_open = f->link.fd != -1;

	switch (toplink_step(&f->link, now_ms, &answer, &err)) {
	case TOPLINK_ANSWER:
		changed = true;
		ok = take(f, m, s, &answer, now_ms, &err);
		break;
	case TOPLINK_FAILED:
		ok = false;
		break;
	case TOPLINK_WAITING:
		break;
	}
	/* Closed while nothing was asked: it is seen at once whether somebody is there. */
	if (was_open && f->link.fd == -1)
		f->due_ms = now_ms;
	if (ok) {
		look_at_clock(f, m, s, now_ms);
		ok = ask_next(f, m, now_ms, &err);
	}
	if (!ok)
		lose(f, m, s, &err, now_ms);
	return changed || !ok;
}

int64_t topfeed_wait_ms(const struct topfeed *f, int64_t now_ms)
{
	if (toplink_is_busy(&f->link))
		return BUSY_WAIT_MS;
	return f->due_ms > now_ms ? f->due_ms - now_ms : 0;
}
