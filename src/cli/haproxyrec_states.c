/* SPDX-License-Identifier: MIT */
#include "cli/haproxytail.h"
#include "haproxyrecparts.h"

#include <string.h>

struct drill_event *haproxyrec_states_note(struct haproxyrec *r, const struct haproxyrec_row *row,
                                           enum drill_kind kind, int64_t wall_ms, const char *text)
{
	struct haproxyrec_event *e;

	if ((r->event_count & (r->event_count - 1)) == 0)
		r->events = mem_resize(r->events, r->event_count ? 2 * r->event_count : 1,
		                       sizeof(r->events[0]));
	e = &r->events[r->event_count++];
	*e = (struct haproxyrec_event){ .row = SIZE_MAX };
	for (size_t i = 0; i < r->row_count; i++)
		if (r->rows[i] == row)
			e->row = i;
	e->event = (struct drill_event){
		.wall_ms = wall_ms,
		.kind = kind,
		.service = SIZE_MAX,
		.server = SIZE_MAX,
		.state = row ? row->state : DRILL_UP,
		.text = mem_arena_strdup(&r->drill->arena, text),
	};
	return &e->event;
}

static void note_check(struct haproxyrec *r, struct haproxyrec_row *row, bool good, int64_t wall_ms,
                       const char *text)
{
	bool *noted = good ? &row->passing : &row->failing;

	if (good ? row->state != DRILL_DOWN : !drill_state_is_usable(row->state)) {
		return;
	}
	if (!*noted)
		haproxyrec_states_note(r, row, DRILL_CHECK, wall_ms, text)->good = good;
	*noted = true;
}

/* HAProxy never says that a service has a server again. */
static void note_service(struct haproxyrec *r, struct haproxyrec_row *service, bool without,
                         int64_t wall_ms)
{
	if (!service || service->without == without)
		return;
	service->without = without;
	haproxyrec_states_note(r, service, DRILL_SERVICE, wall_ms,
	                       without ? "no server is left" : "a server is there again")
	    ->good = !without;
}

static void note_state(struct haproxyrec *r, struct haproxyrec_row *row, enum drill_state state,
                       int64_t wall_ms, uint32_t sessions, const char *text)
{
	struct drill_event *e;

	row->differs_ms = 0;
	if (row->state == state)
		return;
	row->state = state;
	row->failing = row->passing = false;
	e = haproxyrec_states_note(r, row, DRILL_STATE, wall_ms, text);
	e->sessions = sessions;
	if (drill_state_is_usable(state))
		note_service(r, haproxyrec_row(r, row->service, ""), false, wall_ms);
}

/*
 * Checks that move a server towards the other state: a number that goes down, or one at all.  A
 * poll without one ends what an earlier poll saw, not what the log tells: that may be the newer.
 */
static void poll_checks(struct haproxyrec *r, struct haproxyrec_row *row,
                        const struct haproxystat_row *now, int64_t wall_ms)
{
	bool worse = now->state == DRILL_UP && now->step && (!row->step || now->step < row->step);
	bool better = now->state == DRILL_DOWN && now->step > row->step;

	if (now->state == DRILL_UP && row->step && !now->step)
		row->failing = false;
	if (now->state == DRILL_DOWN && row->step && !now->step)
		row->passing = false;
	if (now->state == row->state && worse)
		note_check(r, row, false, wall_ms, "a check failed");
	if (now->state == row->state && better)
		note_check(r, row, true, wall_ms, "a check passed");
	row->step = now->step;
}

static const char *words_of(enum drill_state state)
{
	static const char *const words[] = {
#define X(name, key, usable, text) [DRILL_##name] = text,
		DRILL_STATE_TABLE(X)
#undef X
	};

	return words[state];
}

void haproxyrec_states_poll(struct haproxyrec *r, struct haproxyrec_row *row,
                            const struct haproxystat_row *now, int64_t wall_ms)
{
	int64_t patience_ms = r->has_log ? HAPROXYREC_LOG_LATE_MS : 0;

	if (!row->server[0]) {
		if (!r->has_log && now->state == DRILL_DOWN)
			note_service(r, row, true, wall_ms);
		return;
	}
	poll_checks(r, row, now, wall_ms);
	if (now->state == row->state) {
		row->differs_ms = 0;
		return;
	}
	if (!row->differs_ms)
		row->differs_ms = wall_ms;
	if (wall_ms - row->differs_ms >= patience_ms)
		note_state(r, row, now->state, row->differs_ms, (uint32_t)now->scur,
		           words_of(now->state));
}

void haproxyrec_line(struct haproxyrec *r, int64_t seen_ms, const char *line)
{
	struct haproxytail_line l;
	struct haproxyrec_row *row;

	if (!haproxytail_read(line, seen_ms, &l))
		return;
	row = haproxyrec_row(r, l.service, l.server);
	if (!row || !row->is_known)
		return;
	switch (l.kind) {
	case HAPROXYTAIL_STATE:
		if (l.by_check && !row->failing && l.state != row->state)
			note_check(r, row, drill_state_is_usable(l.state), l.wall_ms, l.text);
		note_state(r, row, l.state, l.wall_ms, l.sessions, l.text);
		break;
	case HAPROXYTAIL_CHECK:
		if (l.good && row->state == DRILL_UP)
			row->failing = false;
		if (!l.good && row->state == DRILL_DOWN)
			row->passing = false;
		note_check(r, row, l.good, l.wall_ms, l.text);
		break;
	case HAPROXYTAIL_NO_SERVER:
		note_service(r, row, true, l.wall_ms);
		break;
	case HAPROXYTAIL_SESSION:
		row->killed += l.end == HAPROXYTAIL_KILLED && l.server[0];
		break;
	case HAPROXYTAIL_OTHER:
		break;
	}
}
