/* SPDX-License-Identifier: MIT */
#include "control/carried.h"

#include "base/mem.h"
#include "legacyline.h"

#include <stdlib.h>
#include <string.h>

/* Of the rows of one process: what it tells is not to eat up the memory. */
enum { ROWS_MAX = 65536 };

/* Is `line` one of that kind? */
static bool is_of(const char *line, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(line, kind, len) == 0 && line[len] == ' ';
}

static uint64_t number(const struct legacyline *l, const char *key, uint64_t max)
{
	uint64_t n = 0;

	legacyline_get(l, key, max, &n);
	return n;
}

/* --- the one that carries on -------------------------------------------------------------- */

void carried_process_write(const struct carried_process *p, struct text *out)
{
	legacyline_begin(out, "carrier");
	legacyline_number(out, "pid", (uint64_t)p->pid);
	legacyline_number(out, "since", (uint64_t)p->since_wall_ms);
	legacyline_number(out, "seen", p->seen);
	legacyline_number(out, "sessions", p->sessions);
	legacyline_end(out);
}

struct carried_tally {
	const struct topology *topology;
	uint32_t *told; /* of each server, in the order of the services */
	size_t count;
};

struct carried_tally *carried_tally_new(const struct topology *t)
{
	struct carried_tally *tally = mem_zalloc(sizeof(*tally));

	tally->topology = t;
	for (size_t i = 0; i < t->service_count; i++)
		tally->count += t->services[i]->server_count;
	tally->told = mem_zalloc((tally->count + 1) * sizeof(tally->told[0]));
	return tally;
}

void carried_tally_free(struct carried_tally *t)
{
	if (t)
		free(t->told);
	free(t);
}

void carried_tally_forget(struct carried_tally *t)
{
	/* No server has so many. */
	for (size_t i = 0; i < t->count; i++)
		t->told[i] = UINT32_MAX;
}

/* Those that wait for it will be its. */
static uint32_t sessions_of(struct topology_server *s)
{
	return atomic_load_explicit(&s->active, memory_order_relaxed) +
	       atomic_load_explicit(&s->queued, memory_order_relaxed);
}

static bool compare(uint32_t *told, struct topology_server *s, struct text *out)
{
	uint32_t now = sessions_of(s);

	if (*told == now)
		return false;
	*told = now;
	legacyline_begin(out, "carried");
	legacyline_word(out, "service", s->service->settings->name);
	legacyline_word(out, "name", s->settings->name);
	legacyline_number(out, "sessions", now);
	legacyline_end(out);
	return true;
}

bool carried_tally_write(struct carried_tally *t, struct text *out)
{
	const struct topology *topology = t->topology;
	bool any = false;
	size_t at = 0;

	for (size_t i = 0; i < topology->service_count; i++)
		for (size_t k = 0; k < topology->services[i]->server_count && at < t->count; k++)
			any |= compare(&t->told[at++], topology->services[i]->servers[k], out);
	return any;
}

/* --- the one that serves ------------------------------------------------------------------ */

struct row {
	char *service, *server;
	uint32_t sessions;
};

struct carried_book {
	struct carried_process process;
	struct row *rows;
	size_t count;
};

struct carried_book *carried_book_new(void)
{
	return mem_zalloc(sizeof(struct carried_book));
}

static void clear(struct row *row)
{
	free(row->service);
	free(row->server);
}

void carried_book_free(struct carried_book *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		clear(&b->rows[i]);
	free(b->rows);
	free(b);
}

static struct row *find(const struct carried_book *b, const char *service, const char *server)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->rows[i].server, server) == 0 &&
		    strcmp(b->rows[i].service, service) == 0)
			return &b->rows[i];
	return NULL;
}

static void add(struct carried_book *b, const char *service, const char *server, uint32_t sessions)
{
	if (b->count == ROWS_MAX)
		return;
	b->rows = mem_resize(b->rows, b->count + 1, sizeof(b->rows[0]));
	b->rows[b->count++] = (struct row){ .service = mem_strdup(service),
		                            .server = mem_strdup(server),
		                            .sessions = sessions };
}

static void drop(struct carried_book *b, struct row *row)
{
	clear(row);
	*row = b->rows[--b->count];
}

static void take_sessions(struct carried_book *b, const struct legacyline *l)
{
	const char *service = legacyline_find(l, "service");
	const char *server = legacyline_find(l, "name");
	struct row *row;
	uint64_t n;

	if (!service || !server || !legacyline_get(l, "sessions", UINT32_MAX, &n))
		return;
	row = find(b, service, server);
	if (row && n)
		row->sessions = (uint32_t)n;
	else if (row)
		drop(b, row);
	else if (n)
		add(b, service, server, (uint32_t)n);
}

static void take_process(struct carried_book *b, const struct legacyline *l)
{
	b->process = (struct carried_process){
		.pid = (int)number(l, "pid", INT32_MAX),
		.since_wall_ms = (int64_t)number(l, "since", INT64_MAX),
		.seen = number(l, "seen", UINT64_MAX),
		.sessions = (uint32_t)number(l, "sessions", UINT32_MAX),
	};
}

bool carried_book_take(struct carried_book *b, char *line)
{
	bool is_process = is_of(line, "carrier");
	struct legacyline l;

	if ((!is_process && !is_of(line, "carried")) || !legacyline_parse(line, &l))
		return false;
	if (is_process)
		take_process(b, &l);
	else
		take_sessions(b, &l);
	return true;
}

const struct carried_process *carried_book_process(const struct carried_book *b)
{
	return &b->process;
}

uint32_t carried_book_sessions(const struct carried_book *b, const struct topology_server *s)
{
	const struct row *row = find(b, s->service->settings->name, s->settings->name);

	return row ? row->sessions : 0;
}

/* --- orders ------------------------------------------------------------------------------- */

static const char *const kinds[] = {
	[CARRIED_REPORT] = "report", [CARRIED_ORDER] = "order", [CARRIED_DRAIN] = "drain",
	[CARRIED_END] = "end",       [CARRIED_KILL] = "kill",
};

static const char *const states[] = {
	[ROSTER_READY] = "ready",  [ROSTER_DRAIN] = "drain",      [ROSTER_MAINT] = "maint",
	[ROSTER_HEALTH_UP] = "up", [ROSTER_HEALTH_NOLB] = "nolb", [ROSTER_HEALTH_DOWN] = "down",
};

void carried_order_write(const struct carried_order *o, struct text *out)
{
	legacyline_begin(out, kinds[o->kind]);
	legacyline_number(out, "seq", o->seq);
	if (o->service && o->server) {
		legacyline_word(out, "service", o->service);
		legacyline_word(out, "name", o->server);
	}
	if (o->kind == CARRIED_ORDER)
		legacyline_word(out, "state", states[o->order]);
	else if (o->kind == CARRIED_DRAIN)
		legacyline_number(out, "deadline", o->deadline_ms);
	else if (o->kind == CARRIED_KILL)
		legacyline_number(out, "session", o->session);
	legacyline_end(out);
}

/* The place of `word` in the list, or `count`. */
static size_t place_of(const char *const *list, size_t count, const char *word)
{
	size_t i = 0;

	while (i < count && strcmp(list[i], word) != 0)
		i++;
	return i;
}

/* What an order of that kind needs. */
static bool is_complete(const struct legacyline *l, struct carried_order *o)
{
	const char *state = legacyline_find(l, "state");
	size_t at = state ? place_of(states, ARRAY_LEN(states), state) : ARRAY_LEN(states);
	uint64_t deadline_ms;

	switch (o->kind) {
	case CARRIED_REPORT:
		return true;
	case CARRIED_KILL:
		return legacyline_get(l, "session", UINT64_MAX, &o->session);
	case CARRIED_ORDER:
		o->order = (enum roster_order)at;
		return o->service && o->server && at < ARRAY_LEN(states);
	case CARRIED_DRAIN:
		if (!legacyline_get(l, "deadline", INT32_MAX, &deadline_ms))
			return false;
		o->deadline_ms = (uint32_t)deadline_ms;
		return o->service && o->server;
	case CARRIED_END:
		break;
	}
	return o->service && o->server;
}

bool carried_order_read(char *line, struct carried_order *ret)
{
	struct legacyline l;
	size_t kind;

	*ret = (struct carried_order){ 0 };
	if (!legacyline_parse(line, &l))
		return false;
	kind = place_of(kinds, ARRAY_LEN(kinds), l.kind);
	if (kind == ARRAY_LEN(kinds) || !legacyline_get(&l, "seq", UINT64_MAX, &ret->seq))
		return false;
	ret->kind = (enum carried_kind)kind;
	ret->service = legacyline_find(&l, "service");
	ret->server = legacyline_find(&l, "name");
	return is_complete(&l, ret);
}

struct topology_server *carried_order_server(const struct carried_order *o,
                                             const struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++) {
		const struct topology_service *s = t->services[i];

		if (strcmp(s->settings->name, o->service) != 0)
			continue;
		for (size_t k = 0; k < s->server_count; k++)
			if (strcmp(s->servers[k]->settings->name, o->server) == 0)
				return s->servers[k];
	}
	return NULL;
}
