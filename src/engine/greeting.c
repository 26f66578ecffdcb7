/* SPDX-License-Identifier: MIT */
#include "greeting.h"

#include "dial.h"
#include "net/proxyproto.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Without a client time-out. */
#define LONGEST_MS 10000

/* Words of HAProxy's log for what only the connection can tell. */
#define CLOSED    "Connection closed while waiting for PROXY protocol header"
#define TRUNCATED "Truncated PROXY protocol header received"

/* `why`: for the log; lives for ever. */
static void refuse(struct session *s, const char *why)
{
	s->errand->refusal = why;
	session_close(s, REASON_BAD_PROXY_HEADER);
}

/* The client is gone, or its time is over. */
static void refuse_early(struct session *s)
{
	refuse(s, s->errand->kept && s->errand->kept->end ? TRUNCATED : CLOSED);
}

/* Room for what must be remembered of the header; false: there is none. */
static bool has_room(struct session *s, size_t len)
{
	return notes_room(&s->host->notes, &s->errand->kept, len);
}

static void forget(struct session *s)
{
	notes_put(&s->host->notes, &s->errand->kept);
}

/* Takes `n` bytes off the socket that are known to be there. */
static bool consume(const struct session *s, char *to, size_t n)
{
	return recv(s->ends.io[DUPLEX_CLIENT].fd, to, n, 0) == (ssize_t)n;
}

static void keep_beginning(struct session *s, const char *bytes, size_t n)
{
	if (!has_room(s, n)) {
		session_close(s, REASON_RESOURCES);
		return;
	}
	memcpy(s->errand->kept->bytes + s->errand->kept->end, bytes, n);
	s->errand->kept->end += (uint32_t)n;
}

/* What a LOCAL header says of addresses is not meant. */
static void take_over(struct session *s, const struct proxyproto_header *h)
{
	if (!h->is_local && h->source.len)
		s->client = s->errand->ticket.request.client = addr_pack(&h->source);
	if (!h->is_local && h->destination.len)
		s->errand->ticket.request.local = addr_pack(&h->destination);
	forget(s);
	if (h->tlv_len) {
		if (!has_room(s, h->tlv_len)) {
			session_close(s, REASON_RESOURCES);
			return;
		}
		memcpy(s->errand->kept->bytes, h->tlvs, h->tlv_len);
		s->errand->kept->end = (uint32_t)h->tlv_len;
	}
	ev_io_stop(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
	counter_add(&s->through->frontend->count, COUNTER_SESSIONS, 1);
	counter_add(&session_service(s)->count, COUNTER_SESSIONS, 1);
	dial_begin(s);
}

/* `had` bytes at `at` were taken before, `got` are only peeked at. */
static void judge(struct session *s, char *at, size_t had, size_t got)
{
	struct proxyproto_header h;

	switch (proxyproto_parse(at, had + got, &h)) {
	case PROXYPROTO_NEED_MORE: /* so all of it belongs to the header */
		if (consume(s, at + had, got))
			keep_beginning(s, at + had, got);
		else
			refuse_early(s);
		break;
	case PROXYPROTO_BAD:
		refuse(s, h.haproxy_reason);
		break;
	case PROXYPROTO_DONE:
		if (consume(s, at + had, h.len - had))
			take_over(s, &h);
		else
			refuse_early(s);
		break;
	}
}

static void ready(struct session *s)
{
	char *at = s->host->space.buffer;
	size_t had = s->errand->kept ? s->errand->kept->end : 0;
	ssize_t got;

	if (had)
		memcpy(at, s->errand->kept->bytes, had);
	got = recv(s->ends.io[DUPLEX_CLIENT].fd, at + had, PROXYPROTO_MAX - had, MSG_PEEK);
	if (got > 0)
		judge(s, at, had, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		refuse_early(s);
}

static void time_passed(struct session *s, bool over)
{
	if (over)
		refuse_early(s);
}

void greeting_begin(struct session *s)
{
	static const struct session_stage stage = { ready, time_passed, NULL };
	uint32_t limit = s->through->frontend->settings->client_ms;

	if (!s->through->bind->accept_proxy) {
		dial_begin(s);
		return;
	}
	assert(s->host->space.size >= PROXYPROTO_MAX);
	s->errand->stage = &stage;
	s->phase = SESSION_GREETING;
	ev_io_start(s->host->loop, &s->ends.io[DUPLEX_CLIENT]);
	session_wait(s, limit ? limit : LONGEST_MS);
}
