/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CLI_FAKE_H
#define TESTS_UNIT_CLI_FAKE_H

#include "base/text.h"
#include "cli/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A daemon that follows a script: the i-th connection gets the i-th answer, and what it asked is
 * kept.  And a console whose output is kept.
 */
enum { FAKE_STEPS = 8 };

struct fake_step {
	const char *answer; /* NULL: closes without one */
	bool hang;          /* then waits until the client closes instead of closing itself */
	bool trickle;       /* one byte at a time */
	bool open;          /* stays open until the script is over */
};

struct fake {
	char dir[64], path[96];
	int listen_fd;
	pthread_t thread;
	const struct fake_step *steps;
	size_t step_count;
	struct text asked; /* all commands, a line each */
	struct console console;
	char *out, *err;
	size_t out_len, err_len;
};

static inline void fake_send(int fd, const struct fake_step *step)
{
	size_t len = step->answer != NULL ? strlen(step->answer) : 0;
	size_t chunk = step->trickle ? 1 : len;

	for (size_t i = 0; i < len; i += chunk)
		if (send(fd, step->answer + i, chunk, MSG_NOSIGNAL) == -1)
			return;
}

static inline void *fake_serve(void *ctx)
{
	struct fake *f = ctx;
	int kept = -1;

	for (size_t i = 0; i < f->step_count; i++) {
		int fd = accept(f->listen_fd, NULL, NULL);
		char c = '\0';

		if (fd == -1)
			break;
		while (c != '\n' && recv(fd, &c, 1, 0) == 1)
			text_addc(&f->asked, c);
		fake_send(fd, &f->steps[i]);
		while (f->steps[i].hang && recv(fd, &c, 1, 0) > 0)
			continue;
		if (f->steps[i].open)
			kept = fd;
		else
			close(fd);
	}
	/* Nobody shall wait for an answer that does not come. */
	shutdown(f->listen_fd, SHUT_RDWR);
	while (kept != -1 && recv(kept, (char[1]){ 0 }, 1, 0) > 0)
		continue;
	if (kept != -1)
		close(kept);
	return NULL;
}

static inline void fake_start(struct fake *f, const struct fake_step *steps, size_t count)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(f, 0, sizeof(*f));
	strcpy(f->dir, "/tmp/sluice-cli-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", f->path);
	f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(f->listen_fd, 8), 0);
	f->steps = steps;
	f->step_count = count;
	f->console.width = 80;
	f->console.out = open_memstream(&f->out, &f->out_len);
	f->console.err = open_memstream(&f->err, &f->err_len);
	assert_int_equal(pthread_create(&f->thread, NULL, fake_serve, f), 0);
}

/* Waits until the script is over; `asked`, `out` and `err` may be read then. */
static inline void fake_join(struct fake *f)
{
	shutdown(f->listen_fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	fflush(f->console.out);
	fflush(f->console.err);
}

static inline void fake_stop(struct fake *f)
{
	fclose(f->console.out);
	fclose(f->console.err);
	free(f->out);
	free(f->err);
	close(f->listen_fd);
	unlink(f->path);
	rmdir(f->dir);
	text_release(&f->asked);
}

typedef int fake_command(const struct console *c, int argc, char **argv);

/* Runs "`line` -s SOCKET", `line` split at spaces, against the script, to its end. */
static inline int fake_run(struct fake *f, const struct fake_step *steps, size_t count,
                           fake_command *command, const char *line)
{
	char copy[256], *argv[16], *rest;
	int argc = 0, status;

	fake_start(f, steps, count);
	snprintf(copy, sizeof(copy), "%s -s %s", line, f->path);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	status = command(&f->console, argc, argv);
	fake_join(f);
	return status;
}

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (strstr(text, part) == NULL)                                                    \
			fail_msg("\"%s\" is not in \"%s\"", part, text);                           \
	} while (0)

#endif
