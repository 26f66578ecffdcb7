/* SPDX-License-Identifier: MIT */
#include "net/pipes.h"

#include "base/error.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Empty ones that are kept open for the next that want one. */
enum { SPARE_MOST = 8 };

void pipes_init(struct pipes *p, uint32_t max)
{
	*p = (struct pipes){ .max = max };
}

static void shut(struct pipes *p, struct pipes_pipe *pipe)
{
	close(pipe->in);
	close(pipe->out);
	free(pipe);
	p->open--;
}

void pipes_release(struct pipes *p)
{
	assert(p->open == p->spare);
	while (p->kept) {
		struct pipes_pipe *next = p->kept->next;

		shut(p, p->kept);
		p->kept = next;
	}
	p->spare = 0;
}

/*
 * As large as the system allows; false: too small for a splice to be cheaper than copying.  A page
 * of it takes what may be much less than a page, so a large one moves more at a time (measured on
 * loopback, CPU of a GB: 64 KiB 1.0, 256 KiB 0.7, 1 MiB 0.5).
 */
static bool make_large(int fd)
{
	static const int sizes[] = { 1048576, 262144, 65536 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (fcntl(fd, F_SETPIPE_SZ, sizes[i]) != -1)
			return true;
	return false;
}

static bool open_ends(int fds[2])
{
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1)
		return false;
	if (make_large(fds[1]))
		return true;
	close(fds[0]);
	close(fds[1]);
	return false;
}

static struct pipes_pipe *make(struct pipes *p)
{
	struct pipes_pipe *pipe;
	int fds[2];

	if (p->open == p->max)
		return NULL;
	pipe = malloc(sizeof(*pipe));
	if (!pipe)
		return NULL;
	if (!open_ends(fds)) {
		free(pipe);
		return NULL;
	}
	*pipe = (struct pipes_pipe){ .out = fds[0], .in = fds[1] };
	p->open++;
	return pipe;
}

struct pipes_pipe *pipes_get(struct pipes *p)
{
	struct pipes_pipe *pipe = p->kept;

	if (!pipe)
		return make(p);
	p->kept = pipe->next;
	p->spare--;
	return pipe;
}

void pipes_put(struct pipes *p, struct pipes_pipe *pipe)
{
	if (pipe->held || p->spare == SPARE_MOST) {
		shut(p, pipe);
		return;
	}
	pipe->next = p->kept;
	p->kept = pipe;
	p->spare++;
}
