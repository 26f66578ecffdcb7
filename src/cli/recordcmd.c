/* SPDX-License-Identifier: MIT */
#include "cli/recordcmd.h"

#include "base/tick.h"
#include "cli/haproxylink.h"
#include "cli/haproxyrec.h"
#include "cli/logfollow.h"
#include "cli/options.h"
#include "cli/outfile.h"
#include "report/drillrecord.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <time.h>

enum { EVERY_MS = 250, EVERY_LEAST_MS = 50, EVERY_MOST_MS = 60000, PATIENCE_MS = 2000 };

struct plan {
	const char *where, *log, *name, *out;
	uint64_t every_ms;
	uint64_t for_ms; /* 0: until a signal */
};

static bool read_plan(const struct options *o, struct plan *p, struct error *err)
{
	const char *every = options_value(o, "every");
	const char *span = options_value(o, "for");

	*p = (struct plan){ .where = options_value(o, "haproxy"),
		            .log = options_value(o, "log"),
		            .name = options_value(o, "name"),
		            .out = options_value(o, "out"),
		            .every_ms = EVERY_MS };
	if (p->where == NULL)
		return error_set(err, "--haproxy is missing: write its stats socket, a path or "
		                      "host:port");
	if (every != NULL && !options_duration("every", every, &p->every_ms, err))
		return false;
	if (every != NULL && (p->every_ms < EVERY_LEAST_MS || p->every_ms > EVERY_MOST_MS))
		return error_set(err, "--every %.80s: write a duration from 50ms to 1m", every);
	if (span != NULL && !options_duration("for", span, &p->for_ms, err))
		return false;
	return span == NULL || p->for_ms > 0 ||
	       error_set(err, "--for %.80s: write a duration, as 90s or 10m", span);
}

/* --- recording ---------------------------------------------------------------------------- */

static bool ask(const struct plan *p, struct text *answer, struct error *err)
{
	unsigned int patience_ms =
	    p->every_ms > PATIENCE_MS ? (unsigned int)p->every_ms : PATIENCE_MS;

	text_clear(answer);
	return haproxylink_ask(p->where, "show info;show stat", patience_ms, answer, err);
}

static void poll_once(const struct plan *p, struct haproxyrec *r, struct logfollow *log)
{
	AUTO_TEXT answer = { 0 };
	bool answered = ask(p, &answer, NULL);
	const char *line;

	/* After the poll: what the log says of it is more exact, and counts for this interval. */
	while (log != NULL && (line = logfollow_next(log)) != NULL)
		haproxyrec_line(r, tick_wall_ms(), line);
	/* An answer that is not understood is a mark in the record. */
	(void)!haproxyrec_poll(r, tick_wall_ms(), answered ? text_str(&answer) : NULL, NULL);
}

/* Sleeps until then; false: a signal came. */
static bool sleep_until(const sigset_t *signals, int64_t until_ms)
{
	int64_t left;

	do {
		left = until_ms - tick_ms();
		struct timespec t = { .tv_sec = left > 0 ? left / 1000 : 0,
			              .tv_nsec = left > 0 ? left % 1000 * 1000000 : 0 };

		if (sigtimedwait(signals, NULL, &t) != -1)
			return false;
	} while (errno == EINTR || left > 0);
	return true;
}

static void record(const struct plan *p, struct haproxyrec *r, struct logfollow *log,
                   const sigset_t *signals)
{
	int64_t every_ms = (int64_t)p->every_ms;
	int64_t from_ms = tick_ms();
	int64_t next_ms = from_ms;

	for (;;) {
		int64_t late = tick_ms() - next_ms;

		/* Polls that were missed are not made up for. */
		next_ms += (late > 0 ? late / every_ms : 0) * every_ms + every_ms;
		if (p->for_ms > 0 && next_ms - from_ms > (int64_t)p->for_ms)
			break;
		if (!sleep_until(signals, next_ms))
			break;
		poll_once(p, r, log);
	}
}

static bool write_record(const struct console *c, const struct plan *p, const struct drill *d,
                         struct error *err)
{
	AUTO_TEXT json = { 0 };

	drillrecord_write(d, &json);
	text_addc(&json, '\n');
	if (p->out != NULL)
		return outfile_replace(p->out, json.data, json.len, err);
	fwrite(json.data, 1, json.len, c->out);
	return true;
}

static bool run(const struct console *c, const struct plan *p, struct logfollow *log,
                struct error *err)
{
	struct haproxyrec_options o = { .name = p->name ? p->name : "",
		                        .where = p->where,
		                        .every_ms = (uint32_t)p->every_ms,
		                        .has_log = log != NULL };
	struct haproxyrec *r;
	AUTO_TEXT answer = { 0 };
	sigset_t signals;
	bool ok;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (!ask(p, &answer, err))
		return false;
	o.from_ms = tick_wall_ms();
	r = haproxyrec_new(&o);
	ok = haproxyrec_first(r, text_str(&answer), err);
	if (ok) {
		struct drill *d;

		fprintf(p->out ? c->out : c->err, "recording\n");
		fflush(p->out ? c->out : c->err);
		record(p, r, log, &signals);
		d = haproxyrec_finish(r, tick_wall_ms());
		ok = write_record(c, p, d, err);
		drill_free(d);
	}
	haproxyrec_free(r);
	return ok;
}

int recordcmd_main(const struct console *c, int argc, char **argv)
{
	struct logfollow log;
	struct options o;
	struct plan p;
	struct error err;
	bool ok;

	if (!options_parse(&o, COMMANDS_DRILL_RECORD, argc, argv, &err) || !read_plan(&o, &p, &err))
		return console_usage(c, commands_get(COMMANDS_DRILL_RECORD), &err);
	if (p.log != NULL && !logfollow_open(&log, p.log, &err))
		return console_fail(c, &err);
	ok = run(c, &p, p.log ? &log : NULL, &err);
	if (p.log != NULL)
		logfollow_close(&log);
	return ok ? CONSOLE_OK : console_fail(c, &err);
}
