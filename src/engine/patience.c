/* SPDX-License-Identifier: MIT */
#include "patience.h"

/* Sessions that began together do not end together: up to a tenth of their time is taken off. */
enum { YOUTH_STEPS = UINT8_MAX + 1, YOUTH_PART = 10 };

int64_t patience_client(const struct session *s)
{
	uint32_t limit = s->through->frontend->settings->client_ms;

	return limit ? s->last_active_ms + limit - s->host->now_ms : INT64_MAX;
}

int64_t patience_idle(const struct session *s, enum reason *ret)
{
	const struct settings_timeouts *t = &session_service(s)->settings->timeout;
	const struct settings_frontend *f = s->through->frontend->settings;
	const struct relay *to_server = &s->ends.flow[DUPLEX_CLIENT];
	const struct relay *to_client = &s->ends.flow[DUPLEX_SERVER];
	uint32_t client = to_client->shut && f->client_fin_ms ? f->client_fin_ms : f->client_ms;
	uint32_t server = to_server->shut && t->server_fin_ms ? t->server_fin_ms : t->server_ms;
	bool by_client = client && (!server || client <= server);
	uint32_t limit;

	/* Of two equal limits the end that is being waited for gives the reason. */
	if (by_client && client == server && to_server->tail && !to_client->tail)
		by_client = false;
	*ret = by_client ? REASON_CLIENT_IDLE : REASON_SERVER_IDLE;
	limit = by_client ? client : server;
	return limit ? s->last_active_ms + limit - s->host->now_ms : INT64_MAX;
}

int64_t patience_age(const struct session *s)
{
	const struct settings_service *set = session_service(s)->settings;
	uint64_t max = set->max_session_age_ms;

	if (!max || s->leaving || s->wire.phase == PGWIRE_BLIND)
		return INT64_MAX;
	max -= max * s->youth / ((uint64_t)YOUTH_STEPS * YOUTH_PART);
	return s->accepted_ms + (int64_t)max - s->host->now_ms;
}

int64_t patience_answer(const struct session *s)
{
	/* Even a login with a slow hash begins with a question at once. */
	enum { ANSWER_MS = 250 };

	if (!s->errand || !s->errand->said || s->unanswered || s->wire.phase == PGWIRE_BLIND)
		return INT64_MAX;
	return s->last_active_ms + ANSWER_MS - s->host->now_ms;
}
