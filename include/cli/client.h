/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

/*
 * Talking to a daemon through its control socket: one connection for each command, "command\n"
 * there, an answer back that ends with an empty line and the end of the connection (HAProxy's
 * runtime API, management manual 9.3).  Blocking; errors are sentences with the cure.
 */
#define CLIENT_DEFAULT_SOCKET "/run/sluice/admin.sock"

enum {
	CLIENT_PATIENCE_MS = 10000,   /* silence after which a daemon counts as hung */
	CLIENT_LINE_MAX = 1 << 20,    /* bytes of a line in a stream */
	CLIENT_ANSWER_MAX = 256 << 20 /* bytes of an answer */
};

struct client {
	int fd;         /* -1: none */
	int output_fd;  /* where lines go on to, -1: it does not matter; set after client_start() */
	int64_t end_ms; /* tick_ms() when it is given up, 0: never; set after client_start() */
	const char *path;
	struct text buffer; /* received, not yet given out */
	size_t given;       /* bytes of `buffer` that belong to the line given out last */
};

/* `option` (the value of -s) if it is not NULL, else $SLUICE_SOCKET, else the default. */
const char *client_path(const char *option);

/*
 * Appends an argument to a command, whatever is in it but a line break: client_start() refuses
 * that. An empty one says nothing.
 */
void client_add_word(struct text *out, const char *word);

/*
 * The usual reasons why there is no connection, each with its cure on a second line; `why` is what
 * connecting said, with its errno.  Always false.
 */
bool client_explain(const char *path, const struct error *why, struct error *err);

/*
 * Connects and sends `command`.  `patience_ms`: silence that is an error, 0: none is, once it has
 * connected.
 */
bool client_start(struct client *c, const char *path, const char *command, unsigned int patience_ms,
                  struct error *err) MUST_CHECK;

enum client_status {
	CLIENT_LINE,
	CLIENT_END,     /* the daemon closed the connection */
	CLIENT_UNHEARD, /* nobody reads `output_fd` any more: its pipe or terminal is closed */
	CLIENT_FAILED   /* `err` says why; also that `end_ms` has come */
};

/* Waits for a line: without its newline, valid until the next call. */
enum client_status client_read_line(struct client *c, const char **ret_line,
                                    struct error *err) MUST_CHECK;

/*
 * Waits until client_read_line() has something to say, for `timeout_ms` at most, or as long as it
 * takes if that is negative.  False: nothing yet.
 */
bool client_wait(const struct client *c, int timeout_ms);

void client_close(struct client *c);

/*
 * The whole answer to one command, without the empty line at its end: "" is HAProxy's way to say
 * that a change was made.  An answer that is not even a newline is an error.
 */
bool client_ask(const char *path, const char *command, unsigned int patience_ms,
                struct text *answer, struct error *err) MUST_CHECK;

/* client_ask() for a command whose answer is JSON: words instead of it become the error. */
bool client_ask_json(const char *path, const char *command, struct text *answer,
                     struct error *err) MUST_CHECK;

/*
 * client_ask() for a command whose success ends with the line "done": `answer` has those before it.
 * Words without it are the error.
 */
bool client_ask_done(const char *path, const char *command, struct text *answer,
                     struct error *err) MUST_CHECK;

/* client_ask() for a change: any words in the answer are the error. */
bool client_order(const char *path, const char *command, struct error *err) MUST_CHECK;

/*
 * The error for words that came instead of what was expected: `the daemon answered: WORDS`, the
 * first line, with "?" for control characters.  Always false.
 */
bool client_refused(const char *words, struct error *err);

#endif
