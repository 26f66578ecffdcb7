/* SPDX-License-Identifier: MIT */
#include "net/relay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Full buffers moved in one turn before other sessions get theirs. */
enum { TURNS = 4, TAILS_PER_CHUNK = 8 };

bool relay_space_init(struct relay_space *s, uint32_t size, uint32_t max_tails)
{
	s->buffer = malloc(size);
	s->size = size;
	s->saw = NULL;
	slab_init(&s->tails, sizeof(struct relay_tail) + size, TAILS_PER_CHUNK, max_tails);
	return s->buffer != NULL;
}

void relay_space_release(struct relay_space *s)
{
	free(s->buffer);
	slab_release(&s->tails);
}

void relay_drop(struct relay *r, struct relay_space *space)
{
	if (r->tail)
		slab_put(&space->tails, r->tail);
	r->tail = NULL;
}

void relay_redirect(struct relay *r, struct relay_space *space)
{
	relay_drop(r, space);
	r->eof = false;
	r->shut = false;
}

static void take(struct relay *r, const struct relay_space *space, const char *bytes, size_t len)
{
	r->bytes += len;
	if (space->saw)
		space->saw(space->ctx, r, bytes, len);
}

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
	r->tail = slab_get(&space->tails);
	if (!r->tail)
		return RELAY_NO_MEMORY;
	memcpy(r->tail->bytes, bytes, len);
	r->tail->at = 0;
	r->tail->end = (uint32_t)len;
	return RELAY_BLOCKED;
}

static enum relay_status flush(struct relay *r, int dest, struct relay_space *space)
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

/* The destination may be gone already; that shows when it is read from. */
static enum relay_status finish(struct relay *r, int dest)
{
	r->eof = true;
	r->shut = true;
	shutdown(dest, SHUT_WR);
	return RELAY_FINISHED;
}

/* How much may be read, if there is room for so much. */
static size_t allowed(const struct relay *r, size_t room)
{
	uint64_t left = UINT64_MAX;

	if (r->gate)
		left = r->gate->until > r->bytes ? r->gate->until - r->bytes : 0;
	return left < room ? (size_t)left : room;
}

/* One read and its write.  RELAY_IDLE with `*full` means that there may be more. */
static enum relay_status move_once(struct relay *r, int source, int dest, struct relay_space *space,
                                   bool *full)
{
	size_t room = allowed(r, space->size);
	ssize_t got;
	ssize_t sent;

	*full = false;
	if (!room)
		return RELAY_IDLE;
	got = recv(source, space->buffer, room, 0);
	*full = got == (ssize_t)room || (got == -1 && errno == EINTR);
	if (got == 0)
		return finish(r, dest);
	if (got == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
		           ? RELAY_IDLE
		           : RELAY_SOURCE_FAILED;
	take(r, space, space->buffer, (size_t)got);
	sent = push(dest, space->buffer, (size_t)got);
	if (sent == -1)
		return RELAY_DEST_FAILED;
	if (sent < got)
		return keep(r, space, space->buffer + sent, (size_t)(got - sent));
	return RELAY_IDLE;
}

enum relay_status relay_preface(struct relay *r, int source, const void *bytes, size_t len,
                                struct relay_space *space)
{
	size_t room = allowed(r, space->size - len);
	ssize_t got = 0;

	assert(!r->tail && len && len <= space->size);
	if (keep(r, space, bytes, len) == RELAY_NO_MEMORY)
		return RELAY_NO_MEMORY;
	if (room)
		got = recv(source, r->tail->bytes + len, room, 0);
	/* An end of the source is seen again by the next read. */
	if (got == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return RELAY_SOURCE_FAILED;
	if (got > 0) {
		take(r, space, r->tail->bytes + len, (size_t)got);
		r->tail->end += (uint32_t)got;
	}
	return RELAY_IDLE;
}

enum relay_status relay_pump(struct relay *r, int source, int dest, struct relay_space *space)
{
	enum relay_status status = RELAY_IDLE;
	bool full = true;

	assert(!r->shut);
	if (r->tail)
		status = r->gate && r->gate->closed ? RELAY_BLOCKED : flush(r, dest, space);
	for (int i = 0; i < TURNS && status == RELAY_IDLE && full; i++)
		status = move_once(r, source, dest, space, &full);
	return status;
}
