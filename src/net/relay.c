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

/* One read and its write.  RELAY_IDLE with `*full` means that there may be more. */
static enum relay_status move_once(struct relay *r, int source, int dest, struct relay_space *space,
                                   bool *full)
{
	ssize_t got = recv(source, space->buffer, space->size, 0);
	ssize_t sent;

	*full = got == (ssize_t)space->size || (got == -1 && errno == EINTR);
	if (got == 0)
		return finish(r, dest);
	if (got == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
		           ? RELAY_IDLE
		           : RELAY_SOURCE_FAILED;
	r->bytes += (uint64_t)got;
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
	ssize_t got = 0;

	assert(!r->tail && len && len <= space->size);
	if (keep(r, space, bytes, len) == RELAY_NO_MEMORY)
		return RELAY_NO_MEMORY;
	if (len < space->size)
		got = recv(source, r->tail->bytes + len, space->size - len, 0);
	/* An end of the source is seen again by the next read. */
	if (got == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		return RELAY_SOURCE_FAILED;
	if (got > 0) {
		r->bytes += (uint64_t)got;
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
		status = flush(r, dest, space);
	for (int i = 0; i < TURNS && status == RELAY_IDLE && full; i++)
		status = move_once(r, source, dest, space, &full);
	return status;
}
