/* SPDX-License-Identifier: MIT */
#include "cli/drillcmd.h"

#include "base/number.h"
#include "base/suggest.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/outfile.h"
#include "conf/drillfile.h"
#include "report/drillcompare.h"
#include "report/drillhtml.h"
#include "report/drilljson.h"
#include "report/drillmarkdown.h"
#include "report/drillrecord.h"
#include "report/drillview.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum format { TEXT, MARKDOWN, JSON, HTML, RECORD, FORMAT_COUNT };

struct call {
	const struct console *console;
	struct options options;
	enum format format;
	bool usage; /* `err` is about the command line */
};

static const char *const format_names[] = {
	[TEXT] = "text", [MARKDOWN] = "markdown", [JSON] = "json",
	[HTML] = "html", [RECORD] = "record",
};

static const char *socket_of(const struct call *c)
{
	return client_path(options_value(&c->options, "socket"));
}

static bool misuse(struct call *c, struct error *err, const char *text)
{
	c->usage = true;
	return error_set(err, "%s", text);
}

/* --- asking the daemon -------------------------------------------------------------------- */

static bool refuse(const struct text *answer, struct error *err)
{
	static const char prefix[] = "error: ";
	const char *words = text_str(answer);

	if (strncmp(words, prefix, sizeof(prefix) - 1) == 0)
		words += sizeof(prefix) - 1;
	return client_refused(words, err);
}

static struct drill *take_record(const struct text *answer, struct error *err)
{
	struct drill *d;

	if (text_str(answer)[0] != '{') {
		refuse(answer, err);
		return NULL;
	}
	d = drillfile_parse(text_str(answer), err);
	if (d == NULL)
		error_wrap(err, "the daemon's answer is not understood");
	return d;
}

static struct drill *ask_record(const struct call *c, const char *command, struct error *err)
{
	AUTO_TEXT answer = { 0 };

	if (!client_ask(socket_of(c), command, CLIENT_PATIENCE_MS, &answer, err))
		return NULL;
	return take_record(&answer, err);
}

static struct drill *ask_name(const struct call *c, const char *name, struct error *err)
{
	AUTO_TEXT command = { 0 };

	text_add(&command, "show drill");
	client_add_word(&command, name);
	return ask_record(c, text_str(&command), err);
}

/* The record is shorter than was asked for, and nothing was forgotten. */
static void say_young(const struct call *c, const struct drill *d)
{
	char since[32];

	number_format_duration((uint64_t)(d->to_ms - d->from_ms) / 1000 * 1000, since,
	                       sizeof(since));
	fprintf(c->console->err, "the daemon has only run for %s: the report begins with it\n",
	        since);
}

static struct drill *ask_last(struct call *c, const char *span, struct error *err)
{
	AUTO_TEXT command = { 0 };
	struct drill *d;
	uint64_t ms;

	c->usage = true;
	if (!options_duration("last", span, &ms, err))
		return NULL;
	if (ms == 0) {
		misuse(c, err, "--last needs more than that: write a duration, as 90s or 10m");
		return NULL;
	}
	c->usage = false;
	text_addf(&command, "show drill last %" PRIu64, ms / 1000 + (ms % 1000 != 0));
	d = ask_record(c, text_str(&command), err);
	if (d != NULL && !d->truncated && d->to_ms - d->from_ms < (int64_t)ms)
		say_young(c, d);
	return d;
}

/* --- formats ------------------------------------------------------------------------------ */

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s);

	return len > strlen(end) && strcmp(s + len - strlen(end), end) == 0;
}

/* By the name of the file, or whether somebody looks at it. */
static enum format choose(const struct call *c, const char *file)
{
	if (file != NULL && (ends_with(file, ".html") || ends_with(file, ".htm")))
		return HTML;
	if (file != NULL && ends_with(file, ".json"))
		return JSON;
	if (file != NULL)
		return MARKDOWN;
	return c->console->colour || isatty(fileno(c->console->out)) == 1 ? TEXT : MARKDOWN;
}

static bool find_format(struct call *c, struct error *err)
{
	const char *name = options_value(&c->options, "format");

	c->format = choose(c, options_value(&c->options, "out"));
	if (name == NULL)
		return true;
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (strcmp(format_names[i], name) == 0) {
			c->format = (enum format)i;
			return true;
		}
	c->usage = true;
	return error_set(
	    err, "there is no format \"%s\": write text, markdown, json, html or record", name);
}

static unsigned int view_flags(const struct call *c)
{
	bool on_terminal = options_value(&c->options, "out") == NULL;

	return (c->console->colour && on_terminal ? DRILLVIEW_COLOUR : 0U) |
	       (c->console->ascii ? DRILLVIEW_ASCII : 0U);
}

static bool deliver(const struct call *c, const struct text *report, struct error *err)
{
	const char *file = options_value(&c->options, "out");

	if (file != NULL)
		return outfile_replace(file, text_str(report), report->len, err);
	fwrite(text_str(report), 1, report->len, c->console->out);
	return true;
}

/* --- drill report ------------------------------------------------------------------------- */

static bool is_asked_for(const struct call *c)
{
	return options_value(&c->options, "from") != NULL ||
	       options_value(&c->options, "last") != NULL || c->options.word_count == 2;
}

static struct drill *find_drill(struct call *c, struct error *err)
{
	const char *file = options_value(&c->options, "from");
	const char *last = options_value(&c->options, "last");
	bool named = c->options.word_count == 2;

	if (c->options.word_count > 2 || named + (file != NULL) + (last != NULL) > 1) {
		misuse(c, err, "write one of NAME, --last DUR and --from FILE");
		return NULL;
	}
	if (!is_asked_for(c)) {
		misuse(c, err,
		       "which drill? Write NAME (`sluice drill list` shows them), "
		       "--last DUR or --from FILE");
		return NULL;
	}
	if (file != NULL)
		return drillfile_read(file, err);
	return last != NULL ? ask_last(c, last, err) : ask_name(c, c->options.words[1], err);
}

static void write_report(const struct call *c, const struct drillfacts *f,
                         const struct expectation_verdict *v, struct text *out)
{
	switch (c->format) {
	case TEXT:
		drillview_write(f, v, c->console->width, view_flags(c), out);
		break;
	case MARKDOWN:
		drillmarkdown_write(f, v, out);
		break;
	case JSON:
		drilljson_write(f, v, out);
		break;
	case HTML:
		drillhtml_write(f, v, out);
		break;
	case RECORD:
	case FORMAT_COUNT:
		drillrecord_write(f->drill, out);
		text_addc(out, '\n');
		break;
	}
}

/* Where a report is not read at once, what did not hold is said besides. */
static void say_verdict(const struct call *c, const struct expectation_verdict *v)
{
	bool shown = options_value(&c->options, "out") == NULL &&
	             (c->format == TEXT || c->format == MARKDOWN);
	AUTO_TEXT lines = { 0 };

	if (shown)
		return;
	drillview_write_expectations(v, 0, &lines);
	fputs(text_str(&lines), c->console->err);
}

static bool report_drill(struct call *c, const struct drill *d, struct expectation_verdict *v,
                         struct error *err)
{
	struct drillfacts f;
	AUTO_TEXT out = { 0 };
	bool ok;

	drillfacts_find(d, &f);
	if (v->count > 0)
		expectation_judge(&f, v);
	write_report(c, &f, v->count > 0 ? v : NULL, &out);
	drillfacts_release(&f);
	ok = deliver(c, &out, err);
	if (ok && v->count > 0)
		say_verdict(c, v);
	return ok;
}

static bool run_report(struct call *c, int *ret, struct error *err)
{
	const char *expect = options_value(&c->options, "expect");
	struct expectation_verdict v = { 0 };
	struct drill *d;
	bool ok;

	if (!find_format(c, err))
		return false;
	if (expect != NULL && !expectation_parse(expect, &v, err)) {
		c->usage = true;
		return error_wrap(err, "--expect");
	}
	d = find_drill(c, err);
	if (d == NULL)
		return false;
	ok = report_drill(c, d, &v, err);
	drill_free(d);
	*ret = v.failed > 0 ? CONSOLE_FAILED : CONSOLE_OK;
	return ok;
}

/* --- drill compare ------------------------------------------------------------------------ */

/* A file if there is one of that name or it looks like one, else a drill of the daemon. */
static struct drill *find_either(const struct call *c, const char *name, struct error *err)
{
	if (strchr(name, '/') != NULL || ends_with(name, ".json") || access(name, F_OK) == 0)
		return drillfile_read(name, err);
	return ask_name(c, name, err);
}

static void write_comparison(const struct call *c, const struct drill *a, const struct drill *b,
                             struct text *out)
{
	struct drillfacts of_a, of_b;

	drillfacts_find(a, &of_a);
	drillfacts_find(b, &of_b);
	switch (c->format) {
	case TEXT:
		drillcompare_write_view(&of_a, &of_b, c->console->width,
		                        view_flags(c) & DRILLVIEW_COLOUR, out);
		break;
	case JSON:
		drillcompare_write_json(&of_a, &of_b, out);
		break;
	case HTML:
		drillcompare_write_html(&of_a, &of_b, out);
		break;
	case MARKDOWN:
	case RECORD:
	case FORMAT_COUNT:
		drillcompare_write_markdown(&of_a, &of_b, out);
		break;
	}
	drillfacts_release(&of_a);
	drillfacts_release(&of_b);
}

static bool run_compare(struct call *c, int *ret, struct error *err)
{
	struct drill *a, *b = NULL;
	AUTO_TEXT out = { 0 };
	bool ok;

	if (!find_format(c, err))
		return false;
	if (c->options.word_count != 3)
		return misuse(c, err, "write two drills or files to compare: drill compare A B");
	if (c->format == RECORD)
		return misuse(c, err, "two drills have no record: write another format");
	if (options_has(&c->options, "expect") || options_has(&c->options, "from") ||
	    options_has(&c->options, "last"))
		return misuse(c, err, "--expect, --from and --last go with `drill report`");
	a = find_either(c, c->options.words[1], err);
	if (a != NULL)
		b = find_either(c, c->options.words[2], err);
	ok = b != NULL;
	if (ok) {
		write_comparison(c, a, b, &out);
		ok = deliver(c, &out, err);
	}
	drill_free(a);
	drill_free(b);
	*ret = CONSOLE_OK;
	return ok;
}

/* --- the others --------------------------------------------------------------------------- */

static bool begins_with(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

/* Any words in the answer to a change are a refusal. */
static bool order(const struct call *c, const struct text *command, struct error *err)
{
	AUTO_TEXT answer = { 0 };

	if (!client_ask(socket_of(c), text_str(command), CLIENT_PATIENCE_MS, &answer, err))
		return false;
	return text_str(&answer)[strspn(text_str(&answer), "\n")] == '\0' || refuse(&answer, err);
}

static bool run_order(struct call *c, int *ret, struct error *err)
{
	AUTO_TEXT command = { 0 };

	text_add(&command, "drill");
	for (size_t i = 0; i < c->options.word_count; i++)
		client_add_word(&command, c->options.words[i]);
	*ret = CONSOLE_OK;
	return order(c, &command, err);
}

static bool run_start(struct call *c, int *ret, struct error *err)
{
	if (c->options.word_count != 2)
		return misuse(c, err, "write one name: drill start NAME");
	return run_order(c, ret, err);
}

static bool run_stop(struct call *c, int *ret, struct error *err)
{
	if (c->options.word_count != 1)
		return misuse(c, err, "nothing follows drill stop");
	return run_order(c, ret, err);
}

static bool run_mark(struct call *c, int *ret, struct error *err)
{
	AUTO_TEXT command = { 0 };
	AUTO_TEXT words = { 0 };

	if (c->options.word_count < 2)
		return misuse(c, err, "write what to note: drill mark TEXT");
	for (size_t i = 1; i < c->options.word_count; i++)
		text_addf(&words, "%s%s", i > 1 ? " " : "", c->options.words[i]);
	text_add(&command, "drill mark");
	client_add_word(&command, text_str(&words));
	*ret = CONSOLE_OK;
	return order(c, &command, err);
}

static bool run_list(struct call *c, int *ret, struct error *err)
{
	AUTO_TEXT answer = { 0 };
	const char *words;

	if (c->options.word_count != 1)
		return misuse(c, err, "nothing follows drill list");
	if (!client_ask(socket_of(c), "show drill", CLIENT_PATIENCE_MS, &answer, err))
		return false;
	words = text_str(&answer);
	if (begins_with(words, "error: ") || begins_with(words, "Unknown command") ||
	    begins_with(words, "Permission denied"))
		return refuse(&answer, err);
	fputs(words, c->console->out);
	*ret = CONSOLE_OK;
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct call *c, int *ret, struct error *err);
} verbs[] = {
	{ "start", run_start }, { "stop", run_stop },     { "mark", run_mark },
	{ "list", run_list },   { "report", run_report }, { "compare", run_compare },
};

static bool run(struct call *c, int *ret, struct error *err)
{
	const char *names[ARRAY_LEN(verbs)], *near;
	const char *verb = c->options.words[0];

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		names[i] = verbs[i].name;
		if (strcmp(verbs[i].name, verb) == 0)
			return verbs[i].run(c, ret, err);
	}
	c->usage = true;
	near = suggest_nearest(verb, names, ARRAY_LEN(names));
	if (near != NULL)
		return error_set(err, "unknown \"%s\": did you mean \"drill %s\"?", verb, near);
	return error_set(
	    err, "unknown \"%s\": there are start, stop, mark, list, report and compare", verb);
}

int drillcmd_main(const struct console *console, int argc, char **argv)
{
	const struct commands_entry *command = commands_get(COMMANDS_DRILL);
	struct call c = { .console = console };
	struct error err = { 0 };
	int ret = CONSOLE_FAILED;

	if (!options_parse(&c.options, COMMANDS_DRILL, argc, argv, &err))
		return console_usage(console, command, &err);
	if (run(&c, &ret, &err))
		return ret;
	return c.usage ? console_usage(console, command, &err) : console_fail(console, &err);
}
