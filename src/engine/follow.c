/* SPDX-License-Identifier: MIT */
#include "follow.h"

#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* An error message that is longer is passed on unread. */
enum { ANSWER_MAX = 2048 };

void follow_begin(struct session *s, bool pgwire)
{
	s->follows = pgwire;
	s->wire.phase = pgwire ? PGWIRE_FIRST : PGWIRE_BLIND;
	if (pgwire)
		s->youth = (uint8_t)rng_next(&s->host->rng);
}

static void saw(void *ctx, const struct relay *r, const void *bytes, size_t len)
{
	struct session *s = ctx;

	if (r == &s->ends.flow[DUPLEX_CLIENT]) {
		if (s->ends.replaceable)
			replay_keep(s, bytes, len);
		pgwire_from_client(&s->wire, bytes, len);
		s->ends.parting = pgwire_is_over(&s->wire);
	} else {
		if (s->ends.replaceable)
			replay_heard(s, bytes, len);
		pgwire_from_server(&s->wire, bytes, len);
	}
}

void follow_watch(struct session *s)
{
	if (!s->ends.replaceable && s->wire.phase == PGWIRE_BLIND)
		return;
	s->host->space.saw = saw;
	s->host->space.ctx = s;
}

void follow_unwatch(struct session *s)
{
	s->host->space.saw = NULL;
}

/* --- the first answer --------------------------------------------------------------------- */

static bool set_low_water(const struct session *s, int bytes)
{
	return setsockopt(s->ends.io[DUPLEX_SERVER].fd, SOL_SOCKET, SO_RCVLOWAT, &bytes,
	                  sizeof(bytes)) == 0;
}

static enum follow_verdict pass(struct session *s)
{
	if (s->errand->peeked)
		set_low_water(s, 1);
	s->errand->peeked = 0;
	return FOLLOW_PASS;
}

/* The loop is not to be woken for the same bytes again; a UNIX socket knows no low-water mark. */
static enum follow_verdict wait_for_more(struct session *s, size_t got)
{
	if (got > ANSWER_MAX || got == s->errand->peeked || s->server->unix_addr.len ||
	    !set_low_water(s, (int)got + 1))
		return pass(s);
	s->errand->peeked = (uint16_t)got;
	return FOLLOW_WAIT;
}

static enum follow_verdict judge(struct session *s, const void *bytes, size_t len)
{
	switch (pgwire_answer(bytes, len)) {
	case PGWIRE_ANSWER_PARTIAL:
		return wait_for_more(s, len);
	case PGWIRE_ANSWER_LEAVING:
		pass(s);
		return FOLLOW_LEAVING;
	case PGWIRE_ANSWER_OTHER:
		break;
	}
	return pass(s);
}

/*
 * A CancelRequest (the wire is blind then) is closed without an answer, everything else in clear
 * gets one from a server that lives.
 */
enum follow_verdict follow_peek(struct session *s)
{
	const struct duplex *d = &s->ends;
	struct relay_space *space = &s->host->space;
	ssize_t got;

	if (s->wire.phase == PGWIRE_BLIND || d->flow[DUPLEX_SERVER].eof)
		return FOLLOW_PASS;
	got = recv(d->io[DUPLEX_SERVER].fd, space->buffer, space->size, MSG_PEEK);
	if (got > 0)
		return judge(s, space->buffer, (size_t)got);
	if (got == 0)
		return d->flow[DUPLEX_CLIENT].eof ? FOLLOW_PASS : FOLLOW_GONE;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? FOLLOW_PASS
	                                                                 : FOLLOW_FAILED;
}

/* --- the end between two transactions ----------------------------------------------------- */

bool follow_sees(const struct session *s)
{
	return s->wire.phase != PGWIRE_BLIND;
}

static bool is_settled(const struct duplex *d, enum duplex_end end)
{
	return !d->flow[end].tail && !d->flow[end].eof && !d->dead[end];
}

/* A request may have arrived that nobody has read yet. */
bool follow_is_idle(struct session *s)
{
	return s->phase == SESSION_RELAYING && pgwire_is_idle(&s->wire) &&
	       is_settled(&s->ends, DUPLEX_CLIENT) && is_settled(&s->ends, DUPLEX_SERVER) &&
	       duplex_is_watched(&s->ends) && !duplex_is_ready(&s->ends);
}

bool follow_part(struct session *s, enum reason reason)
{
	static const char terminate[] = { 'X', 0, 0, 0, 4 };
	char text[PGWIRE_FATAL_MAX];
	char fatal[PGWIRE_FATAL_MAX];
	size_t len;

	snprintf(text, sizeof(text), "terminating connection: %s", reason_words(reason));
	len = pgwire_write_fatal(fatal, sizeof(fatal), "57P01", text);
	if (send(s->ends.io[DUPLEX_CLIENT].fd, fatal, len, MSG_NOSIGNAL) == -1)
		return false;
	/* Without it the server would only find its client gone. */
	send(s->ends.io[DUPLEX_SERVER].fd, terminate, sizeof(terminate), MSG_NOSIGNAL);
	return true;
}
