/* SPDX-License-Identifier: MIT */
#ifndef NET_LOGSINK_H
#define NET_LOGSINK_H

#include "base/addr.h"
#include "base/error.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Where log lines go: one open target, and the framing that it wants.  Never blocks: what a socket
 * or a pipe does not take at once is dropped and counted.  One thread at a time.
 *
 *   stderr   "<N>" priority prefix if it is connected to journald ($JOURNAL_STREAM), LF
 *   syslog   UNIX datagram, "<PRI>Nov 20 12:12:44 tag[pid]: MSG\n" (day padded with a space, local
 *            time), which is HAProxy's format "local"; reconnects when the daemon was restarted
 *   udp      the same bytes in one datagram each
 *   file     "MSG\n" appended; logsink_reopen() after a rotation.  With `stamp` the syslog line's
 *            "Nov 20 12:12:44 host tag[pid]: " comes first, as rsyslog writes it.  A FIFO must have
 *            a reader when it is opened.
 *
 * A line is cut at LOGSINK_LINE_MAX bytes with its framing; control bytes other than a tab are
 * written as '?'.  Sockets never raise SIGPIPE; a pipe without a reader is not written to, which
 * leaves a moment between the look and the write: a process that logs to one ignores the signal.
 */
enum { LOGSINK_LINE_MAX = 4096 };

enum logsink_kind { LOGSINK_STDERR, LOGSINK_SYSLOG, LOGSINK_UDP, LOGSINK_FILE };

struct logsink_options {
	enum logsink_kind kind;
	const char *path; /* SYSLOG, FILE */
	struct addr addr; /* UDP */
	int facility;
	const char *tag;
	bool stamp; /* FILE */
};

struct logsink;

/*
 * A syslog socket that is not there yet is not an error; a file that cannot be opened is.  The
 * strings are copied; `tag` NULL is "sluice".
 */
bool logsink_open(const struct logsink_options *o, struct logsink **ret,
                  struct error *err) MUST_CHECK;
void logsink_close(struct logsink *s); /* NULL is fine */

/* One line, without its LF; `wall_ms` is its time, in milliseconds since the epoch. */
void logsink_write(struct logsink *s, enum log_level level, int64_t wall_ms, const char *line);
/* FILE: opens the path again; on failure the sink keeps what it has.  Others: nothing to do. */
bool logsink_reopen(struct logsink *s, struct error *err) MUST_CHECK;
/* Lines that were lost, in whole or in part. */
uint64_t logsink_dropped(const struct logsink *s);

#endif
