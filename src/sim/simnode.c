/* SPDX-License-Identifier: MIT */
#include "sim/simnode.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/suggest.h"
#include "base/tick.h"
#include "sim/simhealth.h"
#include "sim/simlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 2047, ARGS_MAX = 3, LIST_MAX = 64 };

struct simnode {
	struct simnode_options o;
	char *locality;
	struct simlife life;
	struct simhealth health;
	struct simlist listed;
	char sql_text[ADDR_TEXT_MAX], http_text[ADDR_TEXT_MAX];
};

/* A command split into words; `rest` is the text after the first word. */
struct words {
	const char *arg[ARGS_MAX];
	size_t count;
	const char *rest;
};

static void pass_event(void *ctx, const char *what)
{
	struct simnode *n = ctx;

	if (n->o.event)
		n->o.event(n->o.ctx, n, what);
}

static void route_cancel(void *ctx, uint64_t key)
{
	struct simnode *n = ctx;
	uint32_t id = simsession_key_node(key);

	if (id == n->o.id)
		simnode_cancel(n, key);
	else if (n->o.forward_cancel)
		n->o.forward_cancel(n->o.ctx, id, key);
}

void simnode_cancel(struct simnode *n, uint64_t key)
{
	if (!n->life.hung)
		simsql_cancel(&n->life.sql, key);
}

static void serve_list(struct simnode *n, const struct simhttp_request *request,
                       struct simhttp_reply *reply)
{
	struct simpage_node nodes[LIST_MAX];
	size_t count = 0;

	if (n->o.list)
		count = n->o.list(n->o.ctx, nodes, LIST_MAX);
	else if (simnode_is_listed(n))
		simnode_describe(n, &nodes[count++]);
	simlist_answer(&n->listed, request, nodes, count, reply);
}

static void serve_page(void *ctx, const struct simhttp_request *request,
                       struct simhttp_reply *reply)
{
	struct simnode *n = ctx;
	const char *path = request->path;
	struct simpage_node self;

	if (simhealth_is_path(path)) {
		simhealth_answer(&n->health, tick_ms(), simlife_not_ready(&n->life),
		                 request->method, path, request->query, reply);
		return;
	}
	if (simlist_is_path(path)) {
		serve_list(n, request, reply);
		return;
	}
	simnode_describe(n, &self);
	reply->status = 200;
	if (strcmp(path, "/_status/vars") == 0) {
		simpage_vars(&reply->body, &self);
	} else if (strcmp(path, "/_status/load") == 0) {
		simpage_load(&reply->body, &self);
	} else if (strcmp(path, "/") == 0) {
		reply->type = "text/html; charset=utf-8";
		simpage_console(&reply->body, &self);
	} else {
		reply->status = 0;
	}
}

static bool run(struct simnode *n, enum simlife_state state, uint64_t for_ms, struct error *err)
{
	if (!simlife_run(&n->life, state, for_ms, err))
		return false;
	n->health = (struct simhealth){ .requests = n->health.requests };
	return true;
}

struct simnode *simnode_new(struct ev_loop *loop, const struct simnode_options *o,
                            struct error *err)
{
	struct simnode *n;

	if (o->id < 1 || o->id > ID_MAX) {
		error_set(err, "node id %" PRIu32 " is not within 1..%d", o->id, ID_MAX);
		return NULL;
	}
	n = mem_zalloc(sizeof(*n));
	n->o = *o;
	n->locality = mem_strdup(o->locality ? o->locality : "");
	simlife_init(&n->life, loop, o->id, &o->sql, &o->http, serve_page, n);
	n->life.said = pass_event;
	n->life.sql.cancel_ctx = n;
	n->life.sql.cancel = route_cancel;
	if (!run(n, SIMLIFE_LIVE, 0, err)) {
		simnode_free(n);
		error_wrap(err, "node %" PRIu32, o->id);
		return NULL;
	}
	addr_format(&n->life.sql.listen.at, n->sql_text);
	addr_format(&n->life.http.listen.at, n->http_text);
	return n;
}

void simnode_free(struct simnode *n)
{
	if (!n)
		return;
	simlife_release(&n->life);
	free(n->locality);
	free(n);
}

static bool refuse(struct text *answer, const char *why)
{
	text_add(answer, why);
	return false;
}

/* The duration at `index`, or what `ret` holds if there is none. */
static bool take_duration(const struct words *w, size_t index, uint64_t *ret, struct text *answer)
{
	if (index >= w->count || number_parse_duration(w->arg[index], ret))
		return true;
	text_addf(answer, "\"%s\" is not a duration (\"500ms\", \"2s\")", w->arg[index]);
	return false;
}

static bool say_state(struct simnode *n, struct text *answer)
{
	text_add(answer, simnode_state_name(n));
	return true;
}

static bool do_drain(struct simnode *n, const struct words *w, struct text *answer)
{
	struct simlife_drain d = { n->listed.initial_wait_ms, 0, 10000 };

	if (n->life.state != SIMLIFE_LIVE || n->life.hung)
		return refuse(answer, "only a live node can drain");
	if (!take_duration(w, 0, &d.initial_ms, answer) ||
	    !take_duration(w, 1, &d.connections_ms, answer) ||
	    !take_duration(w, 2, &d.transactions_ms, answer))
		return false;
	simlife_drain(&n->life, &d);
	return say_state(n, answer);
}

static bool do_kill(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	if (n->life.state == SIMLIFE_STOPPED)
		return refuse(answer, "the node is stopped");
	simlife_kill(&n->life);
	return say_state(n, answer);
}

static bool run_or_say(struct simnode *n, enum simlife_state state, uint64_t for_ms,
                       struct text *answer)
{
	struct error err;

	if (!run(n, state, for_ms, &err))
		return refuse(answer, err.text);
	return say_state(n, answer);
}

static bool do_start(struct simnode *n, const struct words *w, struct text *answer)
{
	uint64_t delay_ms = 0;

	if (n->life.state != SIMLIFE_STOPPED)
		return refuse(answer, "the node runs");
	if (!take_duration(w, 0, &delay_ms, answer))
		return false;
	if (!run_or_say(n, delay_ms ? SIMLIFE_STARTING : SIMLIFE_LIVE, delay_ms, answer))
		return false;
	pass_event(n, "has started");
	return true;
}

static bool do_init_wait(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	return run_or_say(n, SIMLIFE_INIT_WAIT, 0, answer);
}

static bool do_reset(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	if (!run_or_say(n, SIMLIFE_LIVE, 0, answer))
		return false;
	n->listed = (struct simlist){ 0 };
	pass_event(n, "is live");
	return true;
}

static bool do_hang(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	if (n->life.state == SIMLIFE_STOPPED || n->life.hung)
		return refuse(answer, "only a running node can hang");
	simlife_hang(&n->life, true);
	return say_state(n, answer);
}

static bool do_resume(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	if (!n->life.hung)
		return refuse(answer, "the node does not hang");
	simlife_hang(&n->life, false);
	return say_state(n, answer);
}

static bool do_slow(struct simnode *n, const struct words *w, struct text *answer)
{
	if (!w->count)
		return refuse(answer, "slow needs a duration");
	if (!take_duration(w, 0, &n->health.delay_ms, answer))
		return false;
	pass_event(n, n->health.delay_ms ? "answers health slowly" : "answers health at once");
	return say_state(n, answer);
}

static bool do_flap(struct simnode *n, const struct words *w, struct text *answer)
{
	if (!w->count)
		return refuse(answer, "flap needs a duration");
	if (!take_duration(w, 0, &n->health.flap_ms, answer))
		return false;
	n->health.flap_since_ms = tick_ms();
	pass_event(n, n->health.flap_ms ? "flaps: health by turns" : "does not flap any more");
	return say_state(n, answer);
}

static bool do_health(struct simnode *n, const struct words *w, struct text *answer)
{
	uint64_t status;

	if (w->count != 1 || !number_parse(w->arg[0], 599, &status) || status < 200)
		return refuse(answer, "health needs a status from 200 to 599");
	n->health.status = status == 200 ? 0 : (int)status;
	pass_event(n, n->health.status ? "answers health with a fixed status"
	                               : "answers health truly");
	return say_state(n, answer);
}

static bool do_unready(struct simnode *n, const struct words *w, struct text *answer)
{
	snprintf(n->health.unready, sizeof(n->health.unready), "%s",
	         w->count ? w->rest : "node is not healthy");
	pass_event(n, "is not ready");
	return say_state(n, answer);
}

static bool do_refuse(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	simlife_refuse(&n->life);
	return say_state(n, answer);
}

static bool do_reject(struct simnode *n, const struct words *w, struct text *answer)
{
	const char *code = w->count ? w->arg[0] : "57P01";

	if (strlen(code) != 5)
		return refuse(answer, "an SQLSTATE has five characters");
	simlife_reject(&n->life, code);
	return say_state(n, answer);
}

static bool do_decommission(struct simnode *n, const struct words *w, struct text *answer)
{
	if (w->count && strcmp(w->arg[0], "done") != 0)
		return refuse(answer, "decommission takes nothing or \"done\"");
	pass_event(n, simlist_stand(&n->listed,
	                            w->count ? SIMLIST_DECOMMISSIONED : SIMLIST_DECOMMISSIONING));
	return say_state(n, answer);
}

static bool do_dead(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	pass_event(n, simlist_stand(&n->listed, SIMLIST_DEAD));
	return say_state(n, answer);
}

static bool do_unlist(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	pass_event(n, simlist_stand(&n->listed, SIMLIST_ABSENT));
	return say_state(n, answer);
}

static bool do_list(struct simnode *n, const struct words *w, struct text *answer)
{
	(void)w;
	pass_event(n, simlist_stand(&n->listed, SIMLIST_TRUE));
	return say_state(n, answer);
}

static bool do_session(struct simnode *n, const struct words *w, struct text *answer)
{
	snprintf(n->listed.session, sizeof(n->listed.session), "%s", w->count ? w->arg[0] : "");
	return say_state(n, answer);
}

static bool do_setting(struct simnode *n, const struct words *w, struct text *answer)
{
	uint64_t ms = 0;

	if (!take_duration(w, 1, &ms, answer))
		return false;
	if (!w->count || !simlist_set(&n->listed, w->arg[0], ms))
		return refuse(answer, "there is no such setting");
	return say_state(n, answer);
}

static bool do_status(struct simnode *n, const struct words *w, struct text *answer)
{
	const struct simsql *sql = &n->life.sql;

	(void)w;
	text_addf(answer,
	          "%s sessions=%" PRIu32 " accepted=%" PRIu64 " rejected=%" PRIu64
	          " connected=%" PRIu64 " queries=%" PRIu64 " health=%" PRIu64,
	          simnode_state_name(n), sql->now, sql->accepted, sql->rejected, sql->connected,
	          sql->host.queries, n->health.requests);
	return true;
}

/* COMMAND(name, most arguments, verb) */
#define COMMANDS(COMMAND)                                                                          \
	COMMAND("drain", 3, do_drain)                                                              \
	COMMAND("kill", 0, do_kill)                                                                \
	COMMAND("start", 1, do_start)                                                              \
	COMMAND("init-wait", 0, do_init_wait)                                                      \
	COMMAND("hang", 0, do_hang)                                                                \
	COMMAND("resume", 0, do_resume)                                                            \
	COMMAND("slow", 1, do_slow)                                                                \
	COMMAND("flap", 1, do_flap)                                                                \
	COMMAND("health", 1, do_health)                                                            \
	COMMAND("unready", SIZE_MAX, do_unready)                                                   \
	COMMAND("refuse", 0, do_refuse)                                                            \
	COMMAND("reject", 1, do_reject)                                                            \
	COMMAND("decommission", 1, do_decommission)                                                \
	COMMAND("dead", 0, do_dead)                                                                \
	COMMAND("unlist", 0, do_unlist)                                                            \
	COMMAND("list", 0, do_list)                                                                \
	COMMAND("session", 1, do_session)                                                          \
	COMMAND("setting", 2, do_setting)                                                          \
	COMMAND("reset", 0, do_reset)                                                              \
	COMMAND("status", 0, do_status)

#define NAME(name, most, verb)  name,
#define ENTRY(name, most, verb) { most, verb },

static const char *const names[] = { COMMANDS(NAME) NULL };

static const struct {
	size_t most;
	bool (*run)(struct simnode *n, const struct words *w, struct text *answer);
} verbs[] = { COMMANDS(ENTRY) };

const char *const *simnode_command_names(void)
{
	return names;
}

/* Cuts the first word off `*line`, which moves behind it; NULL if there is none. */
static char *cut_word(char **line)
{
	char *word = *line + strspn(*line, " \t\r\n");
	char *end = word + strcspn(word, " \t\r\n");

	if (!*word)
		return NULL;
	*line = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool run_verb(struct simnode *n, size_t verb, char *line, struct text *answer)
{
	AUTO_FREE char *rest = mem_strdup(line + strspn(line, " \t"));
	struct words w = { .rest = rest };
	char *word;

	rest[strcspn(rest, "\r\n")] = '\0';
	while ((word = cut_word(&line))) {
		if (w.count < ARGS_MAX)
			w.arg[w.count] = word;
		w.count++;
	}
	if (w.count > verbs[verb].most) {
		text_addf(answer, "%s takes at most %zu arguments", names[verb], verbs[verb].most);
		return false;
	}
	return verbs[verb].run(n, &w, answer);
}

bool simnode_command(struct simnode *n, const char *words, struct text *answer)
{
	AUTO_FREE char *copy = mem_strdup(words);
	char *line = copy;
	const char *name = cut_word(&line);
	const char *near;

	if (!name)
		return refuse(answer, "no command");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(name, names[i]) == 0)
			return run_verb(n, i, line, answer);
	near = suggest_nearest(name, names, ARRAY_LEN(verbs));
	text_addf(answer, "unknown command \"%s\"", name);
	if (near)
		text_addf(answer, "; did you mean \"%s\"?", near);
	return false;
}

uint32_t simnode_id(const struct simnode *n)
{
	return n->o.id;
}

enum simlife_state simnode_state(const struct simnode *n)
{
	return n->life.state;
}

const char *simnode_state_name(const struct simnode *n)
{
	return simlife_name(&n->life);
}

const struct addr *simnode_sql_addr(const struct simnode *n)
{
	return &n->life.sql.listen.at;
}

const struct addr *simnode_http_addr(const struct simnode *n)
{
	return &n->life.http.listen.at;
}

bool simnode_is_listed(const struct simnode *n)
{
	return n->listed.standing != SIMLIST_ABSENT;
}

void simnode_describe(const struct simnode *n, struct simpage_node *ret)
{
	*ret = (struct simpage_node){
		.id = n->o.id,
		.sql_address = n->sql_text,
		.http_address = n->http_text,
		.locality = n->locality,
		.state = simnode_state_name(n),
		.liveness = simlist_judge(&n->listed, simlife_liveness(&n->life)),
		.started_wall_ms = n->life.started_wall_ms,
		.sql_now = n->life.sql.now,
		.sql_total = n->life.sql.accepted,
		.queries = n->life.sql.host.queries,
	};
}
