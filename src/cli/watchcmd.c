/* SPDX-License-Identifier: MIT */
#include "cli/watchcmd.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"
#include "cli/client.h"
#include "cli/moment.h"
#include "cli/options.h"
#include "cli/until.h"
#include "report/eventjson.h"
#include "report/watchline.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RETRY_MS = 5000, /* that a daemon may be gone */
	RETRY_EVERY_MS = 100,
	LOOK_EVERY_MS = 500,   /* sessions end without an event */
	LAST_LOOK_MS = 1000,   /* that the answer to the last look may take */
	SHORT_LIVED_MS = 1000, /* a stream that is gone so soon was none */
	TOLD_MS = 500          /* an upgrade takes less, and is not worth a word */
};

struct watch {
	const struct console *console;
	const char *path; /* of the control socket */
	bool json;
	struct watchline line;
	struct client client;
	bool numbered;        /* --since is the number of an event: `next` */
	int64_t from_wall_ms; /* else what is not older; INT64_MAX: only what is new */
	uint64_t next;        /* number of the event to come */
	int64_t last_wall_ms; /* of the event before it; 0: not known */
	int64_t retry_ms;
	int64_t connected_ms, away_ms; /* since when; `away_ms` 0: it is there */
	bool told;                     /* ... that it is away */
	const char *until;             /* as it was written; NULL: for ever */
	struct until condition;
	const char *timeout; /* NULL: none */
	int64_t begun_ms, end_ms, look_ms;
	int64_t looked_ms; /* the last look, or when it began to listen */
	bool looked;
	struct error missing; /* what was missing at the last look */
};

/* No question takes much longer than there is time; the last one needs some, too. */
static unsigned int patience_of(const struct watch *w)
{
	int64_t left = w->end_ms - tick_ms();

	if (left >= CLIENT_PATIENCE_MS)
		return CLIENT_PATIENCE_MS;
	return left > LAST_LOOK_MS ? (unsigned int)left : LAST_LOOK_MS;
}

static bool not_understood(struct error *err)
{
	return error_wrap(err, "the daemon's answer is not understood");
}

/* --- events ------------------------------------------------------------------------------- */

/* One line of the stream; false if it is not an event. */
static bool show(struct watch *w, const char *line, struct error *err)
{
	const struct console *c = w->console;
	struct journal_event event;
	AUTO_TEXT words = { 0 };

	if (*line == '\0')
		return true;
	if (*line != '{')
		return client_refused(line, err);
	if (!eventjson_read(line, &event, err))
		return not_understood(err);
	w->next = event.seq + 1;
	w->last_wall_ms = event.wall_ms;
	w->away_ms = 0;
	if (w->json) {
		fprintf(c->out, "%s\n", line);
	} else {
		if (w->line.width)
			w->line.width = console_width_now(c);
		watchline_write(&w->line, &event, &words);
		fputs(text_str(&words), c->out);
	}
	if (fflush(c->out) != 0)
		return error_set(err, "cannot write the output");
	return true;
}

/* Calls `visit` for the events of an answer to `show events json`, until it returns false. */
static bool visit_events(const char *answer,
                         bool (*visit)(void *ctx, const struct journal_event *e), void *ctx,
                         struct error *err)
{
	struct journal_event event;
	bool more = true;

	if (*answer != '\0' && *answer != '{')
		return client_refused(answer, err);
	while (*answer == '{' && more) {
		size_t len = strcspn(answer, "\n");
		char *line = mem_strndup(answer, len);
		bool read = eventjson_read(line, &event, err);

		free(line);
		if (!read)
			return not_understood(err);
		more = visit(ctx, &event);
		answer += len + (answer[len] == '\n');
	}
	return true;
}

/* --- where to begin ----------------------------------------------------------------------- */

/* Goes on to the first event that is not older than what is asked for. */
static bool skip_older(void *ctx, const struct journal_event *e)
{
	struct watch *w = ctx;

	if (e->wall_ms >= w->from_wall_ms)
		return false;
	w->next = e->seq + 1;
	w->last_wall_ms = e->wall_ms;
	return true;
}

/* The last entry of an answer alone: there may be thousands before it. */
static const char *last_of(const char *answer)
{
	const char *last = strrchr(answer, '{');

	while (last != NULL && last > answer && last[-1] != '\n')
		last = memrchr(answer, '{', (size_t)(last - answer));
	return last != NULL ? last : answer;
}

/* At --since, or after the last event that there is. */
static bool choose_start(struct watch *w, struct error *err)
{
	AUTO_TEXT answer = { 0 };
	const char *events;

	if (w->numbered)
		return true;
	w->next = 1;
	if (!client_ask(w->path, "show events json", patience_of(w), &answer, err))
		return false;
	events = text_str(&answer);
	return visit_events(w->from_wall_ms == INT64_MAX ? last_of(events) : events, skip_older, w,
	                    err);
}

/* Is it the event that was shown last, or one that came after it? */
static bool go_on_after(void *ctx, const struct journal_event *e)
{
	struct watch *w = ctx;
	bool same = e->seq + 1 == w->next && (!w->last_wall_ms || e->wall_ms == w->last_wall_ms);

	if (e->seq >= w->next)
		w->next = e->seq; /* those before it are forgotten */
	else if (!same)
		w->next = 1;
	return false;
}

/* After a while without the daemon: what was missed, or all that a new one has to tell. */
static bool find_place(struct watch *w, struct error *err)
{
	uint64_t known = w->next;
	AUTO_TEXT command = { 0 };
	AUTO_TEXT answer = { 0 };

	if (known <= 1)
		return true;
	text_addf(&command, "show events json since %" PRIu64, known - 1);
	if (!client_ask(w->path, text_str(&command), patience_of(w), &answer, err))
		return false;
	if (answer.len == 0)
		w->next = 1;
	return visit_events(text_str(&answer), go_on_after, w, err);
}

/* --- the stream --------------------------------------------------------------------------- */

static bool start(struct watch *w, struct error *err)
{
	AUTO_TEXT command = { 0 };

	text_addf(&command, "show events json follow since %" PRIu64, w->next);
	if (!client_start(&w->client, w->path, text_str(&command), 0, err))
		return false;
	w->client.output_fd = fileno(w->console->out);
	w->client.end_ms = w->timeout != NULL ? w->end_ms : 0;
	w->connected_ms = tick_ms();
	return true;
}

/* Whoever waits for something may have been started before the daemon. */
static bool begin(struct watch *w, struct error *err)
{
	int64_t end = tick_ms() + (w->until != NULL ? w->retry_ms : 0);

	if (end > w->end_ms)
		end = w->end_ms;
	while (!choose_start(w, err) || !start(w, err)) {
		if (tick_ms() >= end)
			return false;
		poll(NULL, 0, RETRY_EVERY_MS);
	}
	return true;
}

static void say_away(struct watch *w, int64_t now)
{
	char limit[32];

	if (w->told || now - w->away_ms < TOLD_MS)
		return;
	w->told = true;
	number_format_duration((uint64_t)w->retry_ms, limit, sizeof(limit));
	fprintf(w->console->err, "the daemon has gone away; waiting up to %s for it\n", limit);
}

/* The stream has ended: the daemon is being replaced or restarted, or is gone for good. */
static bool come_back(struct watch *w, struct error *err)
{
	int64_t now = tick_ms();
	bool short_lived = now - w->connected_ms < SHORT_LIVED_MS;
	bool again = false;

	if (!w->away_ms || !short_lived) {
		w->away_ms = now;
		w->told = false;
	}
	client_close(&w->client);
	while (!again && now < w->away_ms + w->retry_ms && now < w->end_ms) {
		say_away(w, now);
		if (short_lived)
			poll(NULL, 0, RETRY_EVERY_MS);
		short_lived = true;
		again = find_place(w, err) && start(w, err);
		now = tick_ms();
	}
	return again || error_set(err, "the daemon has gone away (%s was closed)", w->path);
}

/* --- until -------------------------------------------------------------------------------- */

enum outcome { GO_ON, DONE, FAILED, WRONG };

static enum outcome judge(struct watch *w, const struct statusjson *status, struct error *err)
{
	bool first = !w->looked;

	w->looked = true;
	switch (until_judge(&w->condition, status, &w->missing)) {
	case UNTIL_HOLDS:
		return DONE;
	case UNTIL_NOT_YET:
		return GO_ON;
	case UNTIL_UNKNOWN:
		break;
	}
	error_set(err, "--until: %s", w->missing.text);
	return first ? WRONG : FAILED;
}

/* Is it so by now?  That the daemon does not answer, the stream tells better. */
static enum outcome look(struct watch *w, struct error *err)
{
	AUTO_TEXT answer = { 0 };
	struct statusjson *status;
	enum outcome outcome;

	w->looked_ms = tick_ms();
	w->look_ms = w->looked_ms + LOOK_EVERY_MS;
	if (!client_ask(w->path, "show status json", patience_of(w), &answer, &w->missing))
		return GO_ON;
	if (text_str(&answer)[0] != '{') {
		(void)client_refused(text_str(&answer), &w->missing);
		return GO_ON;
	}
	status = statusjson_read(text_str(&answer), err);
	if (status == NULL) {
		not_understood(err);
		return FAILED;
	}
	outcome = judge(w, status, err);
	statusjson_free(status);
	return outcome;
}

static enum outcome look_if_due(struct watch *w, struct error *err)
{
	enum outcome outcome;

	if (w->until == NULL || (tick_ms() < w->look_ms && tick_ms() < w->end_ms))
		return GO_ON;
	outcome = look(w, err);
	if (outcome != GO_ON || tick_ms() < w->end_ms)
		return outcome;
	error_set(err, "after %s, it is not so: %s", w->timeout, w->missing.text);
	return FAILED;
}

/* What has happened by then is shown before the end is. */
static int say_done(struct watch *w)
{
	int64_t ms = tick_ms() - w->begun_ms;
	struct error err;
	const char *line;

	while (client_wait(&w->client, 0) &&
	       client_read_line(&w->client, &line, &err) == CLIENT_LINE)
		if (!show(w, line, &err))
			return console_fail(w->console, &err);
	if (!w->json)
		fprintf(w->console->out, "%s (%" PRId64 ".%" PRId64 "s)\n", w->until, ms / 1000,
		        ms % 1000 / 100);
	return CONSOLE_OK;
}

/* --- the command -------------------------------------------------------------------------- */

static int patience(const struct watch *w)
{
	int64_t left = w->look_ms - tick_ms();

	if (w->until == NULL)
		return -1;
	if (left > w->end_ms - tick_ms())
		left = w->end_ms - tick_ms();
	return left > 0 ? (int)left : 0;
}

/* What the stream has to say next; an event is a reason to look at once. */
static enum outcome hear(struct watch *w, struct error *err)
{
	const char *line;

	switch (client_read_line(&w->client, &line, err)) {
	case CLIENT_LINE:
		w->look_ms = 0;
		return show(w, line, err) ? GO_ON : FAILED;
	case CLIENT_END:
		w->look_ms = 0;
		return come_back(w, err) ? GO_ON : FAILED;
	case CLIENT_UNHEARD:
		return DONE;
	case CLIENT_FAILED:
		break;
	}
	return FAILED;
}

/* Events that come without a pause do not keep it from looking, or from its end. */
static bool may_listen(const struct watch *w)
{
	int64_t now = tick_ms();

	return w->until == NULL || (now < w->end_ms && now < w->looked_ms + LOOK_EVERY_MS);
}

static int follow(struct watch *w)
{
	enum outcome outcome = GO_ON;
	bool unheard = false;
	struct error err;

	w->looked_ms = tick_ms();
	while (outcome == GO_ON && !unheard) {
		if (may_listen(w) && client_wait(&w->client, patience(w))) {
			outcome = hear(w, &err);
			unheard = outcome == DONE;
		} else {
			outcome = look_if_due(w, &err);
		}
	}
	if (unheard)
		return w->until != NULL ? CONSOLE_FAILED : CONSOLE_OK;
	if (outcome == DONE)
		return say_done(w);
	if (outcome == WRONG)
		return console_usage(w->console, commands_get(COMMANDS_WATCH), &err);
	return console_fail(w->console, &err);
}

static bool parse_since(struct watch *w, const char *since, struct error *err)
{
	w->from_wall_ms = INT64_MAX;
	w->numbered = since != NULL && number_parse(since, INT64_MAX, &w->next);
	if (since == NULL || w->numbered || moment_parse(since, tick_wall_ms(), &w->from_wall_ms))
		return true;
	return error_set(err,
	                 "--since \"%.80s\": write the number of an event, so long ago (10m), a "
	                 "time of day (14:05) or 2026-11-20T14:05:00Z",
	                 since);
}

static bool parse_times(struct watch *w, const struct options *o, struct error *err)
{
	const char *retry = options_value(o, "retry");
	uint64_t ms = RETRY_MS;

	if (retry != NULL && !options_duration("retry", retry, &ms, err))
		return false;
	w->retry_ms = (int64_t)ms;
	if (w->timeout == NULL)
		return true;
	if (w->until == NULL)
		return error_set(err, "--timeout is for --until: what is it that has to come?");
	if (!options_duration("timeout", w->timeout, &ms, err))
		return false;
	w->end_ms = w->begun_ms + (int64_t)ms;
	return true;
}

static bool parse(struct watch *w, const struct options *o, struct error *err)
{
	w->path = client_path(options_value(o, "socket"));
	w->json = options_has(o, "json");
	w->until = options_value(o, "until");
	w->timeout = options_value(o, "timeout");
	if (w->until != NULL && !until_parse(w->until, &w->condition, err))
		return error_wrap(err, "--until");
	return parse_since(w, options_value(o, "since"), err) && parse_times(w, o, err);
}

int watchcmd_main(const struct console *c, int argc, char **argv)
{
	struct watch w = { .console = c, .begun_ms = tick_ms(), .end_ms = INT64_MAX };
	struct options o;
	struct error err;
	int status;

	w.line.before_wall_ms = tick_wall_ms();
	w.line.colour = c->colour;
	w.line.width = isatty(fileno(c->out)) == 1 ? c->width : 0;
	if (!options_parse(&o, COMMANDS_WATCH, argc, argv, &err) || !parse(&w, &o, &err))
		return console_usage(c, commands_get(COMMANDS_WATCH), &err);
	if (!begin(&w, &err))
		return console_fail(c, &err);
	if (c->live && w.from_wall_ms == INT64_MAX && !w.numbered && w.until == NULL)
		fputs("waiting for events; Ctrl-C ends it, --since 10m shows the past too\n",
		      c->err);
	status = follow(&w);
	client_close(&w.client);
	return status;
}
