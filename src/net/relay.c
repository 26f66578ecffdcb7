/* SPDX-License-Identifier: MIT */
#include "net/relay.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TURNS = 4,           /* full buffers moved in one turn before other sessions get theirs */
	TAILS_PER_CHUNK = 8, /* of the small ones */
	LARGE = 262144,      /* bytes of a large tail: as many are moved in one turn */
	SPLICED = 1048576,   /* the same of a splice */
	BULKY = 32768,       /* bytes that it is cheaper to splice than to copy */
	UP = 4,              /* shifts up after so many large moves in a row, */
	DOWN = -8,           /* and down after so many small ones */
	LARGE_TAILS = 32     /* of a space, at most */
};

_Static_assert(sizeof(struct relay) == 24, "there are two in each session");

static size_t whole_lines(size_t size)
{
	return (size + RELAY_ALIGN - 1) / RELAY_ALIGN * RELAY_ALIGN;
}

bool relay_space_init(struct relay_space *s, uint32_t size, uint32_t max_tails, uint32_t max_pipes)
{
	s->buffer = aligned_alloc(RELAY_ALIGN, whole_lines(size));
	s->size = size;
	s->saw = NULL;
	slab_init(&s->tails, whole_lines(sizeof(struct relay_tail) + size), TAILS_PER_CHUNK,
	          max_tails);
	slab_init(&s->large_tails, whole_lines(sizeof(struct relay_tail) + LARGE), 1, LARGE_TAILS);
	pipes_init(&s->pipes, max_pipes);
	return s->buffer != NULL;
}

void relay_space_release(struct relay_space *s)
{
	free(s->buffer);
	slab_release(&s->tails);
	slab_release(&s->large_tails);
	pipes_release(&s->pipes);
}

uint32_t relay_unsent(const struct relay *r)
{
	if (!r->tail)
		return 0;
	return r->gear == RELAY_SPLICE ? r->pipe->held : r->tail->end - r->tail->at;
}

void relay_drop(struct relay *r, struct relay_space *space)
{
	if (!r->tail)
		return;
	switch ((enum relay_gear)r->gear) {
	case RELAY_SMALL:
		slab_put(&space->tails, r->tail);
		break;
	case RELAY_LARGE:
		slab_put(&space->large_tails, r->tail);
		break;
	case RELAY_SPLICE:
		pipes_put(&space->pipes, r->pipe);
		break;
	}
	r->tail = NULL;
}

void relay_redirect(struct relay *r, struct relay_space *space)
{
	relay_drop(r, space);
	r->eof = false;
	r->shut = false;
	r->broken = false;
	r->gear = RELAY_SMALL;
	r->run = 0;
}

static bool is_later(int errnum)
{
	return errnum == EAGAIN || errnum == EWOULDBLOCK || errnum == EINTR;
}

static void take(struct relay *r, const struct relay_space *space, const char *bytes, size_t len)
{
	r->bytes += len;
	if (space->saw)
		space->saw(space->ctx, r, bytes, len);
}

/* --- copying ------------------------------------------------------------------------------ */

/* Bytes that the destination took; -1 if it failed. */
static ssize_t push(int dest, const char *bytes, size_t len)
{
	ssize_t n;

	do {
		n = send(dest, bytes, len, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

static enum relay_status keep(struct relay *r, struct relay_space *space, const char *bytes,
                              size_t len)
{
	assert(r->gear == RELAY_SMALL);
	r->tail = slab_get(&space->tails);
	if (!r->tail)
		return RELAY_NO_MEMORY;
	memcpy(r->tail->bytes, bytes, len);
	r->tail->at = 0;
	r->tail->end = (uint32_t)len;
	return RELAY_BLOCKED;
}

static enum relay_status flush_tail(struct relay *r, int dest, struct relay_space *space)
{
	struct relay_tail *t = r->tail;
	ssize_t n = push(dest, t->bytes + t->at, t->end - t->at);

	if (n == -1)
		return RELAY_DEST_FAILED;
	t->at += (uint32_t)n;
	if (t->at < t->end)
		return RELAY_BLOCKED;
	relay_drop(r, space);
	return RELAY_IDLE;
}

/* What a read that brought nothing means. */
static enum relay_status lack(struct relay *r, ssize_t got)
{
	if (got == -1)
		return is_later(errno) ? RELAY_IDLE : RELAY_SOURCE_FAILED;
	r->eof = true;
	r->shut = true;
	return RELAY_FINISHED;
}

/* How much may be read, if there is room for so much. */
static size_t allowed(const struct relay *r, const struct relay_gate *gate, size_t room)
{
	uint64_t left = UINT64_MAX;

	if (gate)
		left = gate->until > r->bytes ? gate->until - r->bytes : 0;
	return left < room ? (size_t)left : room;
}

/* One read and its write.  RELAY_IDLE with `*full` means that there may be more. */
static enum relay_status move_small(struct relay *r, int source, int dest,
                                    const struct relay_gate *gate, struct relay_space *space,
                                    bool *full)
{
	size_t room = allowed(r, gate, space->size);
	ssize_t got;
	ssize_t sent;

	*full = false;
	if (!room)
		return RELAY_IDLE;
	got = recv(source, space->buffer, room, 0);
	*full = got == (ssize_t)room || (got == -1 && errno == EINTR);
	if (got <= 0)
		return lack(r, got);
	if (!*full)
		r->run = 0;
	else if (r->run < UP)
		r->run++;
	take(r, space, space->buffer, (size_t)got);
	sent = push(dest, space->buffer, (size_t)got);
	if (sent == -1)
		return RELAY_DEST_FAILED;
	if (sent < got)
		return keep(r, space, space->buffer + sent, (size_t)(got - sent));
	return RELAY_IDLE;
}

/* --- bulk --------------------------------------------------------------------------------- */

static void shift(struct relay *r, enum relay_gear gear)
{
	r->gear = (uint8_t)gear;
	r->run = 0;
}

static void weigh(struct relay *r, size_t moved)
{
	bool bulky = moved >= BULKY;

	if (bulky ? r->run < 0 : r->run > 0)
		r->run = 0;
	if (bulky && r->run < UP)
		r->run++;
	else if (!bulky && r->run > DOWN)
		r->run--;
}

/* Nothing is kept: the gear can be changed. */
static void choose(struct relay *r, const struct relay_gate *gate, const struct relay_space *space)
{
	enum relay_gear highest = gate ? RELAY_SMALL : space->saw ? RELAY_LARGE : RELAY_SPLICE;

	if (r->gear > highest)
		shift(r, highest);
	else if (r->run >= UP && r->gear < highest)
		shift(r, (enum relay_gear)(r->gear + 1));
	else if (r->run <= DOWN && r->gear > RELAY_SMALL)
		shift(r, (enum relay_gear)(r->gear - 1));
}

/*
 * A splice that brings nothing counts as a small move: urgent data, which it never passes, must not
 * keep the loop busy for ever.  Where the kernel can not splice, or has no memory for it, bytes are
 * copied; also when it says that there are no more, which after an end it says at an urgent byte,
 * too: only a read knows.
 */
static enum relay_status lack_bulk(struct relay *r, ssize_t got, struct relay_space *space)
{
	int errnum = errno;
	bool unfit = r->gear == RELAY_SPLICE && (got == 0 || errnum == EINVAL || errnum == ENOMEM ||
	                                         errnum == ENOSYS || errnum == EPERM);

	relay_drop(r, space);
	errno = errnum;
	if (unfit) {
		shift(r, RELAY_LARGE);
		return RELAY_IDLE;
	}
	weigh(r, 0);
	return lack(r, got);
}

/* The tail itself is read into, so that nothing has to be kept by copying. */
static enum relay_status move_large(struct relay *r, int source, int dest,
                                    struct relay_space *space)
{
	ssize_t got = recv(source, r->tail->bytes, LARGE, 0);

	if (got <= 0)
		return lack_bulk(r, got, space);
	r->tail->at = 0;
	r->tail->end = (uint32_t)got;
	weigh(r, (size_t)got);
	take(r, space, r->tail->bytes, (size_t)got);
	return flush_tail(r, dest, space);
}

/*
 * A pipe that is not empty can only be waiting for the destination, one that is empty only for the
 * source: so it is known what EAGAIN is about.
 */
static enum relay_status flush_pipe(struct relay *r, int dest, struct relay_space *space)
{
	struct pipes_pipe *p = r->pipe;
	ssize_t n;

	do {
		n = splice(p->out, NULL, dest, NULL, p->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? RELAY_BLOCKED : RELAY_DEST_FAILED;
	p->held -= (uint32_t)n;
	if (p->held)
		return RELAY_BLOCKED;
	relay_drop(r, space);
	return RELAY_IDLE;
}

static enum relay_status move_spliced(struct relay *r, int source, int dest,
                                      struct relay_space *space)
{
	ssize_t got =
	    splice(source, NULL, r->pipe->in, NULL, SPLICED, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got <= 0)
		return lack_bulk(r, got, space);
	r->pipe->held = (uint32_t)got;
	r->bytes += (uint64_t)got;
	weigh(r, (size_t)got);
	return flush_pipe(r, dest, space);
}

static enum relay_status flush(struct relay *r, int dest, struct relay_space *space)
{
	return r->gear == RELAY_SPLICE ? flush_pipe(r, dest, space) : flush_tail(r, dest, space);
}

/* ------------------------------------------------------------------------------------------ */

enum relay_status relay_preface(struct relay *r, int source, const struct relay_gate *gate,
                                const void *bytes, size_t len, struct relay_space *space)
{
	size_t room = allowed(r, gate, space->size - len);
	ssize_t got = 0;

	assert(!r->tail && len && len <= space->size);
	if (keep(r, space, bytes, len) == RELAY_NO_MEMORY)
		return RELAY_NO_MEMORY;
	if (room)
		got = recv(source, r->tail->bytes + len, room, 0);
	/* An end of the source is seen again by the next read. */
	if (got == -1 && !is_later(errno))
		return RELAY_SOURCE_FAILED;
	if (got > 0) {
		take(r, space, r->tail->bytes + len, (size_t)got);
		r->tail->end += (uint32_t)got;
	}
	return RELAY_IDLE;
}

/* One turn in a higher gear.  False: there is no buffer or pipe for it, and nothing was done. */
static bool move_bulk(struct relay *r, int source, int dest, struct relay_space *space,
                      enum relay_status *status)
{
	if (r->gear == RELAY_SPLICE) {
		r->pipe = pipes_get(&space->pipes);
		if (r->pipe) {
			*status = move_spliced(r, source, dest, space);
			return true;
		}
		shift(r, RELAY_LARGE);
	}
	r->tail = slab_get(&space->large_tails);
	if (r->tail) {
		*status = move_large(r, source, dest, space);
		return true;
	}
	shift(r, RELAY_SMALL);
	return false;
}

enum relay_status relay_pump(struct relay *r, int source, int dest, const struct relay_gate *gate,
                             struct relay_space *space)
{
	enum relay_status status = RELAY_IDLE;
	bool full = true;

	assert(!r->shut);
	if (r->tail)
		status = gate && gate->closed ? RELAY_BLOCKED : flush(r, dest, space);
	if (status != RELAY_IDLE)
		return status;
	if (r->run || r->gear) {
		choose(r, gate, space);
		if (r->gear && move_bulk(r, source, dest, space, &status))
			return status;
	}
	for (int i = 0; i < TURNS && status == RELAY_IDLE && full; i++)
		status = move_small(r, source, dest, gate, space, &full);
	return status;
}
