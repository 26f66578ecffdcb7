/* SPDX-License-Identifier: MIT */
#include "cli/topmodel.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void topmodel_release(struct topmodel *m)
{
	statusjson_free(m->status);
	free(m->sessions);
	free(m->events);
	for (size_t i = 0; i < m->trace_count; i++)
		free(m->traces[i].path);
	free(m->traces);
	*m = (struct topmodel){ 0 };
}

/* --- rates -------------------------------------------------------------------------------- */

static void write_path(const char *service, const char *server, struct text *out)
{
	if (service != NULL)
		text_add(out, service);
	if (server != NULL)
		text_addf(out, "/%s", server);
}

/* The number of that trace, `trace_count` if there is none; it begins to look at `hint`. */
static size_t find_trace(const struct topmodel *m, size_t hint, const char *path)
{
	for (size_t i = 0; i < m->trace_count; i++) {
		size_t at = (hint + i) % m->trace_count;

		if (strcmp(m->traces[at].path, path) == 0)
			return at;
	}
	return m->trace_count;
}

/* Statuses come in the same order again and again: the next trace is most often the one. */
static struct topmodel_trace *need_trace(struct topmodel *m, const char *path, int64_t bin)
{
	size_t at = find_trace(m, m->trace_hint, path);

	if (at == m->trace_count) {
		m->traces = mem_resize(m->traces, m->trace_count + 1, sizeof(*m->traces));
		m->traces[m->trace_count++] =
		    (struct topmodel_trace){ .path = mem_strdup(path), .bin = bin, .oldest = bin };
	}
	m->trace_hint = at + 1;
	return &m->traces[at];
}

static void note_rate(struct topmodel *m, const char *service, const char *server, int64_t rate,
                      int64_t now_ms)
{
	int64_t bin = now_ms / TOPMODEL_BIN_MS;
	AUTO_TEXT path = { 0 };
	struct topmodel_trace *t;
	int64_t *slot;

	write_path(service, server, &path);
	t = need_trace(m, text_str(&path), bin);
	while (t->bin < bin)
		t->rates[++t->bin % TOPMODEL_BINS] = -1;
	slot = &t->rates[bin % TOPMODEL_BINS];
	if (rate > *slot)
		*slot = rate;
}

/* Forgets what was not seen for as long as a trace goes back. */
static void drop_traces(struct topmodel *m, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->trace_count; i++) {
		if (now_ms / TOPMODEL_BIN_MS - m->traces[i].bin < TOPMODEL_BINS)
			m->traces[kept++] = m->traces[i];
		else
			free(m->traces[i].path);
	}
	m->trace_count = kept;
}

static void note_rates(struct topmodel *m, int64_t now_ms)
{
	const struct statusjson *s = m->status;

	drop_traces(m, now_ms);
	m->trace_hint = 0;
	note_rate(m, NULL, NULL, s->session_rate, now_ms);
	for (size_t i = 0; i < s->service_count; i++) {
		const struct statusjson_service *service = &s->services[i];

		note_rate(m, service->name, NULL, service->rate, now_ms);
		for (size_t k = 0; k < service->server_count; k++)
			note_rate(m, service->name, service->servers[k].name,
			          service->servers[k].rate, now_ms);
	}
}

void topmodel_rates(const struct topmodel *m, const char *service, const char *server,
                    int64_t now_ms, size_t count, int64_t *ret)
{
	int64_t bin = now_ms / TOPMODEL_BIN_MS - (int64_t)count + 1;
	AUTO_TEXT path = { 0 };
	size_t at;

	write_path(service, server, &path);
	at = find_trace(m, 0, text_str(&path));
	for (size_t i = 0; i < count; i++, bin++) {
		const struct topmodel_trace *t = &m->traces[at];

		ret[i] = -1;
		if (at < m->trace_count && bin >= t->oldest && bin <= t->bin &&
		    bin > t->bin - TOPMODEL_BINS)
			ret[i] = t->rates[bin % TOPMODEL_BINS];
	}
}

int64_t topmodel_most_rate(const struct topmodel *m, const char *service)
{
	size_t len = strlen(service);
	int64_t most = 1;

	for (size_t i = 0; i < m->trace_count; i++) {
		const struct topmodel_trace *t = &m->traces[i];

		if (strncmp(t->path, service, len) != 0 || t->path[len] != '/')
			continue;
		for (size_t k = 0; k < TOPMODEL_BINS; k++)
			most = t->rates[k] > most ? t->rates[k] : most;
	}
	return most;
}

/* --- what has come ------------------------------------------------------------------------ */

void topmodel_take_status(struct topmodel *m, struct statusjson *status, int64_t now_ms)
{
	const struct statusjson *before = m->status;

	if (before != NULL && (before->pid != status->pid || status->uptime_s < before->uptime_s))
		m->event_last = 0;
	statusjson_free(m->status);
	m->status = status;
	m->status_ms = now_ms;
	m->link = TOPMODEL_LIVE;
	note_rates(m, now_ms);
}

void topmodel_take_sessions(struct topmodel *m, struct sessionline *sessions, size_t count)
{
	free(m->sessions);
	m->sessions = sessions;
	m->session_count = count;
	m->sessions_known = true;
	m->sessions_refused[0] = '\0';
}

void topmodel_refuse_sessions(struct topmodel *m, const char *why)
{
	topmodel_take_sessions(m, NULL, 0);
	m->sessions_known = false;
	snprintf(m->sessions_refused, sizeof(m->sessions_refused), "%s", why);
}

void topmodel_add_event(struct topmodel *m, const struct journal_event *e)
{
	const size_t dropped = TOPMODEL_EVENTS / 4;

	if (m->events == NULL)
		m->events = mem_zalloc(TOPMODEL_EVENTS * sizeof(*m->events));
	if (m->event_count == TOPMODEL_EVENTS) {
		m->event_count -= dropped;
		memmove(m->events, m->events + dropped, m->event_count * sizeof(*m->events));
	}
	m->events[m->event_count++] = *e;
	m->event_last = e->seq;
}

void topmodel_lose(struct topmodel *m, const char *why, int64_t now_ms)
{
	if (m->link != TOPMODEL_LOST)
		m->lost_ms = now_ms;
	m->link = TOPMODEL_LOST;
	snprintf(m->why, sizeof(m->why), "%s", why);
}

/* --- questions ---------------------------------------------------------------------------- */

int64_t topmodel_age_s(const struct topmodel *m, int64_t now_ms)
{
	return now_ms > m->status_ms ? (now_ms - m->status_ms) / 1000 : 0;
}

bool topmodel_is_up(const struct statusjson_server *s)
{
	return strcmp(s->state, "UP") == 0 || strcmp(s->state, "no check") == 0;
}

bool topmodel_is_trouble(const struct statusjson_server *s)
{
	return s->fault != NULL || !topmodel_is_up(s);
}

const struct statusjson_service *topmodel_service(const struct topmodel *m, const char *service)
{
	const struct statusjson *s = m->status;

	for (size_t i = 0; s != NULL && i < s->service_count; i++)
		if (strcmp(s->services[i].name, service) == 0)
			return &s->services[i];
	return NULL;
}

const struct statusjson_server *topmodel_server(const struct topmodel *m, const char *service,
                                                const char *server)
{
	const struct statusjson_service *s = topmodel_service(m, service);

	for (size_t i = 0; s != NULL && i < s->server_count; i++)
		if (strcmp(s->servers[i].name, server) == 0)
			return &s->servers[i];
	return NULL;
}
