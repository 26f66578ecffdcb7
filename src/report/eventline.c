/* SPDX-License-Identifier: MIT */
#include "report/eventline.h"

#include "base/log.h"
#include "base/number.h"
#include "plain.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLUMNS = 16, STATE_COLUMNS = 18 };

/* --- why ---------------------------------------------------------------------------------- */

static const char *words_of(enum probe_code code)
{
	static const char *const words[PROBE_CODE_COUNT] = {
		[PROBE_UNKNOWN] = "no check",
		[PROBE_INIT] = "not checked yet",
		[PROBE_SOCKERR] = "the connection broke",
		[PROBE_L4OK] = "connected",
		[PROBE_L4TOUT] = "no connection in time",
		[PROBE_L4CON] = "no connection",
		[PROBE_L6OK] = "TLS handshake done",
		[PROBE_L6TOUT] = "no TLS handshake in time",
		[PROBE_L6RSP] = "TLS handshake failed",
		[PROBE_L7TOUT] = "no answer in time",
		[PROBE_L7RSP] = "answer not understood",
		[PROBE_L7OK] = "answered",
		[PROBE_L7OKC] = "answered: no new sessions, please",
		[PROBE_L7STS] = "wrong answer",
		[PROBE_PROCERR] = "the program says no",
		[PROBE_PROCTOUT] = "the program took too long",
		[PROBE_PROCOK] = "the program says yes",
		[PROBE_CHECKED] = "nothing new",
		[PROBE_HANA] = "traffic failed",
		[PROBE_RESOLVE] = "the name does not resolve",
	};

	return words[code];
}

static bool is_of_program(enum probe_code code)
{
	return code == PROBE_PROCERR || code == PROBE_PROCTOUT || code == PROBE_PROCOK;
}

/* The number in an answer: HTTP's status, another protocol's code. */
static const char *number_word(const struct probe_result *r)
{
	return r->status >= 100 && r->status <= 599 ? "HTTP" : "code";
}

void eventline_write_answer(const struct probe_result *r, struct text *out)
{
	if (r->status && !is_of_program(r->code)) {
		text_addf(out, "%s %u", number_word(r), r->status);
		if (r->info[0]) {
			text_add(out, " \"");
			plain_add(out, r->info);
			text_addc(out, '"');
		}
	} else if (r->info[0] && (r->code == PROBE_L4CON || r->code == PROBE_SOCKERR)) {
		plain_add(out, r->info);
	} else {
		text_add(out, words_of(r->code));
		if (r->info[0]) {
			text_add(out, ": ");
			plain_add(out, r->info);
		}
	}
}

void eventline_write_check(const struct probe_result *r, struct text *out)
{
	eventline_write_answer(r, out);
	if (r->code != PROBE_UNKNOWN && r->code != PROBE_INIT)
		text_addf(out, " (%" PRIu32 " ms)", r->duration_ms);
}

void eventline_write_cause(const struct journal_event *e, struct text *out)
{
	if (e->check.code == PROBE_UNKNOWN) {
		plain_add(out, e->text[0] ? e->text : "no reason was given");
		return;
	}
	text_add(out, e->check.draining                  ? "drain: "
	              : probe_code_passed(e->check.code) ? "check passed: "
	                                                 : "check failed: ");
	eventline_write_check(&e->check, out);
}

void eventline_write_usable(const struct journal_event *e, struct text *out)
{
	if (!e->active_left && !e->backup_left) {
		text_add(out, "no server usable");
		return;
	}
	if (e->active_left)
		plain_add_count(out, e->active_left, "server");
	if (e->active_left && e->backup_left)
		text_add(out, " and ");
	if (e->backup_left)
		plain_add_count(out, e->backup_left, "backup");
	text_add(out, " usable");
}

static void add_after(const struct journal_event *e, struct text *out)
{
	int64_t ms = e->since_ms > 0 ? e->since_ms : 0;
	char age[32];

	if (ms < 1000) {
		text_addf(out, " after %" PRId64 " ms", ms);
		return;
	}
	number_format_age((uint64_t)ms / 1000, age, sizeof(age));
	text_addf(out, " after %s", age);
}

bool eventline_turns_away(const struct journal_event *e)
{
	return !state_is_usable(&e->after) && e->before.health != STATE_DOWN &&
	       (e->before.admin & ~e->after.admin) == 0;
}

static void write_server_why(const struct journal_event *e, struct text *out)
{
	eventline_write_cause(e, out);
	if (e->sessions && eventline_turns_away(e)) {
		text_add(out, "; ");
		plain_add_count(out, e->sessions, "session");
		text_add(out, e->after.health == STATE_DOWN ? " on it"
		              : e->sessions == 1            ? " stays"
		                                            : " stay");
	}
	text_add(out, "; ");
	eventline_write_usable(e, out);
}

void eventline_write_why(const struct journal_event *e, struct text *out)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		write_server_why(e, out);
		break;
	case JOURNAL_CHECK:
		eventline_write_cause(e, out);
		break;
	case JOURNAL_SERVICE_DOWN:
		text_add(out, "no server usable");
		break;
	case JOURNAL_SERVICE_UP:
		eventline_write_usable(e, out);
		add_after(e, out);
		break;
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		plain_add(out, e->text);
		break;
	}
}

/* --- what --------------------------------------------------------------------------------- */

/* The state without its counter: a transition is between "UP" and "DOWN". */
static void add_state(struct text *out, const struct state *s, const struct state_limits *l,
                      bool counted)
{
	char buf[64];
	char *digits;

	state_describe(s, l, NULL, buf, sizeof(buf));
	digits = strpbrk(buf, "0123456789");
	if (digits && !counted && digits > buf)
		digits[-1] = '\0';
	text_add(out, buf);
}

void eventline_write_what(const struct journal_event *e, struct text *out)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		add_state(out, &e->before, &e->limits, false);
		text_add(out, " -> ");
		add_state(out, &e->after, &e->limits, false);
		break;
	case JOURNAL_CHECK:
		add_state(out, &e->after, &e->limits, true);
		break;
	case JOURNAL_SERVICE_DOWN:
		text_add(out, "OUT OF SERVICE");
		break;
	case JOURNAL_SERVICE_UP:
		text_add(out, "IN SERVICE");
		break;
	case JOURNAL_PANIC:
		text_add(out, e->begins ? "PANIC" : "PANIC OVER");
		break;
	case JOURNAL_FAULT:
		text_add(out, e->begins ? "FAULT" : "FAULT OVER");
		break;
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
}

static enum plain_colour colour_of_state(const struct state *s)
{
	if (state_in_maint(s))
		return PLAIN_BLUE;
	if (s->admin & STATE_DRAIN_ANY)
		return PLAIN_CYAN;
	switch (s->health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return PLAIN_GREEN;
	case STATE_NOLB:
	case STATE_CHECKING:
		return PLAIN_YELLOW;
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return PLAIN_RED;
}

static enum plain_colour colour_of(const struct journal_event *e)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		return colour_of_state(&e->after);
	case JOURNAL_CHECK:
		return probe_code_passed(e->check.code) ? PLAIN_GREEN : PLAIN_YELLOW;
	case JOURNAL_SERVICE_DOWN:
		return PLAIN_RED;
	case JOURNAL_SERVICE_UP:
		return PLAIN_GREEN;
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
		return e->begins ? PLAIN_RED : PLAIN_GREEN;
	case JOURNAL_MARK:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return e->level <= LOG_LEVEL_WARN ? PLAIN_YELLOW : PLAIN_BOLD;
}

void eventline_write_name(const struct journal_event *e, struct text *out)
{
	if (!e->service[0]) {
		text_add(out, "sluice");
		return;
	}
	plain_add(out, e->service);
	if (e->server[0]) {
		text_addc(out, '/');
		plain_add(out, e->server);
	}
}

/* Two spaces after it, more if columns are to stand below each other. */
static void add_column(struct text *out, const char *s, size_t columns)
{
	text_add(out, s);
	for (size_t n = plain_width(s); n < columns; n++)
		text_addc(out, ' ');
	text_add(out, "  ");
}

static void add_moment(const struct journal_event *e, unsigned int flags, struct text *out)
{
	bool colour = flags & EVENTLINE_COLOUR;

	if (!(flags & (EVENTLINE_TIME | EVENTLINE_DATE)))
		return;
	plain_colour(out, colour, PLAIN_DIM);
	if (flags & EVENTLINE_DATE) {
		stamp_add_date(out, e->wall_ms);
		text_addc(out, ' ');
	}
	stamp_add_time(out, e->wall_ms);
	plain_colour(out, colour, PLAIN_RESET);
	text_add(out, "  ");
}

void eventline_write_state(const struct journal_event *e, bool colour, size_t columns,
                           struct text *out)
{
	AUTO_TEXT states = { 0 };

	eventline_write_what(e, &states);
	if (!states.len)
		return;
	plain_colour(out, colour, colour_of(e));
	add_column(out, text_str(&states), columns);
	plain_colour(out, colour, PLAIN_RESET);
}

void eventline_write(const struct journal_event *e, unsigned int flags, struct text *out)
{
	bool aligned = flags & EVENTLINE_ALIGN;
	AUTO_TEXT name = { 0 };

	eventline_write_name(e, &name);
	add_moment(e, flags, out);
	add_column(out, text_str(&name), aligned ? NAME_COLUMNS : 0);
	eventline_write_state(e, flags & EVENTLINE_COLOUR, aligned ? STATE_COLUMNS : 0, out);
	eventline_write_why(e, out);
}
