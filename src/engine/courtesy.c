/* SPDX-License-Identifier: MIT */
#include "courtesy.h"

#include "patience.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

/* From the refusal to the end: a client that is slower hears nothing, or may lose the answer. */
enum { LIMIT_MS = 2000 };

/* What has become of the client's words. */
enum heard { HEARD_PART, HEARD_ALL, HEARD_NONSENSE };

static void end(struct session *s)
{
	session_close(s, (enum reason)s->leaving_reason);
}

static void time_passed(struct session *s, bool over)
{
	if (over)
		end(s);
}

static int client_fd(const struct session *s)
{
	return s->ends.io[DUPLEX_CLIENT].fd;
}

static bool tell(const struct session *s, const void *bytes, size_t len)
{
	return send(client_fd(s), bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool is_later(ssize_t got)
{
	return got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Time is looked at here, too: the timer steps back while there is input. */
static bool is_late(const struct session *s)
{
	return s->host->now_ms >= s->errand->deadline_ms;
}

/* --- it has been told --------------------------------------------------------------------- */

/* Closed with something unread the kernel would send an RST, and the client lose our words. */
static void drain(struct session *s)
{
	const struct relay_space *space = &s->host->space;
	ssize_t got = recv(client_fd(s), space->buffer, space->size, 0);

	if ((got <= 0 && !is_later(got)) || is_late(s))
		end(s);
}

static bool refuse(const struct session *s)
{
	enum reason reason = (enum reason)s->leaving_reason;
	const char *code = "57P03";
	char text[PGWIRE_FATAL_MAX] = "server is shutting down";
	char fatal[PGWIRE_FATAL_MAX];
	size_t len;

	if (reason == REASON_SERVER_LEAVING)
		code = "57P01";
	else
		snprintf(text, sizeof(text), "cannot connect now: %s", reason_words(reason));
	len = pgwire_write_fatal(fatal, sizeof(fatal), code, text);
	return tell(s, fatal, len);
}

static void say_goodbye(struct session *s)
{
	static const struct session_stage told = { drain, time_passed, NULL };

	s->errand->stage = &told;
	if (!refuse(s) || shutdown(client_fd(s), SHUT_WR) == -1)
		end(s);
}

/* --- it has not asked yet ----------------------------------------------------------------- */

/* The first packet that is left in the words of the client; false: it has not come as a whole. */
static bool take_packet(struct note *said, enum pgwire_packet *ret)
{
	size_t len = 0;

	*ret = pgwire_packet(said->bytes + said->at, said->end - said->at, &len);
	if (*ret == PGWIRE_PARTIAL)
		return false;
	if (*ret == PGWIRE_CANCEL || *ret == PGWIRE_FOREIGN)
		return true;
	if (len > said->end - said->at)
		return false;
	said->at += (uint32_t)len;
	return true;
}

static enum heard hear(struct session *s)
{
	enum pgwire_packet packet;

	while (take_packet(s->errand->said, &packet)) {
		switch (packet) {
		case PGWIRE_SSL:
		case PGWIRE_GSS:
			if (!tell(s, "N", 1))
				return HEARD_NONSENSE;
			break;
		case PGWIRE_STARTUP:
			return HEARD_ALL;
		case PGWIRE_PARTIAL:
		case PGWIRE_CANCEL:
		case PGWIRE_FOREIGN:
			return HEARD_NONSENSE;
		}
	}
	return HEARD_PART;
}

static void answer(struct session *s)
{
	switch (hear(s)) {
	case HEARD_PART:
		break;
	case HEARD_ALL:
		say_goodbye(s);
		break;
	case HEARD_NONSENSE:
		end(s);
		break;
	}
}

/* Room for more words of the client; false: there is none. */
static bool has_room(struct session *s)
{
	return notes_room(&s->host->notes, &s->errand->said, 1);
}

static void listen_to(struct session *s)
{
	ssize_t got;

	if (is_late(s) || !has_room(s)) {
		end(s);
		return;
	}
	got = recv(client_fd(s), s->errand->said->bytes + s->errand->said->end,
	           s->errand->said->room - s->errand->said->end, 0);
	if (got > 0) {
		s->errand->said->end += (uint32_t)got;
		answer(s);
	} else if (!is_later(got)) {
		end(s);
	}
}

static uint32_t limit_ms(const struct session *s)
{
	int64_t left = patience_client(s);

	if (left >= LIMIT_MS)
		return LIMIT_MS;
	return left > 0 ? (uint32_t)left : 1;
}

void courtesy_refuse(struct session *s, enum reason reason)
{
	static const struct session_stage asks = { listen_to, time_passed, NULL };
	ev_io *io = &s->ends.io[DUPLEX_CLIENT];

	if (!s->follows) {
		session_close(s, reason);
		return;
	}
	if (s->errand->stage->leave)
		s->errand->stage->leave(s, reason);
	s->errand->stage = &asks;
	s->phase = SESSION_GREETING;
	s->leaving_reason = (uint8_t)reason;
	ev_io_stop(s->host->loop, io);
	ev_io_set(io, io->fd, EV_READ);
	ev_io_start(s->host->loop, io);
	session_wait(s, limit_ms(s));
	if (s->errand->said)
		answer(s);
}
