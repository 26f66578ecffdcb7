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
 *   stderr, stdout, an inherited descriptor   lines, LF at their ends
 *   syslog   a UNIX datagram each; reconnects when the daemon was restarted
 *   udp      a datagram each
 *   file     appended; logsink_reopen() after a rotation.  A FIFO must have a reader when it is
 *            opened.
 *
 * A line is cut at the length that was asked for, with its framing, or at LOGSINK_LINE_MAX (for
 * streams always there); control bytes other than a tab are written as '?'.  Sockets never raise
 * SIGPIPE; a pipe without a reader is not written to, which leaves a moment between the look and
 * the write: a process that logs to one ignores the signal.
 */
enum { LOGSINK_LINE_MAX = 4096 };

enum logsink_kind {
	LOGSINK_STDERR,
	LOGSINK_SYSLOG,
	LOGSINK_UDP,
	LOGSINK_FILE,
	LOGSINK_STDOUT,
	LOGSINK_FD
};

/*
 * HAProxy configuration manual 4.2 "log", "format"; PRI is facility * 8 + level, times are local.
 *   PLAIN     MSG, after "<level>" if it is stderr and that leads to journald ($JOURNAL_STREAM)
 *   STAMPED   Nov 20 12:12:44 host tag[pid]: MSG, as rsyslog writes files
 *   LOCAL     <PRI>Nov 20 12:12:44 tag[pid]: MSG
 *   RFC3164   <PRI>Nov 20 12:12:44 host tag[pid]: MSG
 *   RFC5424   <PRI>1 2026-11-20T12:12:44.851000+00:00 host tag pid - - MSG
 *   PRIORITY  <PRI>MSG
 *   SHORT     <level>MSG
 *   TIMED     <level>2026-11-20T12:12:44.851000+00:00 MSG
 *   ISO       2026-11-20T12:12:44.851000+00:00 MSG
 *   RAW       MSG
 *   CONSOLE   [WARNING]  (pid) : MSG; worse than warning is ALERT, less is NOTICE
 */
enum logsink_framing {
	LOGSINK_PLAIN,
	LOGSINK_STAMPED,
	LOGSINK_LOCAL,
	LOGSINK_RFC3164,
	LOGSINK_RFC5424,
	LOGSINK_PRIORITY,
	LOGSINK_SHORT,
	LOGSINK_TIMED,
	LOGSINK_ISO,
	LOGSINK_RAW,
	LOGSINK_CONSOLE
};

struct logsink_options {
	enum logsink_kind kind;
	enum logsink_framing framing;
	const char *path; /* SYSLOG, FILE */
	struct addr addr; /* UDP */
	int fd;           /* FD */
	int facility;
	uint32_t len; /* longest line with its framing but without the LF; 0: LOGSINK_LINE_MAX */
	const char *tag;
	const char *host; /* NULL: this host's name */
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
