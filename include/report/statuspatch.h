/* SPDX-License-Identifier: MIT */
#ifndef REPORT_STATUSPATCH_H
#define REPORT_STATUSPATCH_H

#include "base/text.h"
#include "report/snapshot.h"

/*
 * What has changed in /v1/status, again and again, for those who follow it: a JSON merge patch
 * (RFC 7396) of that object, in which services and servers are objects by their names:
 *
 *   {"now":"...","sessions":7,"services":{"psql":{"sessions":5,"servers":{"n1":{"sessions":2}}}}}
 *
 * It has each member of the status that is another one than in the patch before, however deep
 * (`check`, `ended`), and `now` always.  Those are left out that are another every second although
 * nothing has happened: uptime_s, since_s, last_session_s, age_s, left_ms of a fault, and whether
 * a check is running.  null stands for null.  Services and servers that came or went are not told,
 * only that some did: the status has to be fetched again.
 *
 * Who fetches a status while patches are made can apply all patches whose `now` is not before that
 * of the status, those included that came while it was on its way: what the status said otherwise
 * than the patches is told again by the next one (statuspatch_shown()).
 *
 * What is remembered are numbers and fingerprints of strings, some 1 kB for a server.  One thread.
 */
struct statuspatch;

/* `s` is what is known: the first patch tells what has changed since. */
struct statuspatch *statuspatch_new(const struct snapshot *s);
void statuspatch_free(struct statuspatch *p); /* NULL is fine */

/* Somebody was shown `s`. */
void statuspatch_shown(struct statuspatch *p, const struct snapshot *s);

/* Adds the patch to `out`, one line without its end.  True: services or servers came or went. */
bool statuspatch_write(struct statuspatch *p, const struct snapshot *s, struct text *out);

#endif
