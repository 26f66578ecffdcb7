/* SPDX-License-Identifier: MIT */
#include "drilloutage.h"

#include "drillspan.h"

#include <string.h>

enum { UNKNOWN = DRILLFACTS_UNKNOWN };

/* One server while its events are gone through. */
struct walk {
	const struct drill *d;
	size_t service, server;
	const bool *usable; /* of its service, as drillspan_usable() */
	struct drilloutage_list *ret;
	enum drill_state now;
	bool out;           /* the last of `ret` is an outage that is not over */
	int64_t bad_ms;     /* first of the row of failed checks, or unknown */
	size_t since;       /* the first event after the outage before */
	int64_t since_ms;   /* when that outage ended, or the record began */
	uint32_t sessions;  /* what the state said that began the outage */
	bool sessions_said; /* ... if one did */
};

static const struct drill_service *service_of(const struct walk *w)
{
	return &w->d->services[w->service];
}

static const char *text_of(const struct drill_event *e)
{
	return e->text != NULL ? e->text : "";
}

/* --- what was behind it ------------------------------------------------------------------- */

static bool is_of_server(const struct walk *w, const struct drill_event *e)
{
	return (e->service == SIZE_MAX || e->service == w->service) &&
	       (e->server == SIZE_MAX || e->server == w->server);
}

static bool is_over(const struct walk *w, size_t from, size_t until)
{
	const struct drill_event *begun = &w->d->events[from];

	for (size_t i = from + 1; i < until; i++) {
		const struct drill_event *e = &w->d->events[i];

		if (e->kind == DRILL_FAULT && e->good && e->service == begun->service &&
		    e->server == begun->server)
			return true;
	}
	return false;
}

static bool is_of_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

/* A dot belongs to a word if the word goes on after it. */
static bool goes_on(const char *s)
{
	return is_of_word(*s) || (*s == '.' && is_of_word(s[1]));
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	if (len == 0)
		return false;
	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		bool begins = at == text || !(is_of_word(at[-1]) || at[-1] == '.');

		if (begins && !goes_on(at + len))
			return true;
	}
	return false;
}

static bool is_mark_of(const struct walk *w, const struct drill_event *e)
{
	if (e->service == w->service && e->server == w->server)
		return true;
	return e->server == SIZE_MAX &&
	       has_word(text_of(e), service_of(w)->servers[w->server].name);
}

/* Event `at` is the one that begins the outage. */
static void find_fault(const struct walk *w, size_t at, struct drillfacts_outage *o)
{
	const struct drill_event *mark = NULL;

	for (size_t i = at; i > w->since; i--) {
		const struct drill_event *e = &w->d->events[i - 1];

		if (e->kind == DRILL_FAULT && !e->good && is_of_server(w, e) &&
		    !is_over(w, i - 1, at)) {
			o->fault_ms = e->wall_ms;
			o->fault = text_of(e);
			return;
		}
		if (mark == NULL && e->kind == DRILL_MARK &&
		    o->out_ms - e->wall_ms <= DRILLFACTS_MARK_MS && is_mark_of(w, e))
			mark = e;
	}
	if (mark == NULL)
		return;
	o->fault_ms = mark->wall_ms;
	o->fault = text_of(mark);
}

/* --- counts ------------------------------------------------------------------------------- */

static bool was_felt(const struct walk *w, size_t interval)
{
	const uint32_t *const *at = service_of(w)->servers[w->server].at;
	const uint32_t *failed = at[DRILL_SERIES_FAILED], *cut = at[DRILL_SERIES_CUT];

	return (failed != NULL && failed[interval] > 0) || (cut != NULL && cut[interval] > 0);
}

static void find_begin(const struct walk *w, struct drillfacts_outage *o)
{
	int64_t from;

	o->began_ms = o->fault_ms != UNKNOWN       ? o->fault_ms
	              : o->first_bad_ms != UNKNOWN ? o->first_bad_ms
	                                           : o->out_ms;
	if (o->early || o->ordered || o->fault_ms != UNKNOWN)
		return;
	from = o->began_ms - DRILLFACTS_LOOK_BACK_MS;
	if (from < w->since_ms)
		from = w->since_ms;
	for (size_t i = drillspan_within(w->d, from, o->began_ms).first;
	     i < w->d->samples && drillspan_begin_ms(w->d, i) < o->began_ms; i++) {
		if (!was_felt(w, i))
			continue;
		o->began_ms = drillspan_begin_ms(w->d, i);
		return;
	}
}

static void count_sessions(const struct walk *w, struct drillfacts_outage *o)
{
	const uint32_t *at = service_of(w)->servers[w->server].at[DRILL_SERIES_SESSIONS];
	size_t before = drillspan_within(w->d, INT64_MIN / 2, o->began_ms).end;
	int64_t first = service_of(w)->servers[w->server].began_with;
	int64_t ended = (o->cut > 0 ? o->cut : 0) + (o->asked > 0 ? o->asked : 0);
	bool said_then = o->began_ms == o->out_ms && w->sessions_said;

	if (!said_then && at != NULL && before > 0)
		o->sessions = at[before - 1];
	else if (!said_then && first >= 0)
		o->sessions = first;
	else if (w->sessions_said)
		o->sessions = w->sessions;
	if (o->sessions == UNKNOWN)
		return;
	if (o->sessions < ended)
		o->sessions = ended;
	if (o->cut != UNKNOWN)
		o->survived = o->sessions - ended;
}

static int64_t back_or_end(const struct walk *w, const struct drillfacts_outage *o)
{
	return o->back_ms != UNKNOWN ? o->back_ms : w->d->to_ms;
}

static void find_last_new(const struct walk *w, struct drillfacts_outage *o)
{
	const uint32_t *at = service_of(w)->servers[w->server].at[DRILL_SERIES_CONNECTED];
	struct drillspan s;

	if (o->first_bad_ms == UNKNOWN || at == NULL)
		return;
	o->last_new_ms = 0;
	s = drillspan_within(w->d, o->first_bad_ms, back_or_end(w, o));
	for (size_t i = s.first; i < s.end; i++)
		if (at[i] > 0)
			o->last_new_ms = drillspan_end_ms(w->d, i) - o->first_bad_ms;
}

static void count(const struct walk *w, struct drillfacts_outage *o)
{
	const uint32_t *const *at = service_of(w)->servers[w->server].at;
	struct drillspan s;

	find_begin(w, o);
	s = drillspan_of(w->d, o->began_ms, back_or_end(w, o));
	o->failed = drillspan_sum(at[DRILL_SERIES_FAILED], s);
	o->cut = drillspan_sum(at[DRILL_SERIES_CUT], s);
	o->asked = drillspan_sum(at[DRILL_SERIES_ASKED], s);
	o->moved = drillspan_sum(at[DRILL_SERIES_MOVED], s);
	o->held = drillspan_max(service_of(w)->at[DRILL_SERIES_HELD], s);
	count_sessions(w, o);
	find_last_new(w, o);
	if (o->first_bad_ms != UNKNOWN && !o->ordered)
		o->detect_ms = o->out_ms - o->first_bad_ms;
	if (o->fault_ms != UNKNOWN)
		o->noticed_ms = o->out_ms - o->fault_ms;
	if (o->back_ms != UNKNOWN && !o->early)
		o->recover_ms = o->back_ms - o->out_ms;
}

/* --- after it ----------------------------------------------------------------------------- */

enum evenness { NO_SESSION, NOT_USABLE, UNEVEN, EVEN };

/* How even the server's sessions are at the end of an interval, and how far off in percent. */
static enum evenness weigh(const struct walk *w, size_t i, int64_t *ret_percent)
{
	const struct drill_service *v = service_of(w);
	int64_t total = 0, usable = 0, off;

	if (!w->usable[w->server * w->d->samples + i])
		return NOT_USABLE;
	for (size_t s = 0; s < v->server_count; s++) {
		if (!w->usable[s * w->d->samples + i])
			continue;
		usable++;
		total += v->servers[s].at[DRILL_SERIES_SESSIONS][i];
	}
	if (total == 0)
		return NO_SESSION;
	off = v->servers[w->server].at[DRILL_SERIES_SESSIONS][i] * usable - total;
	if (off < 0)
		off = -off;
	*ret_percent = (off * 100 + total - 1) / total;
	return off * 100 <= DRILLFACTS_EVEN_PERCENT * total || off < usable ? EVEN : UNEVEN;
}

static bool is_recorded(const struct walk *w)
{
	const struct drill_service *v = service_of(w);

	for (size_t s = 0; s < v->server_count; s++)
		if (v->servers[s].at[DRILL_SERIES_SESSIONS] == NULL)
			return false;
	return w->usable != NULL;
}

static bool is_idle(const struct walk *w, size_t from)
{
	const struct drill_service *v = service_of(w);

	for (size_t s = 0; s < v->server_count; s++)
		for (size_t i = from; i < w->d->samples; i++)
			if (v->servers[s].at[DRILL_SERIES_SESSIONS][i] > 0)
				return false;
	return from < w->d->samples;
}

static void look_after(const struct walk *w, struct drillfacts_outage *o, int64_t next_ms)
{
	size_t from = drillspan_within(w->d, INT64_MIN / 2, o->back_ms).end;
	int64_t percent = 0;
	enum evenness e;

	for (size_t i = from; i < w->d->samples && drillspan_end_ms(w->d, i) <= next_ms; i++) {
		if (weigh(w, i, &percent) != EVEN)
			continue;
		o->rebalanced_ms = drillspan_end_ms(w->d, i) - o->back_ms;
		break;
	}
	o->idle = is_idle(w, from);
	e = weigh(w, w->d->samples - 1, &percent);
	if (e == EVEN || e == UNEVEN)
		o->share_percent = percent;
}

/* --- the walk ----------------------------------------------------------------------------- */

static struct drillfacts_outage *last_of(const struct walk *w)
{
	return &w->ret->items[w->ret->count - 1];
}

static struct drillfacts_outage *add(struct walk *w, enum drill_state state, int64_t out_ms)
{
	struct drilloutage_list *l = w->ret;

	if (l->count == l->room) {
		l->room = l->room > 0 ? l->room * 2 : 16;
		l->items = mem_resize(l->items, l->room, sizeof(*l->items));
	}
	l->items[l->count] = (struct drillfacts_outage){
		.service = w->service,
		.server = w->server,
		.state = state,
		.gravest = state,
		.cause = "",
		.ordered = state == DRILL_DRAIN || state == DRILL_MAINT,
		.out_ms = out_ms,
		.back_ms = UNKNOWN,
		.first_bad_ms = UNKNOWN,
		.fault_ms = UNKNOWN,
		.fault = "",
		.began_ms = out_ms,
		.detect_ms = UNKNOWN,
		.noticed_ms = UNKNOWN,
		.last_new_ms = UNKNOWN,
		.sessions = UNKNOWN,
		.survived = UNKNOWN,
		.recover_ms = UNKNOWN,
		.rebalanced_ms = UNKNOWN,
		.share_percent = UNKNOWN,
	};
	w->out = true;
	return &l->items[l->count++];
}

static void begin(struct walk *w, size_t at)
{
	const struct drill_event *e = &w->d->events[at];
	struct drillfacts_outage *o = add(w, e->state, e->wall_ms);

	o->cause = text_of(e);
	o->first_bad_ms = o->ordered || e->state == DRILL_NOLB ? e->wall_ms : w->bad_ms;
	if (!o->ordered)
		find_fault(w, at, o);
	w->sessions = e->sessions;
	w->sessions_said = true;
}

static void end(struct walk *w, size_t at)
{
	struct drillfacts_outage *o = last_of(w);

	w->out = false;
	if (at < w->d->event_count)
		o->back_ms = w->d->events[at].wall_ms;
	count(w, o);
	w->since = at;
	w->since_ms = o->back_ms;
}

static void enter(struct walk *w, size_t at)
{
	enum drill_state state = w->d->events[at].state;
	bool usable = drill_state_is_usable(state);

	if (w->out && state == DRILL_DOWN)
		last_of(w)->gravest = state;
	if (w->out && usable)
		end(w, at);
	else if (!w->out && !usable && state != DRILL_CHECKING)
		begin(w, at);
	if (usable)
		w->bad_ms = UNKNOWN;
	w->now = state;
}

static void go_through(struct walk *w)
{
	w->now = service_of(w)->servers[w->server].first;
	w->bad_ms = UNKNOWN;
	w->since_ms = w->d->from_ms;
	if (!drill_state_is_usable(w->now) && w->now != DRILL_CHECKING)
		add(w, w->now, w->d->from_ms)->early = true;
	for (size_t i = 0; i < w->d->event_count; i++) {
		const struct drill_event *e = &w->d->events[i];

		if (e->service != w->service || e->server != w->server)
			continue;
		if (e->kind == DRILL_STATE)
			enter(w, i);
		else if (e->kind == DRILL_CHECK && e->good)
			w->bad_ms = UNKNOWN;
		else if (e->kind == DRILL_CHECK && w->bad_ms == UNKNOWN)
			w->bad_ms = e->wall_ms;
	}
	if (w->out)
		end(w, w->d->event_count);
}

void drilloutage_find(const struct drill *d, size_t service, struct mem_arena *a,
                      struct drilloutage_list *ret)
{
	const bool *usable = drillspan_usable(d, service, a);

	for (size_t s = 0; s < d->services[service].server_count; s++) {
		struct walk w = {
			.d = d, .service = service, .server = s, .usable = usable, .ret = ret
		};
		size_t first = ret->count;

		go_through(&w);
		if (!is_recorded(&w))
			continue;
		for (size_t i = first; i < ret->count; i++)
			if (ret->items[i].back_ms != UNKNOWN)
				look_after(&w, &ret->items[i],
				           i + 1 < ret->count ? ret->items[i + 1].out_ms
				                              : INT64_MAX);
	}
}
