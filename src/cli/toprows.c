/* SPDX-License-Identifier: MIT */
#include "cli/toprows.h"

#include "base/log.h"
#include "base/mem.h"
#include "report/eventline.h"
#include "report/tierline.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct toprows *r, struct toprows_row row)
{
	/* Room grows by doubling: it is full when the count is a power of two. */
	if ((r->count & (r->count - 1)) == 0)
		r->rows = mem_resize(r->rows, r->count > 0 ? 2 * r->count : 1, sizeof(*r->rows));
	r->rows[r->count++] = row;
}

void toprows_release(struct toprows *r)
{
	free(r->rows);
	*r = (struct toprows){ 0 };
}

static bool is_in_word(char c)
{
	return c != '\0' && (isalnum((unsigned char)c) || strchr("-_.", c) != NULL);
}

static bool has_whole_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++)
		if ((at == text || !is_in_word(at[-1])) && !is_in_word(at[len]))
			return true;
	return false;
}

bool toprows_matches(const char *text, const char *filter)
{
	for (filter += strspn(filter, " "); *filter != '\0'; filter += strspn(filter, " ")) {
		char word[TOPSTATE_FILTER_MAX];
		size_t len = strcspn(filter, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, filter);
		if (word[0] == '=' && word[1] != '\0' ? !has_whole_word(text, word + 1)
		                                      : strcasestr(text, word) == NULL)
			return false;
		filter += len;
	}
	return true;
}

/* --- order -------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* The worst first. */
static int64_t badness(const struct statusjson_server *s)
{
	if (s->maint)
		return 4;
	if (s->drain && s->health != STATE_DOWN)
		return 2;
	switch (s->health) {
	case STATE_DOWN:
		return 0;
	case STATE_NOLB:
		return 1;
	case STATE_CHECKING:
		return 3;
	case STATE_UP:
	case STATE_NOCHECK:
	case STATE_HEALTH_COUNT:
		break;
	}
	return topmodel_is_trouble(s) ? 5 : 6;
}

static int compare_servers(const struct statusjson_server *a, const struct statusjson_server *b,
                           unsigned int sort)
{
	switch ((enum topstate_services_sort)sort) {
	case TOPSTATE_SERVICES_STATE:
		return compare(badness(a), badness(b));
	case TOPSTATE_SERVICES_SESSIONS:
		return compare(b->sessions, a->sessions);
	case TOPSTATE_SERVICES_RATE:
		return compare(b->rate, a->rate);
	case TOPSTATE_SERVICES_SINCE:
		return compare(a->since_s, b->since_s);
	case TOPSTATE_SERVICES_LOST:
		return compare(b->cut + b->server_aborts, a->cut + a->server_aborts);
	case TOPSTATE_SERVICES_NAME:
		return strverscmp(a->name, b->name);
	case TOPSTATE_SERVICES_ORDER:
		break;
	}
	return 0;
}

static int compare_servers_of(const struct sessionline *a, const struct sessionline *b)
{
	int by_service = strverscmp(a->service, b->service);

	return by_service != 0 ? by_service : strverscmp(a->server, b->server);
}

static int compare_sessions(const struct sessionline *a, const struct sessionline *b,
                            unsigned int sort)
{
	switch ((enum topstate_sessions_sort)sort) {
	case TOPSTATE_SESSIONS_AGE:
		return compare(b->total_ms, a->total_ms);
	case TOPSTATE_SESSIONS_IDLE:
		return compare(b->idle_ms, a->idle_ms);
	case TOPSTATE_SESSIONS_IN:
		return compare((int64_t)b->bytes_in, (int64_t)a->bytes_in);
	case TOPSTATE_SESSIONS_OUT:
		return compare((int64_t)b->bytes_out, (int64_t)a->bytes_out);
	case TOPSTATE_SESSIONS_SERVER:
		return compare_servers_of(a, b);
	case TOPSTATE_SESSIONS_CLIENT:
		return strverscmp(a->client, b->client);
	case TOPSTATE_SESSIONS_ID:
		break;
	}
	return compare((int64_t)a->id, (int64_t)b->id);
}

static int compare_rows(const void *left, const void *right, void *ctx)
{
	const struct toprows_row *a = left, *b = right;
	const struct topstate_list *l = ctx;
	int n = 0;

	if (a->session != NULL)
		n = compare_sessions(a->session, b->session, l->sort);
	else if (a->server != NULL)
		n = compare_servers(a->server, b->server, l->sort);
	if (n == 0)
		n = a->order < b->order ? -1 : a->order > b->order;
	return l->reverse ? -n : n;
}

static void sort(struct toprows *r, size_t from, const struct topstate_list *l)
{
	struct topstate_list order = *l;

	if (r->count > from)
		qsort_r(&r->rows[from], r->count - from, sizeof(*r->rows), compare_rows, &order);
}

/* --- services ----------------------------------------------------------------------------- */

static bool server_is_shown(const struct topstate *s, const struct topstate_list *l,
                            const struct statusjson_service *service,
                            const struct statusjson_server *server)
{
	AUTO_TEXT words = { 0 };

	if (s->troubles && !topmodel_is_trouble(server))
		return false;
	text_addf(&words, "%s/%s %s %s %s %s", service->name, server->name, server->state,
	          server->address, server->locality != NULL ? server->locality : "", server->cause);
	if (server->fault != NULL)
		text_addf(&words, " fault %s", server->fault);
	return toprows_matches(text_str(&words), l->filter);
}

/* What is said of a server on lines of its own; they stay below it. */
static void add_notes(struct toprows *to, const struct toprows_row *row)
{
	struct toprows_row note = *row;

	add(to, *row);
	if (row->server->cause[0] != '\0' && !topmodel_is_up(row->server)) {
		note.kind = TOPROWS_CAUSE;
		add(to, note);
	}
	if (row->server->fault != NULL) {
		note.kind = TOPROWS_FAULT;
		add(to, note);
	}
}

static void add_heading(struct toprows *r, const struct statusjson_service *service)
{
	add(r, (struct toprows_row){ .kind = TOPROWS_SERVICE, .service = service });
	if (tierline_is_needed(service))
		add(r, (struct toprows_row){ .kind = TOPROWS_TIERS, .service = service });
}

static void add_service(struct toprows *r, const struct topstate *s, const struct topstate_list *l,
                        const struct statusjson_service *service)
{
	struct toprows servers = { 0 };
	bool is_well = service->up && !service->on_backup && !service->panicking;

	for (size_t i = 0; i < service->server_count; i++) {
		const struct statusjson_server *server = &service->servers[i];

		if (server_is_shown(s, l, service, server))
			add(&servers, (struct toprows_row){ .kind = TOPROWS_SERVER,
			                                    .order = i,
			                                    .service = service,
			                                    .server = server });
		else
			r->hidden++;
	}
	sort(&servers, 0, l);
	if (servers.count > 0 ||
	    (s->troubles ? !is_well : toprows_matches(service->name, l->filter)))
		add_heading(r, service);
	for (size_t i = 0; i < servers.count; i++)
		add_notes(r, &servers.rows[i]);
	toprows_release(&servers);
}

static void build_services(struct toprows *r, const struct topmodel *m, const struct topstate *s)
{
	for (size_t i = 0; i < m->status->service_count; i++)
		add_service(r, s, &s->lists[TOPSTATE_SERVICES], &m->status->services[i]);
}

/* --- the other tabs ----------------------------------------------------------------------- */

/* Sessions are troubled where their server is. */
static bool session_is_shown(const struct topmodel *m, const struct topstate *s,
                             const struct sessionline *l)
{
	const struct statusjson_server *server =
	    s->troubles ? topmodel_server(m, l->service, l->server) : NULL;
	AUTO_TEXT words = { 0 };

	if (s->troubles && server != NULL && !topmodel_is_trouble(server))
		return false;
	text_addf(&words, "%" PRIu64 " %s/%s %s %s", l->id, l->service, l->server, l->client,
	          l->bind);
	return toprows_matches(text_str(&words), s->lists[TOPSTATE_SESSIONS].filter);
}

static void build_sessions(struct toprows *r, const struct topmodel *m, const struct topstate *s)
{
	for (size_t i = 0; i < m->session_count; i++) {
		if (session_is_shown(m, s, &m->sessions[i]))
			add(r, (struct toprows_row){ .kind = TOPROWS_SESSION,
			                             .order = i,
			                             .session = &m->sessions[i] });
		else
			r->hidden++;
	}
	sort(r, 0, &s->lists[TOPSTATE_SESSIONS]);
}

static bool event_is_trouble(const struct journal_event *e)
{
	if (e->kind == JOURNAL_CHECK)
		return !probe_code_passed(e->check.code);
	if (e->kind == JOURNAL_SERVER)
		return !state_is_usable(&e->after);
	return e->level <= LOG_LEVEL_WARN;
}

static bool event_is_shown(const struct topstate *s, const struct journal_event *e)
{
	const char *filter = s->lists[TOPSTATE_EVENTS].filter;
	AUTO_TEXT words = { 0 };

	if (s->troubles && !event_is_trouble(e))
		return false;
	if (filter[0] == '\0')
		return true;
	eventline_write(e, EVENTLINE_TIME, &words);
	return toprows_matches(text_str(&words), filter);
}

static void build_events(struct toprows *r, const struct topmodel *m, const struct topstate *s)
{
	for (size_t i = 0; i < m->event_count; i++) {
		if (event_is_shown(s, &m->events[i]))
			add(r, (struct toprows_row){
			           .kind = TOPROWS_EVENT, .order = i, .event = &m->events[i] });
		else
			r->hidden++;
	}
	if (s->lists[TOPSTATE_EVENTS].reverse)
		sort(r, 0, &s->lists[TOPSTATE_EVENTS]);
}

static void build_process(struct toprows *r, const struct topmodel *m)
{
	for (size_t i = 0; i < m->status->service_count; i++)
		add(r, (struct toprows_row){ .kind = TOPROWS_SUMMARY,
		                             .order = i,
		                             .service = &m->status->services[i] });
	for (size_t i = 0; i < TOPROWS_FACTS; i++)
		if (i != TOPROWS_NODES || m->status->discovery.on)
			add(r, (struct toprows_row){ .kind = TOPROWS_FACT, .order = i });
	for (size_t i = 0; i < m->status->predecessor_count; i++)
		add(r, (struct toprows_row){ .kind = TOPROWS_BEFORE, .order = i });
}

void toprows_build(struct toprows *r, const struct topmodel *m, const struct topstate *s)
{
	*r = (struct toprows){ 0 };
	if (m->status == NULL)
		return;
	switch (s->tab) {
	case TOPSTATE_SERVICES:
		build_services(r, m, s);
		break;
	case TOPSTATE_SESSIONS:
		build_sessions(r, m, s);
		break;
	case TOPSTATE_EVENTS:
		build_events(r, m, s);
		break;
	case TOPSTATE_PROCESS:
		build_process(r, m);
		break;
	case TOPSTATE_TABS:
		break;
	}
}

/* --- choosing ----------------------------------------------------------------------------- */

bool toprows_is_choice(const struct toprows_row *row)
{
	return row->kind != TOPROWS_CAUSE && row->kind != TOPROWS_FAULT &&
	       row->kind != TOPROWS_TIERS;
}

void toprows_key(const struct toprows_row *row, char ret[static TOPSTATE_KEY_MAX])
{
	switch (row->kind) {
	case TOPROWS_SERVICE:
	case TOPROWS_TIERS:
	case TOPROWS_SUMMARY:
		snprintf(ret, TOPSTATE_KEY_MAX, "%s", row->service->name);
		break;
	case TOPROWS_SERVER:
	case TOPROWS_CAUSE:
	case TOPROWS_FAULT:
		snprintf(ret, TOPSTATE_KEY_MAX, "%s/%s", row->service->name, row->server->name);
		break;
	case TOPROWS_SESSION:
		snprintf(ret, TOPSTATE_KEY_MAX, "%" PRIu64, row->session->id);
		break;
	case TOPROWS_EVENT:
		snprintf(ret, TOPSTATE_KEY_MAX, "%" PRIu64 " %" PRId64, row->event->seq,
		         row->event->wall_ms);
		break;
	case TOPROWS_FACT:
	case TOPROWS_BEFORE:
		snprintf(ret, TOPSTATE_KEY_MAX, "%d %zu", (int)row->kind, row->order);
		break;
	}
}

bool toprows_is_under_heading(const struct toprows *r, size_t index)
{
	return r->rows[index].kind == TOPROWS_TIERS ||
	       (r->rows[index].server != NULL && r->rows[index].kind != TOPROWS_SERVICE);
}

/* Shows the end as long as nobody looks elsewhere. */
static bool is_at_end(enum topstate_tab tab, const struct topstate_list *l)
{
	return tab == TOPSTATE_EVENTS && !l->reverse && l->chosen[0] == '\0';
}

/* The choice that is nearest to that number, above it if there is one. */
static size_t nearest(const struct toprows *r, size_t index)
{
	size_t i = index < r->count ? index : r->count - 1;

	while (i > 0 && !toprows_is_choice(&r->rows[i]))
		i--;
	return i;
}

size_t toprows_find(const struct toprows *r, enum topstate_tab tab, const struct topstate_list *l)
{
	char key[TOPSTATE_KEY_MAX];

	if (r->count == 0)
		return 0;
	if (is_at_end(tab, l))
		return r->count - 1;
	for (size_t i = 0; i < r->count && l->chosen[0] != '\0'; i++) {
		toprows_key(&r->rows[i], key);
		if (strcmp(key, l->chosen) == 0)
			return i;
	}
	return nearest(r, l->chosen[0] != '\0' ? l->index : 0);
}

void toprows_move(const struct toprows *r, enum topstate_tab tab, struct topstate_list *l,
                  long step)
{
	size_t at = toprows_find(r, tab, l), i = at;

	if (r->count == 0)
		return;
	while (step > 0 && i + 1 < r->count)
		if (toprows_is_choice(&r->rows[++i])) {
			at = i;
			step--;
		}
	while (step < 0 && i > 0)
		if (toprows_is_choice(&r->rows[--i])) {
			at = i;
			step++;
		}
	toprows_key(&r->rows[at], l->chosen);
	l->index = at;
	if (tab == TOPSTATE_EVENTS && !l->reverse && at + 1 == r->count)
		l->chosen[0] = '\0';
}

void toprows_scroll(const struct toprows *r, enum topstate_tab tab, struct topstate_list *l,
                    size_t height)
{
	size_t at = toprows_find(r, tab, l), last = at;

	l->index = at;
	if (height == 0 || r->count <= height) {
		l->first = 0;
		return;
	}
	/* What is said below the chosen one is to be seen with it. */
	while (last + 1 < r->count && !toprows_is_choice(&r->rows[last + 1]))
		last++;
	if (l->first + height <= last)
		l->first = last + 1 - height;
	if (l->first > at)
		l->first = at;
	if (l->first + height > r->count)
		l->first = r->count - height;
	/* The heading of its service stands on the first line, and not the chosen row. */
	if (l->first == at && at > 0 && height > 1 && toprows_is_under_heading(r, at))
		l->first--;
}
