/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_LOGGER_H
#define CONTROL_LOGGER_H

#include "base/error.h"
#include "core/journal.h"
#include "core/record.h"
#include "core/settings.h"
#include "core/topology.h"

/*
 * Journal entries and sessions as lines, to each target of the configuration in its format: those
 * of a service with logs of its own, or of a frontend, go there, all others to the process's.
 * HAProxy's terminal (framing "console") has all events and no sessions.
 * Also the sink of base/log.h while it is there.  Control thread, but for what log_print() brings.
 */
struct logger;

/*
 * A file that cannot be opened is an error, a wrong log_format, too; a syslog socket that is not
 * there yet is not.
 */
bool logger_new(const struct settings *settings, struct logger **ret, struct error *err) MUST_CHECK;
void logger_free(struct logger *l); /* NULL is fine; log_print() goes to stderr again */

/*
 * For a reload: what `before` has open and `settings` wants, too, stays open.  The new one takes
 * over while no other thread runs; then `before` is to be freed.  Freed without that, it changes
 * nothing.
 */
bool logger_new_heir(const struct settings *settings, const struct logger *before,
                     struct logger **ret, struct error *err) MUST_CHECK;
void logger_take_over(struct logger *l, struct logger *before);

void logger_event(struct logger *l, const struct journal_event *e);

/*
 * A session that has ended, or, if its frontend asks for it, one that has begun (SESSION_CONNECT)
 * or has reached its server (logasap): such a one has its line in format "haproxy" then and not
 * again at its end.
 */
void logger_record(struct logger *l, const struct record *r);

/*
 * Workers tell of the ends of those sessions that logger_record() would write, or of `all`
 * (topology_frontend.untold).  Once before they run, and after each change of the logs.
 */
void logger_ask(struct logger *l, const struct topology *t, bool all);

/* Lines that targets did not take. */
uint64_t logger_dropped(const struct logger *l);
/* Opens files again, after a rotation. */
void logger_reopen(struct logger *l);

#endif
