/* SPDX-License-Identifier: MIT */
#include "cli/haproxycmd.h"

#include "base/log.h"
#include "conf/hcfgconvert.h"
#include "conf/hcfgwords.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* HAProxy exits so when a file has no error and nothing to listen on (haproxy.c, main()). */
enum { NO_LISTENER = 2 };

struct reading {
	const struct console *console;
	struct haproxyargs *args;
	struct hcfglex lex;
	struct hcfgmodel model;
	struct hcfgnote_list notes;
	bool introduced;
	bool warned;
};

void haproxycmd_say(const struct console *c, const char *kind, const char *text)
{
	AUTO_TEXT tag = { 0 };

	text_addf(&tag, "[%s]", kind);
	fprintf(c->err, "%-10s (%d) : %s\n", text_str(&tag), getpid(), text);
	fflush(c->err);
}

/* Whose words these are comes before the first of them. */
static void introduce(struct reading *r)
{
	char path[256] = "?";
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	AUTO_TEXT line = { 0 };

	if (r->introduced)
		return;
	r->introduced = true;
	if (len > 0)
		path[len] = '\0';
	haproxycmd_say(r->console, "NOTICE", "haproxy version is 2.6.0-sluice-" SLUICE_VERSION);
	text_addf(&line, "path to executable is %s", path);
	haproxycmd_say(r->console, "NOTICE", text_str(&line));
}

static void say(struct reading *r, const char *kind, const char *fmt, ...) PRINTF(3, 4);

static void say(struct reading *r, const char *kind, const char *fmt, ...)
{
	char line[2048];
	va_list args;

	introduce(r);
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	haproxycmd_say(r->console, kind, line);
}

/* Of what is only remarked on, this changes what clients get. */
static bool is_about_http(const struct hcfgnote *n)
{
	static const char beginning[] = "\"mode http\"";

	return n->kind == HCFGNOTE_REMARK && strncmp(n->text, beginning, strlen(beginning)) == 0;
}

static void say_note(struct reading *r, const struct hcfgnote *n)
{
	const char *kind = n->kind == HCFGNOTE_ERROR ? "ALERT" : "WARNING";
	const char *what = n->kind == HCFGNOTE_LOSS ? "not carried over: " : "";

	if (n->place.line)
		say(r, kind, "config : parsing [%s:%u] : %s%s", n->place.file, n->place.line, what,
		    n->text);
	else if (n->place.file)
		say(r, kind, "config : %s : %s%s", n->place.file, what, n->text);
	else
		say(r, kind, "config : %s%s", what, n->text);
}

static void say_notes(struct reading *r)
{
	hcfgnote_sort(&r->notes);
	for (size_t i = 0; i < r->notes.count; i++) {
		const struct hcfgnote *n = &r->notes.items[i];

		if (n->kind == HCFGNOTE_REMARK && !is_about_http(n))
			continue;
		r->warned = r->warned || n->kind != HCFGNOTE_ERROR;
		if (n->kind != HCFGNOTE_ERROR && r->args->quiet)
			continue;
		say_note(r, n);
	}
	if (!r->notes.of_kind[HCFGNOTE_ERROR])
		return;
	say(r, "ALERT", "config : Error(s) found in configuration file : %s", r->args->files[0]);
	say(r, "ALERT", "config : Fatal errors found in configuration.");
}

static void say_missing(struct reading *r, const char *kind, const char *name)
{
	r->warned = true;
	if (r->args->quiet)
		return;
	say(r, "WARNING",
	    "config : missing timeouts for %s '%s'.\n"
	    "   | While not properly invalid, you will certainly encounter various problems\n"
	    "   | with such a configuration. To fix this, please ensure that all following\n"
	    "   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.",
	    kind, name);
}

/*
 * HAProxy's warning of the same words, without which sessions could stay for ever.  A frontend
 * needs the timeout of clients, a backend the other two, "listen" is both.
 */
static void say_missing_timeouts(struct reading *r, const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];
		const struct settings_timeouts *t = &service->timeout;
		bool lacks = service->server_count && (!t->connect_ms || !t->server_ms);

		for (size_t j = 0; j < service->frontend_count; j++) {
			if (!service->frontends[j].client_ms)
				say_missing(r, "frontend", service->frontends[j].name);
		}
		if (lacks || (!service->frontend_count && !t->client_ms))
			say_missing(r, service->frontend_count ? "backend" : "proxy",
			            service->name);
	}
}

/* "daemon" and "quiet" in the file are as -D and -q. */
static void take_words(struct reading *r)
{
	bool global = false;

	for (size_t i = 0; i < r->lex.count; i++) {
		const char *word = r->lex.lines[i].words[0];

		if (hcfgwords_find_section(word))
			global = strcmp(word, "global") == 0;
		else if (global && strcmp(word, "daemon") == 0)
			r->args->background = !r->args->foreground && !r->args->master;
		else if (global && strcmp(word, "quiet") == 0)
			r->args->quiet = !r->args->verbose;
	}
}

static struct settings *read_all(struct reading *r)
{
	/* HAProxy, unless told, goes on knocking at a server that refuses. */
	static const struct hcfgconvert_options options = { .direct = true, .redispatch = true };
	struct hcfgconvert result = { 0 };

	for (size_t i = 0; i < r->args->file_count; i++)
		hcfglex_read(&r->lex, r->args->files[i], &r->notes);
	take_words(r);
	hcfgmodel_build(&r->model, &r->lex, &r->notes);
	if (!hcfgconvert_model(&r->model, &options, &r->notes, &result))
		result.settings = NULL;
	say_notes(r);
	if (result.settings)
		say_missing_timeouts(r, result.settings);
	hcfgmodel_release(&r->model);
	hcfglex_release(&r->lex);
	hcfgnote_release(&r->notes);
	return result.settings;
}

/* Where transitions are seen when nobody looks at a log: the terminal. */
static void add_console(struct settings *s)
{
	struct settings_log *logs =
	    mem_arena_zalloc(&s->arena, (s->log_count + 1) * sizeof(struct settings_log));

	if (s->log_count)
		memcpy(logs, s->logs, s->log_count * sizeof(struct settings_log));
	logs[s->log_count] = (struct settings_log){
		.kind = SETTINGS_LOG_STDERR,
		.text = "stderr",
		.format = SETTINGS_LOG_HAPROXY,
		.framing = SETTINGS_LOG_CONSOLE,
		.level = LOG_LEVEL_NOTICE,
		.tag = "haproxy",
	};
	s->logs = logs;
	s->log_count++;
}

static void apply_arguments(struct settings *s, const struct haproxyargs *a)
{
	s->haproxy = true;
	if (a->maxconn)
		s->maxconn = a->maxconn;
	if (a->pidfile)
		s->pidfile = mem_arena_strdup(&s->arena, a->pidfile);
	if (!a->quiet && !a->background)
		add_console(s);
}

/* A control socket is a listener, as to HAProxy: Debian's haproxy.cfg has nothing else. */
static bool listens(const struct settings *s)
{
	size_t n = s->admin_count + s->socket_count;

	for (size_t i = 0; i < s->service_count; i++) {
		n += s->services[i].bind_count;
		for (size_t k = 0; k < s->services[i].frontend_count; k++)
			n += s->services[i].frontends[k].bind_count;
	}
	return n > 0;
}

static struct settings *load(struct reading *r)
{
	const struct haproxyargs *a = r->args;
	struct settings *s = read_all(r);

	if (s && a->strict && r->warned) {
		say(r, "ALERT", "config : some warnings were found and '-dW' is set, so exiting.");
		settings_free(s);
		return NULL;
	}
	return s;
}

struct settings *haproxycmd_load(const struct console *c, struct haproxyargs *a)
{
	struct reading r = { .console = c, .args = a };
	struct settings *s = load(&r);

	if (s && !listens(s)) {
		say(&r, "ALERT",
		    "[haproxy.main()] No enabled listener found (check for 'bind' directives) ! "
		    "Exiting.");
		settings_free(s);
		return NULL;
	}
	if (s)
		apply_arguments(s, a);
	return s;
}

int haproxycmd_check(const struct console *c, struct haproxyargs *a)
{
	struct reading r = { .console = c, .args = a };
	struct settings *s = load(&r);
	bool has_listener = s && listens(s);

	if (!s)
		return EXIT_FAILURE;
	settings_free(s);
	if (!has_listener) {
		fputs("Configuration file has no error but will not start (no listener) => "
		      "exit(2).\n",
		      c->out);
		return NO_LISTENER;
	}
	if (a->quiet)
		return EXIT_SUCCESS;
	if (r.warned)
		fputs("Warnings were found.\n", c->out);
	fputs("Configuration file is valid\n", c->out);
	return EXIT_SUCCESS;
}
