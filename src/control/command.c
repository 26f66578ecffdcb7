/* SPDX-License-Identifier: MIT */
#include "control/command.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/suggest.h"
#include "report/csv.h"
#include "report/eventjson.h"
#include "report/eventline.h"
#include "report/info.h"
#include "report/serversstate.h"
#include "report/sessionline.h"
#include "report/statusjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One command being run: its arguments come after the words that name it. */
struct call {
	struct command_context *ctx;
	const char *args[COMMAND_WORDS_MAX];
	size_t count;
	struct text *out;
};

static bool has_word(const struct call *c, const char *word)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->args[i], word) == 0)
			return true;
	return false;
}

static const char *arg(const struct call *c, size_t i)
{
	return i < c->count ? c->args[i] : NULL;
}

/* --- showing ------------------------------------------------------------------------------ */

static void show_info(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);

	if (has_word(c, "typed"))
		info_write_typed(s, c->out);
	else if (has_word(c, "json"))
		info_write_json(s, c->out);
	else if (has_word(c, "desc"))
		info_write_desc(s, c->out);
	else
		info_write(s, c->out);
	snapshot_free(s);
}

/* `show stat {<iid>|<proxy>} <type> <sid>`, where -1 stands for all of each. */
static struct csv_filter filter_of(const struct call *c)
{
	struct csv_filter f = { .proxy_id = -1, .server_id = -1 };
	uint64_t n;

	f.hide_down = has_word(c, "up");
	f.hide_maint = has_word(c, "no-maint");
	if (c->count < 3)
		return f;
	if (number_parse(c->args[0], UINT32_MAX, &n))
		f.proxy_id = (int64_t)n;
	else if (strcmp(c->args[0], "-1") != 0)
		f.proxy = c->args[0];
	if (number_parse(c->args[1], UINT32_MAX, &n))
		f.types = (unsigned int)n & CSV_ALL;
	if (number_parse(c->args[2], UINT32_MAX, &n))
		f.server_id = (int64_t)n;
	return f;
}

static void show_stat(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);
	struct csv_filter f = filter_of(c);

	if (!csv_filter_matches(s, &f))
		text_add(c->out, "No such proxy.\n");
	else if (has_word(c, "typed"))
		csv_write_typed(s, &f, c->out);
	else if (has_word(c, "json"))
		csv_write_json(s, &f, c->out);
	else
		csv_write_filtered(s, &f, c->out);
	snapshot_free(s);
}

static void show_servers(struct call *c,
                         bool (*write)(const struct snapshot *, const char *, struct text *))
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);

	if (!write(s, arg(c, 0), c->out))
		text_add(c->out, "Can't find backend.\n");
	snapshot_free(s);
}

static void show_servers_state(struct call *c)
{
	show_servers(c, serversstate_write);
}

static void show_servers_conn(struct call *c)
{
	show_servers(c, serversstate_write_conn);
}

static void show_backend(struct call *c)
{
	const struct topology *t = c->ctx->daemon->topology;

	text_add(c->out, "# name\n");
	for (size_t i = 0; i < t->service_count; i++)
		text_addf(c->out, "%s\n", t->services[i]->settings->name);
}

static void show_sess(struct call *c)
{
	size_t count;
	struct record *list = crew_sessions(c->ctx->daemon->crew, &count);
	const struct record **at = mem_zalloc(count * sizeof(struct record *));

	for (size_t i = 0; i < count; i++)
		at[i] = &list[i];
	if (has_word(c, "json")) {
		sessionline_write_list(at, count, c->out);
		text_addc(c->out, '\n');
	} else {
		for (size_t i = 0; i < count; i++) {
			struct sessionline line;

			sessionline_take(at[i], &line);
			sessionline_write(&line, 0, c->out);
			text_addc(c->out, '\n');
		}
	}
	free(at);
	free(list);
}

static void show_events(struct call *c)
{
	const struct journal *j = c->ctx->daemon->journal;
	const struct journal_event *e;
	uint64_t seq = 1;

	for (size_t i = 0; i + 1 < c->count; i++)
		if (strcmp(c->args[i], "since") == 0 &&
		    !number_parse(c->args[i + 1], UINT64_MAX, &seq)) {
			text_add(c->out, "'since' expects the number of an event.\n");
			return;
		}
	for (; (e = journal_find(j, seq)); seq = e->seq + 1) {
		if (has_word(c, "json"))
			eventjson_write(e, c->out);
		else
			eventline_write(e, EVENTLINE_TIME | EVENTLINE_DATE, c->out);
		text_addc(c->out, '\n');
	}
	c->ctx->follow = has_word(c, "follow") || has_word(c, "-w");
	c->ctx->follow_from = seq;
}

static void show_status(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);

	statusjson_write(s, c->out);
	text_addc(c->out, '\n');
	snapshot_free(s);
}

static void show_version(struct call *c)
{
	struct snapshot *s = daemon_snapshot(c->ctx->daemon);

	info_add_version(s, c->out);
	text_addc(c->out, '\n');
	snapshot_free(s);
}

/* --- changing ----------------------------------------------------------------------------- */

static void say(struct call *c, const char *words)
{
	text_addf(c->out, "%s\n", words);
}

/* Is this the object that `word` means: its name, or "#" and its id? */
static bool is_named(const char *word, size_t len, const char *name, uint32_t id)
{
	char number[16];

	snprintf(number, sizeof(number), "#%u", id);
	return (strlen(name) == len && memcmp(word, name, len) == 0) ||
	       (strlen(number) == len && memcmp(word, number, len) == 0);
}

/* The server of "service/server"; NULL when the answer is an error. */
static struct topology_server *server_of(struct call *c, const char *path)
{
	const struct topology *t = c->ctx->daemon->topology;
	const char *slash = path ? strchr(path, '/') : NULL;
	bool found = false;

	if (!slash || slash == path || !slash[1]) {
		say(c, "Require 'backend/server'.");
		return NULL;
	}
	for (size_t i = 0; i < t->service_count; i++) {
		const struct topology_service *service = t->services[i];

		if (!is_named(path, (size_t)(slash - path), service->settings->name, service->id))
			continue;
		found = true;
		for (size_t k = 0; k < service->server_count; k++)
			if (is_named(slash + 1, strlen(slash + 1),
			             service->servers[k]->settings->name, service->servers[k]->id))
				return service->servers[k];
	}
	say(c, found ? "No such server." : "No such backend.");
	return NULL;
}

static void change_weight(struct call *c, struct topology_server *s, const char *words)
{
	char digits[16] = "";
	size_t len = words ? strlen(words) : 0;
	bool percent = len && words[len - 1] == '%';
	uint64_t n;

	if (!len) {
		say(c, "Require <weight> or <weight%>.");
		return;
	}
	if (len - percent < sizeof(digits))
		memcpy(digits, words, len - percent);
	if (!number_parse(digits, UINT32_MAX, &n)) {
		say(c, "Empty weight string empty or preceded by garbage");
		return;
	}
	if (percent && n > 100) {
		say(c, "Relative weight can only be between 0 and 100% inclusive.");
		return;
	}
	if (n > 256) {
		say(c, "Absolute weight can only be between 0 and 256 inclusive.");
		return;
	}
	/* Rounded up: half of 1 is not 0, which would drain the server (HAProxy rounds down). */
	if (percent)
		n = (s->settings->weight * n + 99) / 100;
	roster_set_weight(c->ctx->daemon->roster, s, (uint32_t)n);
}

struct word_order {
	const char *word;
	enum roster_order order;
};

static const struct word_order states[] = { { "ready", ROSTER_READY },
	                                    { "drain", ROSTER_DRAIN },
	                                    { "maint", ROSTER_MAINT } };
static const struct word_order healths[] = { { "up", ROSTER_HEALTH_UP },
	                                     { "stopping", ROSTER_HEALTH_NOLB },
	                                     { "down", ROSTER_HEALTH_DOWN } };

static void obey(struct call *c, struct topology_server *s, const struct word_order orders[3],
                 const char *otherwise)
{
	for (size_t i = 0; i < 3; i++)
		if (arg(c, 2) && strcmp(arg(c, 2), orders[i].word) == 0) {
			roster_order(c->ctx->daemon->roster, s, orders[i].order);
			return;
		}
	say(c, otherwise);
}

static void set_server(struct call *c)
{
	struct topology_server *s = server_of(c, arg(c, 0));
	const char *what = arg(c, 1) ? arg(c, 1) : "";

	if (!s)
		return;
	if (strcmp(what, "state") == 0)
		obey(c, s, states,
		     "'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
	else if (strcmp(what, "health") == 0 && !s->limits.checked)
		say(c, "health checks are not enabled on this server.");
	else if (strcmp(what, "health") == 0)
		obey(c, s, healths,
		     "'set server <srv> health' expects 'up', 'stopping', or 'down'.");
	else if (strcmp(what, "weight") == 0)
		change_weight(c, s, arg(c, 2));
	else
		say(c, "usage: set server <backend>/<server> health | state | weight");
}

static void get_weight(struct call *c)
{
	struct topology_server *s = server_of(c, arg(c, 0));

	if (s)
		text_addf(c->out, "%u (initial %u)\n",
		          atomic_load_explicit(&s->weight, memory_order_relaxed),
		          s->settings->weight);
}

static void set_weight(struct call *c)
{
	struct topology_server *s = server_of(c, arg(c, 0));

	if (s)
		change_weight(c, s, arg(c, 1));
}

static void order(struct call *c, enum roster_order what)
{
	struct topology_server *s = server_of(c, arg(c, 0));

	if (s)
		roster_order(c->ctx->daemon->roster, s, what);
}

static void enable_server(struct call *c)
{
	order(c, ROSTER_READY);
}

static void disable_server(struct call *c)
{
	order(c, ROSTER_MAINT);
}

/* HAProxy's are addresses, "0x55dc7252fd00", so its clients may send hexadecimal digits. */
static bool parse_session(const char *s, uint64_t *ret)
{
	if (strncmp(s, "0x", 2) != 0)
		return number_parse(s, UINT64_MAX, ret);
	s += 2;
	if (!*s || strlen(s) > 16 || strspn(s, "0123456789abcdefABCDEF") != strlen(s))
		return false;
	*ret = strtoull(s, NULL, 16);
	return true;
}

static void shutdown_session(struct call *c)
{
	uint64_t id;

	if (!arg(c, 0) || !parse_session(arg(c, 0), &id))
		say(c, "Session pointer expected (use 'show sess').");
	else if (!crew_kill(c->ctx->daemon->crew, id))
		say(c, "No such session (use 'show sess').");
}

static void shutdown_sessions(struct call *c)
{
	struct topology_server *s = server_of(c, arg(c, 0));

	if (s)
		crew_end_sessions(c->ctx->daemon->crew, s, REASON_KILLED);
}

/* --- the table ---------------------------------------------------------------------------- */

static void do_help(struct call *c);

static void do_quit(struct call *c)
{
	c->ctx->quit = true;
}

static void do_prompt(struct call *c)
{
	c->ctx->prompt = !c->ctx->prompt;
}

static const struct {
	const char *words, *args, *help;
	void (*run)(struct call *c);
} commands[] = {
#define COMMAND(words_, args_, handler, help_)                                                     \
	{ .words = words_, .args = args_, .run = handler, .help = help_ },
#include "control/commands.def"
};

static void list_commands(struct text *out)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		AUTO_TEXT left = { 0 };

		text_addf(&left, "%s %s", commands[i].words, commands[i].args);
		text_addf(out, "  %-45s : %s\n", text_str(&left), commands[i].help);
	}
}

static void do_help(struct call *c)
{
	text_add(c->out, "The following commands are valid at this level:\n");
	list_commands(c->out);
}

/* How many of the line's words name this command; 0: it is another one. */
static size_t match(const char *words, char *const *line, size_t count)
{
	size_t n = 0;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (n == count || strlen(line[n]) != len || strncmp(words, line[n], len) != 0)
			return 0;
		n++;
		words += len;
		words += *words == ' ';
	}
	return n;
}

static size_t split(char *line, char *words[COMMAND_WORDS_MAX])
{
	size_t count = 0;
	char *state = NULL;

	for (char *w = strtok_r(line, " \t\r\n", &state); w && count < COMMAND_WORDS_MAX;
	     w = strtok_r(NULL, " \t\r\n", &state))
		words[count++] = w;
	return count;
}

static void unknown(const char *line, struct text *out)
{
	const char *names[ARRAY_LEN(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i].words;
	near = suggest_nearest(line, names, ARRAY_LEN(names));
	text_addf(out, "Unknown command: '%s'", line);
	if (near)
		text_addf(out, "; did you mean '%s'?", near);
	text_add(out, "\nThe following commands are valid at this level:\n");
	list_commands(out);
}

void command_run(struct command_context *ctx, const char *line, struct text *out)
{
	char *copy = mem_strdup(line);
	char *words[COMMAND_WORDS_MAX];
	size_t count = split(copy, words);
	struct call call = { .ctx = ctx, .out = out };
	size_t best = 0;
	size_t which = 0;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		size_t n = match(commands[i].words, words, count);

		if (n > best) {
			best = n;
			which = i;
		}
	}
	for (size_t i = best; i < count; i++)
		call.args[call.count++] = words[i];
	if (best)
		commands[which].run(&call);
	else if (count)
		unknown(line, out);
	free(copy);
}
