/* SPDX-License-Identifier: MIT */
#include "cli/simulatecmd.h"

#include "base/number.h"
#include "cli/conffile.h"
#include "cli/infile.h"
#include "cli/options.h"
#include "conf/lintfile.h"
#include "report/simview.h"

#include <stdio.h>
#include <string.h>

enum {
	FILE_MAX = 1 << 20,
	SHORTEST_MS = 60000, /* if nothing says how long; and after the last event */
	STEPS = 24,          /* about so many, if nothing says how long they are */
	USUAL_RATE = 50,
	USUAL_SESSION_MS = 30000
};

/* --- events ------------------------------------------------------------------------------- */

static bool read_events(const struct console *c, const char *path, struct simevent_list *ret,
                        struct error *err)
{
	const struct infile f = { path, "a list of events", FILE_MAX };
	unsigned int line = 0;
	AUTO_TEXT text = { 0 };

	if (!infile_read(&f, c, &text, err))
		return false;
	return simevent_parse(ret, text_str(&text), &line, err) ||
	       error_wrap(err, "%s:%u", infile_name(&f), line);
}

static bool take_events(const struct console *c, const struct options *o, struct simevent_list *ret,
                        struct error *err)
{
	const char *path = options_value(o, "events");
	const char *words;

	if (path != NULL && !read_events(c, path, ret, err))
		return false;
	for (size_t i = 0; (words = options_value_at(o, "event", i)) != NULL; i++)
		if (!simevent_parse(ret, words, NULL, err))
			return error_wrap(err, "--event");
	simevent_sort(ret);
	return true;
}

/* --- times -------------------------------------------------------------------------------- */

/* About a STEPS-th of it: 1, 2 or 5 times a power of ten seconds, and 0.1 s at least. */
static int64_t usual_step(int64_t for_ms)
{
	static const int64_t factors[] = { 1, 2, 5 };

	for (int64_t unit = 100;; unit *= 10)
		for (size_t i = 0; i < ARRAY_LEN(factors); i++)
			if (for_ms / (unit * factors[i]) <= STEPS)
				return unit * factors[i];
}

static bool take_span(const struct options *o, const char *name, int64_t *ret, struct error *err)
{
	const char *value = options_value(o, name);
	uint64_t ms;

	if (value == NULL)
		return true;
	if (!options_duration(name, value, &ms, err))
		return false;
	if (ms == 0 || ms > (uint64_t)SIMEVENT_LATEST_MS)
		return error_set(err, "--%s \"%.60s\": it is between 1ms and 1d", name, value);
	*ret = (int64_t)ms;
	return true;
}

static bool take_times(const struct options *o, struct simulation_options *s, struct error *err)
{
	const struct simevent_list *l = s->events;
	int64_t last = l->count > 0 ? l->at[l->count - 1].at_ms : 0;

	s->for_ms = last + SHORTEST_MS;
	if (!take_span(o, "for", &s->for_ms, err))
		return false;
	s->step_ms = usual_step(s->for_ms);
	if (!take_span(o, "step", &s->step_ms, err))
		return false;
	if (last > s->for_ms)
		return error_set(err, "--for \"%.60s\": the last event comes later, after %lld ms",
		                 options_value(o, "for"), (long long)last);
	return true;
}

/* --- clients ------------------------------------------------------------------------------ */

static bool take_number(const struct options *o, const char *name, uint64_t max, uint64_t *ret,
                        struct error *err)
{
	const char *value = options_value(o, name);

	if (value == NULL || number_parse(value, max, ret))
		return true;
	return error_set(err, "--%s \"%.60s\": write a number up to %llu", name, value,
	                 (unsigned long long)max);
}

static bool take_clients(const struct options *o, struct simulation_options *s, struct error *err)
{
	const char *rate = options_value(o, "rate");
	const char *session = options_value(o, "session");
	uint64_t pool = 0;

	if (!take_number(o, "pool", SIMULATION_SESSIONS_MAX, &pool, err) ||
	    !take_number(o, "seed", UINT64_MAX, &s->seed, err))
		return false;
	s->pool = (uint32_t)pool;
	s->rate = (struct simarrival_rate){ .count = pool > 0 ? 0 : USUAL_RATE, .period_ms = 1000 };
	if (rate != NULL && !simarrival_parse_rate(rate, &s->rate, err))
		return error_wrap(err, "--rate");
	s->session = (struct simarrival_session){ .ms = USUAL_SESSION_MS };
	if (pool > 0 && s->rate.count == 0)
		s->session.lasts = SIMARRIVAL_EVER;
	if (session != NULL && !simarrival_parse_session(session, &s->session, err))
		return error_wrap(err, "--session");
	return true;
}

/* --- the command -------------------------------------------------------------------------- */

static int show(const struct console *c, const struct options *o, const struct lintfile *file,
                const struct simulation_options *s)
{
	struct simview view = { .width = c->width, .colour = c->colour, .ascii = c->ascii };
	struct settings *settings = lintfile_share(file);
	struct simulation_result result;
	AUTO_TEXT out = { 0 };
	struct error err;
	bool ok = simulation_run(settings, s, &result, &err);

	if (ok && options_has(o, "json")) {
		simview_write_json(s, &result, &out);
	} else if (ok) {
		if (lintfile_has_stand_ins(file))
			text_add(&out, "The cluster tells its nodes (cluster.discover); three "
			               "stand for them here.\n\n");
		simview_write(&view, s, &result, &out);
	}
	fputs(text_str(&out), c->out);
	simulation_release(&result);
	settings_free(settings);
	return ok ? CONSOLE_OK : console_fail(c, &err);
}

static int simulate(const struct console *c, const struct options *o,
                    const struct simulation_options *s)
{
	struct loader_problems problems = { 0 };
	const char *path = conffile_path(c, o);
	struct lintfile *file = path != NULL ? lintfile_read(path, &problems) : NULL;
	int status;

	for (size_t i = 0; i < problems.count; i++)
		fprintf(c->err, "%s\n", problems.lines[i]);
	loader_problems_release(&problems);
	if (file == NULL)
		return CONSOLE_INVALID;
	status = show(c, o, file, s);
	lintfile_free(file);
	return status;
}

int simulatecmd_main(const struct console *c, int argc, char **argv)
{
	struct simevent_list events = { 0 };
	struct simulation_options s = { .events = &events, .seed = 1 };
	struct options o;
	struct error err;
	int status;

	if (!options_parse(&o, COMMANDS_SIMULATE, argc, argv, &err) ||
	    !take_events(c, &o, &events, &err) || !take_times(&o, &s, &err) ||
	    !take_clients(&o, &s, &err)) {
		status = console_usage(c, commands_get(COMMANDS_SIMULATE), &err);
	} else {
		s.service = options_value(&o, "service");
		status = simulate(c, &o, &s);
	}
	simevent_release(&events);
	return status;
}
