/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <string.h>

void replay_begin(struct session *s, bool wanted)
{
	s->ends.replaceable = wanted;
}

void replay_end(struct session *s)
{
	s->ends.replaceable = false;
	if (!s->errand)
		return;
	s->errand->warm = false;
	notes_put(&s->host->notes, &s->errand->said);
	notes_put(&s->host->notes, &s->errand->kept);
}

void replay_keep(struct session *s, const void *bytes, size_t len)
{
	struct errand *e = s->errand;

	if (!notes_room(&s->host->notes, &e->said, len)) {
		replay_end(s);
		return;
	}
	memcpy(e->said->bytes + e->said->end, bytes, len);
	e->said->end += (uint32_t)len;
}

void replay_heard(struct session *s, const void *bytes, size_t len)
{
	enum { REQUEST = 8 }; /* bytes of an SSLRequest or a GSSENCRequest */
	const struct note *said = s->errand->said;
	bool in_clear = s->wire.phase == PGWIRE_NEGOTIATING && len == 1 &&
	                *(const char *)bytes == 'N' && said && said->end == REQUEST;

	s->errand->warm = false;
	if (in_clear)
		notes_put(&s->host->notes, &s->errand->said);
	else
		replay_end(s);
}

static bool is_loss(enum reason why)
{
	return why == REASON_SERVER_RESET || why == REASON_SERVER_SILENT ||
	       why == REASON_SERVER_DOWN || why == REASON_SERVER_LEAVING;
}

/* A client that has left without a word needs no server any more. */
static bool has_left(const struct duplex *d, const struct note *said)
{
	return d->dead[DUPLEX_CLIENT] || (d->flow[DUPLEX_CLIENT].eof && !said);
}

bool replay_is_possible(const struct session *s, enum reason why)
{
	const struct relay *from_server = &s->ends.flow[DUPLEX_SERVER];

	return s->phase == SESSION_RELAYING && is_loss(why) && s->ends.replaceable &&
	       !from_server->eof && !from_server->tail && !has_left(&s->ends, s->errand->said);
}

bool replay_is_stale(const struct session *s, enum reason why)
{
	return s->errand->warm && (why == REASON_SERVER_RESET || why == REASON_SERVER_SILENT);
}

void replay_detach(struct session *s, enum reason why)
{
	if (!replay_is_stale(s, why))
		counter_add(&s->server->count, COUNTER_REPLAYED, 1);
	duplex_replace(&s->ends, s->host->loop, &s->host->space, why != REASON_SERVER_LEAVING);
	s->wire = (struct pgwire){ .phase = s->follows ? PGWIRE_FIRST : PGWIRE_BLIND };
	s->errand->peeked = 0;
	/* Whoever wished that it leaves meant the server that it had. */
	s->leaving = false;
	s->unanswered = false;
	s->last_active_ms = s->host->now_ms;
}

size_t replay_preface(struct session *s, const void *header, size_t len)
{
	struct relay_space *space = &s->host->space;
	const struct note *said = s->errand->said;
	size_t again = said ? said->end : 0;

	if (len + again > space->size)
		return SIZE_MAX;
	if (len)
		memcpy(space->buffer, header, len);
	if (again) {
		memcpy(space->buffer + len, said->bytes, again);
		pgwire_from_client(&s->wire, said->bytes, again);
	}
	return len + again;
}
