/* SPDX-License-Identifier: MIT */
#include "report/statustable.h"

#include "base/number.h"
#include "plain.h"
#include "report/discoveryline.h"
#include "report/eventline.h"
#include "report/tierline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	WIDTH_MIN = 60,
	STATE_COLUMNS = 10,
	SINCE_COLUMNS = 6,
	CHECK_MIN = 18,
	CHECK_MAX = 34,
	SESSION_COLUMNS = 10,
	RATE_COLUMNS = 6,
	TIER_COLUMNS = 4,
	NAME_MIN = 6,
	NAME_MAX_COLUMNS = 24,
	/* margins, glyph and the gaps between the columns that are always there */
	FIXED_COLUMNS = 4 + STATE_COLUMNS + 1 + SINCE_COLUMNS + 2 + CHECK_MIN + 1 +
	                SESSION_COLUMNS + 1 + RATE_COLUMNS + 2
};

struct table {
	struct text *out;
	size_t width, name, check;
	size_t address; /* 0: there is no room for it */
	size_t tier;    /* 0: no service has more than one */
	bool colour, ascii;
};

/* How a server looks: what comes first counts. */
struct look {
	enum plain_colour colour;
	const char *glyph, *ascii;
};

static struct look look_of(const struct statusjson_server *s)
{
	if (s->maint)
		return (struct look){ PLAIN_BLUE, "\u25a0", "-" };
	if (s->drain && s->health != STATE_DOWN)
		return (struct look){ PLAIN_CYAN, "\u25d0", "~" };
	switch (s->health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return (struct look){ PLAIN_GREEN, "\u25cf", "+" };
	case STATE_NOLB:
		return (struct look){ PLAIN_YELLOW, "\u25d0", "~" };
	case STATE_CHECKING:
		return (struct look){ PLAIN_YELLOW, "\u25cb", "?" };
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return (struct look){ PLAIN_RED, "\u2716", "x" };
}

/* A server of which there is nothing more to say. */
static bool is_plain_up(const struct statusjson_server *s)
{
	return strcmp(s->state, "UP") == 0 || strcmp(s->state, "no check") == 0;
}

static size_t clamp(size_t n, size_t low, size_t high)
{
	return n < low ? low : n > high ? high : n;
}

/* The name as it stands in the table: backups are marked. */
static void add_name(struct text *t, const struct statusjson_server *s)
{
	text_add(t, s->name);
	if (s->backup)
		text_add(t, " (b)");
}

/* What is known of a check here, as the other views have it. */
static struct probe_result result_of(const struct statusjson_server *s)
{
	struct probe_result r = { .code = PROBE_UNKNOWN };

	for (enum probe_code c = 0; c < PROBE_CODE_COUNT; c++)
		if (strcmp(probe_code_name(c), s->check_code) == 0)
			r.code = c;
	if (r.code == PROBE_L4CON || r.code == PROBE_SOCKERR)
		snprintf(r.info, sizeof(r.info), "%s", s->check_info);
	return r;
}

/* The last check in few words. */
static void write_check(const struct statusjson_server *s, struct text *out)
{
	struct probe_result r;

	if (s->maint) {
		text_add(out, "not checked");
	} else if (!s->has_check) {
		text_add(out, s->health == STATE_NOCHECK ? "none" : "not yet");
	} else if (s->check_status) {
		text_addf(out, "HTTP %" PRId64, s->check_status);
	} else {
		r = result_of(s);
		if (r.code == PROBE_UNKNOWN)
			text_add(out, s->check_words);
		else if (r.code == PROBE_RESOLVE)
			text_add(out, "does not resolve");
		else
			eventline_write_answer(&r, out);
	}
}

/* The same with the time it took. */
static void write_timed_check(const struct statusjson_server *s, struct text *out)
{
	write_check(s, out);
	if (s->has_check && !s->maint)
		text_addf(out, " in %" PRId64 " ms", s->check_duration_ms);
}

/* The room that is left goes to whole addresses first, then to what checks said. */
static void share_room(struct table *t, size_t address, size_t check)
{
	size_t fixed = FIXED_COLUMNS + (t->tier ? t->tier + 1 : 0);
	size_t used = fixed + t->name;

	if (used > t->width) {
		t->name = clamp(t->width > fixed ? t->width - fixed : 0, NAME_MIN, t->name);
		return;
	}
	if (used + address + 2 <= t->width) {
		t->address = address;
		used += address + 2;
	}
	t->check =
	    clamp(check, CHECK_MIN, clamp(CHECK_MIN + t->width - used, CHECK_MIN, CHECK_MAX));
}

static void measure(struct table *t, const struct statusjson *s)
{
	size_t name = 0;
	size_t address = strlen("ADDRESS");
	size_t check = 0;

	for (size_t i = 0; i < s->service_count; i++) {
		if (tierline_is_needed(&s->services[i]))
			t->tier = TIER_COLUMNS;
		for (size_t k = 0; k < s->services[i].server_count; k++) {
			const struct statusjson_server *server = &s->services[i].servers[k];
			size_t n =
			    plain_width(server->name) + (server->backup ? strlen(" (b)") : 0);
			size_t a = plain_width(server->address);
			AUTO_TEXT cell = { 0 };

			write_timed_check(server, &cell);
			name = n > name ? n : name;
			address = a > address ? a : address;
			check = cell.len > check ? cell.len : check;
		}
	}
	t->name = clamp(name, NAME_MIN, NAME_MAX_COLUMNS);
	t->check = CHECK_MIN;
	share_room(t, address, check);
}

/* Names may hold anything that UTF-8 has: each such character becomes one "?". */
static const char *fit(const struct table *t, const char *s, struct text *room)
{
	if (!t->ascii)
		return s;
	for (; *s; s++) {
		if ((unsigned char)*s < 0x80)
			text_addc(room, *s);
		else if (((unsigned char)*s & 0xc0) != 0x80)
			text_addc(room, '?');
	}
	return text_str(room);
}

static void add_cell(struct table *t, const char *s, size_t width, bool right)
{
	AUTO_TEXT room = { 0 };

	s = fit(t, s, &room);
	if (right)
		plain_add_right(t->out, s, width);
	else
		plain_add_left(t->out, s, width);
}

static void add_check(struct table *t, const struct statusjson_server *s)
{
	AUTO_TEXT cell = { 0 };

	write_timed_check(s, &cell);
	if (plain_width(text_str(&cell)) > t->check) {
		text_clear(&cell);
		write_check(s, &cell);
	}
	add_cell(t, text_str(&cell), t->check, false);
}

static void add_sessions(struct table *t, const struct statusjson_server *s)
{
	char cell[64];

	if (s->sessions_limit)
		snprintf(cell, sizeof(cell), "%" PRId64 "/%" PRId64, s->sessions,
		         s->sessions_limit);
	else
		snprintf(cell, sizeof(cell), "%" PRId64, s->sessions);
	add_cell(t, cell, SESSION_COLUMNS, true);
}

static void add_rate(struct table *t, int64_t rate)
{
	char cell[32];

	snprintf(cell, sizeof(cell), "%" PRId64 "/s", rate);
	add_cell(t, cell, RATE_COLUMNS, true);
}

static void add_cause(struct table *t, const struct statusjson_server *s)
{
	size_t room = t->width > 6 ? t->width - 6 : 0;
	size_t n = plain_width(s->cause);

	if (is_plain_up(s) || !s->cause[0])
		return;
	plain_colour(t->out, t->colour, PLAIN_DIM);
	text_add(t->out, t->ascii ? "    ` " : "    \u2514 ");
	add_cell(t, s->cause, n < room ? n : room, false);
	plain_colour(t->out, t->colour, PLAIN_RESET);
	text_addc(t->out, '\n');
}

static void add_fault(struct table *t, const struct statusjson_server *s)
{
	AUTO_TEXT line = { 0 };

	if (!s->fault)
		return;
	text_addf(&line, "fault: %s", s->fault);
	if (s->fault_left_ms >= 0) {
		char left[32];

		number_format_age((uint64_t)s->fault_left_ms / 1000, left, sizeof(left));
		text_addf(&line, ", %s left", left);
	}
	plain_colour(t->out, t->colour, PLAIN_RED);
	text_addf(t->out, "    %s %s\n", t->ascii ? "`" : "\u2514", text_str(&line));
	plain_colour(t->out, t->colour, PLAIN_RESET);
}

/* At the end of the line: other services may have no tiers. */
static void add_tier(struct table *t, const struct statusjson_server *s)
{
	char cell[32] = "-";

	if (!s->backup)
		snprintf(cell, sizeof(cell), "%" PRId64, s->tier);
	text_addc(t->out, ' ');
	add_cell(t, cell, t->tier, true);
}

static void add_server(struct table *t, const struct statusjson_service *service,
                       const struct statusjson_server *s)
{
	struct look look = look_of(s);
	AUTO_TEXT name = { 0 };
	char age[32];

	add_name(&name, s);
	number_format_age(s->since_s > 0 ? (uint64_t)s->since_s : 0, age, sizeof(age));
	text_add(t->out, "  ");
	plain_colour(t->out, t->colour, look.colour);
	text_addf(t->out, "%s ", t->ascii ? look.ascii : look.glyph);
	add_cell(t, s->state, STATE_COLUMNS, false);
	plain_colour(t->out, t->colour, PLAIN_RESET);
	text_addc(t->out, ' ');
	add_cell(t, text_str(&name), t->name, false);
	if (t->address) {
		text_add(t->out, "  ");
		add_cell(t, s->address, t->address, false);
	}
	text_addc(t->out, ' ');
	add_cell(t, age, SINCE_COLUMNS, true);
	text_add(t->out, "  ");
	add_check(t, s);
	text_addc(t->out, ' ');
	add_sessions(t, s);
	text_addc(t->out, ' ');
	add_rate(t, s->rate);
	if (tierline_is_needed(service))
		add_tier(t, s);
	text_addc(t->out, '\n');
	add_cause(t, s);
	add_fault(t, s);
}

/* Why a service is worth a look, or nothing. */
static const char *trouble(const struct statusjson_service *s)
{
	if (s->panicking)
		return "PANIC";
	if (!s->up)
		return "NO SERVER USABLE";
	return s->on_backup ? "on backup" : "";
}

static void add_heading(struct table *t, const struct statusjson_service *s)
{
	bool bad = !s->up || s->on_backup || s->panicking;
	bool worse = !s->up || s->panicking;
	AUTO_TEXT left = { 0 };
	AUTO_TEXT right = { 0 };
	size_t room;

	text_addf(&left, "%s  %s", s->name, s->balance);
	for (size_t i = 0; i < s->bind_count; i++)
		text_addf(&left, "%s%s", i ? " " : "  ", s->binds[i]);
	text_addf(&right, "%s%s", trouble(s), bad ? "  " : "");
	if (s->up)
		text_addf(&right, "%" PRId64 " of %zu usable  ", s->usable + s->backup_usable,
		          s->server_count);
	if (s->held > 0)
		text_addf(&right, "%" PRId64 " held  ", s->held);
	plain_add_count(&right, (uint64_t)(s->sessions > 0 ? s->sessions : 0), "session");
	text_addf(&right, "  %" PRId64 "/s", s->rate);
	room = t->width > right.len + 2 ? t->width - right.len - 2 : 0;
	plain_colour(t->out, t->colour, PLAIN_BOLD);
	add_cell(t, text_str(&left), room, false);
	plain_colour(t->out, t->colour, PLAIN_RESET);
	text_add(t->out, "  ");
	plain_colour(t->out, t->colour && bad, worse ? PLAIN_RED : PLAIN_YELLOW);
	text_add(t->out, text_str(&right));
	plain_colour(t->out, t->colour && bad, PLAIN_RESET);
	text_addc(t->out, '\n');
}

static void add_tiers(struct table *t, const struct statusjson_service *s)
{
	size_t room = t->width > 4 ? t->width - 4 : 0;
	AUTO_TEXT line = { 0 };
	size_t n;

	if (!tierline_is_needed(s))
		return;
	tierline_write(s, room, &line);
	n = plain_width(text_str(&line));
	text_add(t->out, "    ");
	add_cell(t, text_str(&line), n < room ? n : room, false);
	text_addc(t->out, '\n');
}

static void add_columns(struct table *t, const struct statusjson_service *s)
{
	plain_colour(t->out, t->colour, PLAIN_DIM);
	text_add(t->out, "    ");
	plain_add_left(t->out, "STATE", STATE_COLUMNS);
	text_addc(t->out, ' ');
	plain_add_left(t->out, "SERVER", t->name);
	if (t->address) {
		text_add(t->out, "  ");
		plain_add_left(t->out, "ADDRESS", t->address);
	}
	text_addc(t->out, ' ');
	plain_add_right(t->out, "SINCE", SINCE_COLUMNS);
	text_add(t->out, "  ");
	plain_add_left(t->out, "LAST CHECK", t->check);
	text_addc(t->out, ' ');
	plain_add_right(t->out, "SESSIONS", SESSION_COLUMNS);
	text_addc(t->out, ' ');
	plain_add_right(t->out, "RATE", RATE_COLUMNS);
	if (tierline_is_needed(s)) {
		text_addc(t->out, ' ');
		plain_add_right(t->out, "TIER", t->tier);
	}
	plain_colour(t->out, t->colour, PLAIN_RESET);
	text_addc(t->out, '\n');
}

static void add_process(struct table *t, const struct statusjson *s)
{
	AUTO_TEXT line = { 0 };
	char age[32];
	size_t n;

	number_format_age(s->uptime_s > 0 ? (uint64_t)s->uptime_s : 0, age, sizeof(age));
	text_addf(&line, "sluice %s", s->version);
	if (s->node)
		text_addf(&line, " on %s", s->node);
	text_addf(
	    &line, ", pid %" PRId64 ", up %s%s; %" PRId64 " of %" PRId64 " sessions, %" PRId64 "/s",
	    s->pid, age, s->stopping ? ", STOPPING" : "", s->sessions, s->maxconn, s->session_rate);
	n = plain_width(text_str(&line));
	add_cell(t, text_str(&line), n < t->width ? n : t->width, false);
	text_addc(t->out, '\n');
}

/* Processes that were upgraded: their sessions are not among those of the servers. */
static void add_predecessor(struct table *t, const struct statusjson_predecessor *p)
{
	AUTO_TEXT line = { 0 };
	char age[32];
	size_t n;

	number_format_age(p->since_s > 0 ? (uint64_t)p->since_s : 0, age, sizeof(age));
	if (p->pid)
		text_addf(&line, "pid %" PRId64 ", replaced %s ago, still has ", p->pid, age);
	else
		text_add(&line, "a process from before an upgrade still has ");
	plain_add_count(&line, (uint64_t)(p->sessions > 0 ? p->sessions : 0), "session");
	n = plain_width(text_str(&line));
	plain_colour(t->out, t->colour, PLAIN_YELLOW);
	add_cell(t, text_str(&line), n < t->width ? n : t->width, false);
	plain_colour(t->out, t->colour, PLAIN_RESET);
	text_addc(t->out, '\n');
}

static void add_discovery(struct table *t, const struct statusjson_discovery *d)
{
	enum { INDENT = 6 };
	AUTO_TEXT line = { 0 };
	AUTO_TEXT room = { 0 };
	size_t n;

	if (!d->on)
		return;
	text_add(&line, "discovery: ");
	discoveryline_add(d, &line);
	n = plain_width(text_str(&line));
	plain_colour(t->out, t->colour && d->error, PLAIN_YELLOW);
	add_cell(t, text_str(&line), n < t->width ? n : t->width, false);
	if (d->error) {
		text_add(t->out, t->ascii ? "\n    ` " : "\n    \u2514 ");
		plain_add_folded(t->out, fit(t, d->error, &room), INDENT, t->width, INDENT);
	}
	plain_colour(t->out, t->colour && d->error, PLAIN_RESET);
	text_addc(t->out, '\n');
}

void statustable_write(const struct statusjson *s, unsigned int width, unsigned int flags,
                       struct text *out)
{
	struct table t = {
		.out = out,
		.width = width < WIDTH_MIN ? WIDTH_MIN : width,
		.colour = flags & STATUSTABLE_COLOUR,
		.ascii = flags & STATUSTABLE_ASCII,
	};

	measure(&t, s);
	add_process(&t, s);
	for (size_t i = 0; i < s->predecessor_count; i++)
		add_predecessor(&t, &s->predecessors[i]);
	add_discovery(&t, &s->discovery);
	for (size_t i = 0; i < s->service_count; i++) {
		text_addc(out, '\n');
		add_heading(&t, &s->services[i]);
		add_tiers(&t, &s->services[i]);
		add_columns(&t, &s->services[i]);
		for (size_t k = 0; k < s->services[i].server_count; k++)
			add_server(&t, &s->services[i], &s->services[i].servers[k]);
	}
}
