/* SPDX-License-Identifier: MIT */
#ifndef CLI_HAPROXYARGS_H
#define CLI_HAPROXYARGS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * HAProxy's command line (management manual, chapter 3): what it says, without doing it.  Options
 * that mean nothing here (-m, -dp, -L, ...) are understood and left out.
 */
enum { HAPROXYARGS_FILES_MAX = 64, HAPROXYARGS_PIDS_MAX = 256 };

struct haproxyargs {
	const char *files[HAPROXYARGS_FILES_MAX];
	size_t file_count;
	const char *folder;        /* -C: to go to before reading */
	const char *pidfile;       /* -p */
	const char *socket;        /* -x: of the process to take sockets from */
	const char *master_socket; /* -S */
	uint32_t maxconn;          /* -n; 0: the file's */
	unsigned int version;      /* -v: 1, -vv: 2 */
	bool check;                /* -c */
	bool background;           /* -D */
	bool foreground;           /* -d, -db */
	bool quiet;                /* -q */
	bool verbose;              /* -V */
	bool master;               /* -W, -Ws */
	bool notify;               /* -Ws */
	bool strict;               /* -dW: a warning is an error */
	bool terminate;            /* -st: `pids` are to quit, not to finish */
	pid_t pids[HAPROXYARGS_PIDS_MAX];
	size_t pid_count;
};

/* argv[0] is the program's name.  False: the usage is to be shown. */
bool haproxyargs_parse(struct haproxyargs *a, int argc, char **argv) MUST_CHECK;

/* As `haproxy -v` and `haproxy -vv`. */
void haproxyargs_write_version(unsigned int detail, FILE *out);
/* As HAProxy when it does not understand its command line. */
void haproxyargs_write_usage(const char *program, FILE *out);

#endif
