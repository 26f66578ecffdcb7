/* SPDX-License-Identifier: MIT */
#include "successor.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "control/legacy.h"
#include "control/privileges.h"
#include "core/topology_gone.h"
#include "engine/listener.h"
#include "engine/worker.h"
#include "legacyline.h"
#include "net/sock.h"
#include "succession.h"
#include "successorparts.h"
#include "supervising.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The predecessor gives up after 30 s by itself. */
enum { STATE_LIMIT_MS = 40000 };

/* --- ancestors ---------------------------------------------------------------------------- */

static void on_word(struct ev_loop *loop, ev_io *w, int revents);

static void add(struct successor *h, int fd)
{
	struct ancestor *a = mem_zalloc(sizeof(*a));

	a->h = h;
	a->fd = fd;
	a->book = carried_book_new();
	ev_io_init(&a->io, on_word, fd, EV_READ);
	TAILQ_INSERT_TAIL(&h->ancestors, a, link);
	h->count++;
}

static void release(struct ancestor *a)
{
	ev_io_stop(a->h->s->loop, &a->io);
	close(a->fd);
	carried_book_free(a->book);
	text_release(&a->unsent);
	free(a);
}

static void drop(struct ancestor *a)
{
	struct successor *h = a->h;

	TAILQ_REMOVE(&a->h->ancestors, a, link);
	a->h->count--;
	release(a);
	successor_count(h);
}

/* --- what belongs to the process that serves ---------------------------------------------- */

static void become_owner(struct successor *h)
{
	struct supervisor *s = h->s;
	const char *path = s->settings->pidfile;
	struct error err;

	if (h->owner)
		return;
	h->owner = true;
	sock_share(&(struct sock_sharing){ .keep_files = s->options.under_master });
	if (path && privileges_write_pidfile(path, &err))
		s->has_pidfile = true;
	else if (path)
		log_warn("%s: it still names the process before", err.text);
}

/* --- what a predecessor says -------------------------------------------------------------- */

static void take_process(struct successor *h, const struct legacyline *l)
{
	if (legacyline_get(l, "next_session", UINT64_MAX / 2, &h->first_session))
		worker_next_session(h->first_session);
	legacyline_get(l, "conn_rate_max", UINT64_MAX, &h->s->daemon.conn_rate_max);
}

static void take_listener(const struct successor *h, const struct legacyline *l)
{
	const char *frontend = legacyline_find(l, "frontend");
	const char *bind = legacyline_find(l, "bind");
	uint64_t accepted;

	if (!frontend || !bind || !legacyline_get(l, "accepted", UINT64_MAX, &accepted))
		return;
	for (size_t i = 0; i < h->s->listener_count; i++) {
		struct listener *listener = h->s->listeners[i];

		if (strcmp(listener->frontend->settings->name, frontend) != 0 ||
		    strcmp(listener->bind->text, bind) != 0)
			continue;
		atomic_store_explicit(&listener->accepted, accepted, memory_order_relaxed);
		h->s->daemon.last_accepted += accepted;
		return;
	}
}

/* A line of the state; true at its end. */
static bool take_line(struct successor *h, char *line, int *fd)
{
	struct legacyline l;

	if (strcmp(line, "go") == 0)
		return true;
	if (strcmp(line, "stream") == 0 && *fd != -1) {
		add(h, *fd);
		*fd = -1;
	} else if (strncmp(line, "process ", 8) == 0 && legacyline_parse(line, &l)) {
		take_process(h, &l);
	} else if (strncmp(line, "listener ", 9) == 0 && legacyline_parse(line, &l)) {
		take_listener(h, &l);
	} else {
		legacy_take(h->s->daemon.topology, line);
	}
	return false;
}

/* Afterwards. */
static void hear(struct ancestor *a, char *line)
{
	uint64_t left;

	if (strcmp(line, "yours") == 0)
		become_owner(a->h);
	else if (strncmp(line, "left ", 5) == 0 && number_parse(line + 5, UINT32_MAX, &left))
		a->left = (uint32_t)left;
	else if (carried_book_take(a->book, line))
		a->left = carried_book_process(a->book)->sessions;
	else
		legacy_take(a->h->s->daemon.topology, line);
}

static void on_word(struct ev_loop *loop, ev_io *w, int revents)
{
	struct ancestor *a = container_of(w, struct ancestor, io);
	struct successor *h = a->h;
	char *rest = h->lines;
	char *line;
	int fd;

	(void)loop;
	(void)revents;
	switch (succession_receive(a->fd, 0, h->lines, &fd)) {
	case SUCCESSION_MESSAGE:
		if (fd != -1)
			close(fd);
		while ((line = succession_line(&rest)))
			hear(a, line);
		successor_count(h);
		break;
	case SUCCESSION_NOTHING:
		break;
	case SUCCESSION_GONE:
		drop(a);
		/* The direct one may have died in the middle of it: somebody has to. */
		become_owner(h);
		break;
	}
}

/* --- taking over -------------------------------------------------------------------------- */

/* True when there is no more. */
static bool take_message(struct successor *h, int fd)
{
	char *rest = h->lines;
	char *line;
	bool done = false;

	while (!done && (line = succession_line(&rest)))
		done = take_line(h, line, &fd);
	if (fd != -1)
		close(fd);
	return done;
}

/* One that dies leaves its clients to us, with as much of its state as has come. */
static bool receive_state(struct successor *h, int from)
{
	int fd;

	for (;;) {
		switch (succession_receive(from, STATE_LIMIT_MS, h->lines, &fd)) {
		case SUCCESSION_MESSAGE:
			if (take_message(h, fd))
				return true;
			break;
		case SUCCESSION_NOTHING:
			return false;
		case SUCCESSION_GONE:
			return true;
		}
	}
}

bool successor_take_over(struct successor *h, struct error *err)
{
	int from = TAILQ_FIRST(&h->ancestors)->fd;

	succession_say(from, "ready", -1);
	if (!receive_state(h, from))
		return error_set(err, "the process that this one was to follow says nothing");
	legacy_settle(h->s->daemon.topology);
	h->s->daemon.last_bytes_out = topology_gone_bytes_out(h->s->daemon.topology);
	return true;
}

void successor_accepting(struct successor *h)
{
	succession_say(TAILQ_FIRST(&h->ancestors)->fd, "accepting", -1);
	successor_ask(h);
	successor_listen(h, true);
}

/* --- afterwards --------------------------------------------------------------------------- */

uint32_t successor_sessions(const struct successor *h, size_t *ret_count)
{
	const struct ancestor *a;
	uint32_t n = 0;

	*ret_count = 0;
	if (!h)
		return 0;
	*ret_count = h->count;
	TAILQ_FOREACH(a, &h->ancestors, link)
		n += a->left;
	return n;
}

void successor_dismiss(struct successor *h, uint32_t limit_ms)
{
	const struct ancestor *a;
	AUTO_TEXT line = { 0 };

	if (!h)
		return;
	text_addf(&line, "leave %u", limit_ms);
	TAILQ_FOREACH(a, &h->ancestors, link)
		succession_say(a->fd, text_str(&line), -1);
}

void successor_listen(struct successor *h, bool on)
{
	struct ancestor *a;

	if (!h)
		return;
	TAILQ_FOREACH(a, &h->ancestors, link) {
		if (on)
			ev_io_start(h->s->loop, &a->io);
		else
			ev_io_stop(h->s->loop, &a->io);
	}
}

size_t successor_streams(const struct successor *h, int *ret, size_t most)
{
	const struct ancestor *a;
	size_t count = 0;

	if (!h)
		return 0;
	TAILQ_FOREACH(a, &h->ancestors, link)
		if (count < most)
			ret[count++] = a->fd;
	return count;
}

struct successor *successor_new(struct supervisor *s, int channel)
{
	struct successor *h = mem_zalloc(sizeof(*h));

	h->s = s;
	h->lines = mem_zalloc(SUCCESSION_MESSAGE_MAX + 1);
	/* Not what another process has numbered. */
	h->seq = (uint64_t)getpid() << 32;
	TAILQ_INIT(&h->ancestors);
	add(h, channel);
	return h;
}

void successor_free(struct successor *h)
{
	struct ancestor *a;

	if (!h)
		return;
	h->s->daemon.predecessors = (struct daemon_predecessors){ 0 };
	while ((a = TAILQ_FIRST(&h->ancestors))) {
		TAILQ_REMOVE(&h->ancestors, a, link);
		release(a);
	}
	successor_count(h);
	free(h->lines);
	free(h);
}
