/* SPDX-License-Identifier: MIT */
#include "discovery.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/tick.h"
#include "base/url.h"
#include "conf/loader.h"
#include "conf/nodedoc.h"
#include "conf/nodeset.h"
#include "control/nodecache.h"
#include "core/nodeguard.h"
#include "discoveryparts.h"
#include "net/webget.h"
#include "rosterlog.h"
#include "supervising.h"
#include "upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
	TIMEOUT_MS = 5000,   /* for one address; less if `every` is */
	BODY_MAX = 32 << 20, /* a node has some 100 kB of metrics in it */
	FIRST_MS = 1000,     /* until the second round, while no list is known */
	SELDOM_MS = 60000,   /* failed rounds are not further apart, unless `every` is */
	DOUBLINGS = 6,
	JITTER = 10, /* per cent */
	SQL_PORT = 26257,
	HTTP_PORT = 8080
};

#define DEFAULT_PATH "/_status/nodes"

static const struct settings_discover *wish(const struct discovery *d)
{
	return d->s->settings->discover;
}

/* --- when to ask -------------------------------------------------------------------------- */

static void ask_in(struct discovery *d, uint64_t ms)
{
	struct ev_loop *loop = d->s->loop;

	ev_timer_stop(loop, &d->next);
	ev_now_update(loop);
	ev_timer_set(&d->next, (double)ms / 1000., 0.);
	ev_timer_start(loop, &d->next);
}

/* With a list there is time; without one nobody is served. */
static uint64_t pause_after_failure(const struct discovery *d)
{
	uint64_t every = wish(d)->every_ms;
	bool knows = d->s->settings->found.count;
	uint64_t most = knows && every < SELDOM_MS ? SELDOM_MS : every;
	uint64_t ms = knows || every < FIRST_MS ? every : FIRST_MS;
	uint32_t doublings = d->failed_rounds ? d->failed_rounds - 1 : 0;

	ms <<= doublings < DOUBLINGS ? doublings : DOUBLINGS;
	return ms > most ? most : ms;
}

static void stop(struct discovery *d)
{
	ev_timer_stop(d->s->loop, &d->next);
	nodeasker_cancel(d->asker);
	d->asker = NULL;
	discovery_places_clear(&d->places);
	d->is_waiting = false;
	mem_arena_release(&d->waiting_arena);
}

/* --- taking a list over ------------------------------------------------------------------- */

static void keep_list(struct discovery *d)
{
	const char *path = wish(d)->cache;
	struct error err;

	if (!path)
		return;
	d->touched_ms = tick_ms();
	if (nodecache_write(path, &d->s->settings->found, &err)) {
		d->keeps = true;
		return;
	}
	if (d->keeps || !d->told_unkept)
		roster_say(d->s->daemon.roster, LOG_LEVEL_WARN,
		           "discovery: the list is not kept for the next start: %s", err.text);
	d->keeps = false;
	d->told_unkept = true;
}

static enum discovery_verdict bring(struct discovery *d, const struct settings_nodes *found,
                                    int64_t wall_ms, struct mem_arena *arena, struct error *err)
{
	struct loader_nodes nodes = { .found = *found, .wall_ms = wall_ms };

	discovery_leave(d, arena, &nodes.leaving);
	return d->take(d->s, &nodes, err);
}

/* What waits comes into force, if it can. */
static void take_over(struct discovery *d)
{
	struct mem_arena arena = { 0 };
	struct settings *before = settings_ref(d->s->settings);
	struct error err;

	switch (bring(d, &d->waiting, d->told_wall_ms, &arena, &err)) {
	case DISCOVERY_TAKEN:
		d->is_waiting = false;
		d->taken_ms = tick_ms();
		discovery_tell_well(d);
		discovery_tell_change(d, before);
		keep_list(d);
		break;
	case DISCOVERY_REFUSED:
		d->is_waiting = false;
		/* Whatever others told before it, this one was the best. */
		d->trouble.kind = DISCOVERY_WELL;
		discovery_trouble(d, DISCOVERY_UNFIT, "the nodes are not taken over", &err);
		discovery_tell_trouble(d);
		break;
	case DISCOVERY_LATER:
		break;
	}
	if (!d->is_waiting)
		mem_arena_release(&d->waiting_arena);
	mem_arena_release(&arena);
	settings_free(before);
}

/* Those that have left are no servers any more. */
static void let_go(struct discovery *d)
{
	struct mem_arena arena = { 0 };
	struct settings *before = settings_ref(d->s->settings);
	struct error err;

	switch (bring(d, &before->found, before->found_wall_ms, &arena, &err)) {
	case DISCOVERY_TAKEN:
		discovery_tell_change(d, before);
		break;
	case DISCOVERY_REFUSED: /* they harm nobody */
	case DISCOVERY_LATER:
		break;
	}
	d->idle_ms = 0;
	mem_arena_release(&arena);
	settings_free(before);
}

static void take_if_due(struct discovery *d)
{
	enum { APART_MS = 1000 };

	if (d->is_waiting && tick_ms() - d->taken_ms >= APART_MS)
		take_over(d);
}

/* --- what was told ------------------------------------------------------------------------ */

static void end_round(struct discovery *d)
{
	discovery_places_clear(&d->places);
	if (d->good) {
		d->failed_rounds = 0;
		ask_in(d, rng_jitter(&d->rng, wish(d)->every_ms, JITTER));
		return;
	}
	discovery_tell_trouble(d);
	/* Somebody who answers is asked as ever. */
	d->failed_rounds = d->trouble.kind == DISCOVERY_UNFIT ? 0 : d->failed_rounds + 1;
	ask_in(d, rng_jitter(&d->rng, pause_after_failure(d), 2 * JITTER));
}

static void believe(struct discovery *d, const struct settings_nodes *told)
{
	enum { TOUCH_MS = 30000 };
	const struct settings *s = d->s->settings;
	bool same = nodeset_same(told, &s->found);

	d->good = true;
	d->told_ms = tick_ms();
	d->told_wall_ms = tick_wall_ms();
	mem_arena_release(&d->waiting_arena);
	d->is_waiting = !same;
	if (!same) {
		nodeset_copy(told, &d->waiting_arena, &d->waiting);
		take_if_due(d);
		return;
	}
	discovery_tell_well(d);
	if (!d->keeps) {
		keep_list(d);
	} else if (s->discover->cache && tick_ms() - d->touched_ms >= TOUCH_MS) {
		d->touched_ms = tick_ms();
		if (!nodecache_touch(s->discover->cache))
			keep_list(d);
	}
}

/* Whether the list is good enough; if not, why. */
static bool judge(struct discovery *d, const struct settings_nodes *told, struct error *err)
{
	const struct settings *s = d->s->settings;
	struct mem_arena arena = { 0 };
	struct settings_nodes known = { 0 };
	struct settings_nodes wanted;
	bool good = nodeset_select(told, s->discover, &arena, &wanted, err);

	if (good) {
		/* By another filter than before there may be none. */
		if (!nodeset_select(&s->found, s->discover, &arena, &known, NULL))
			known.count = 0;
		switch (
		    nodeguard_judge(&d->guard, d->round, &known, &wanted, s->discover->minimum)) {
		case NODEGUARD_TAKE:
			break;
		case NODEGUARD_FEW:
			good = error_set(err, "it has %zu nodes, and minimum is %u", wanted.count,
			                 s->discover->minimum);
			break;
		case NODEGUARD_SHRUNK:
			good =
			    error_set(err,
			              "it has %zu of the %zu nodes that are known; the same three "
			              "times in a row counts",
			              wanted.count, known.count);
			break;
		}
	}
	mem_arena_release(&arena);
	return good;
}

/* `leavers`: see nodeset_reason() */
static bool parse(const struct text *body, const char *source, struct mem_arena *arena,
                  struct settings_nodes *ret, struct settings_nodes *leavers, struct error *err)
{
	const struct nodedoc_options o = { .source = source,
		                           .sql_port = SQL_PORT,
		                           .http_port = HTTP_PORT,
		                           .max = NODESET_MAX,
		                           .from_node = true };
	AUTO_TEXT warnings = { 0 };
	struct nodelist list;

	if (!nodedoc_parse(text_str(body), body->len, &o, &list, &warnings, err))
		return false;
	nodeset_take(&list, arena, ret);
	nodeset_take_leavers(&list, arena, leavers);
	nodelist_release(&list);
	return true;
}

static void read_list(struct discovery *d, const struct text *body)
{
	struct mem_arena arena = { 0 };
	struct settings_nodes told, leavers;
	struct error err;

	if (!parse(body, d->places.name, &arena, &told, &leavers, &err)) {
		webget_cover(d->session, &err);
		discovery_trouble(d, DISCOVERY_UNFIT, "the list is refused", &err);
	} else if (!judge(d, &told, &err)) {
		error_wrap(&err, "%s", d->places.name);
		discovery_trouble(d, DISCOVERY_UNFIT, "the list is refused", &err);
	} else {
		discovery_places_answered(&d->places);
		snprintf(d->from, sizeof(d->from), "%s", discovery_places_at(&d->places)->url);
		mem_arena_release(&d->leavers_arena);
		nodeset_copy(&leavers, &d->leavers_arena, &d->leavers);
		believe(d, &told);
	}
	mem_arena_release(&arena);
}

static void ask_next(struct discovery *d);

static void on_answer(void *ctx, struct text *body, uint16_t status, const struct error *err)
{
	struct discovery *d = ctx;
	bool denied = status == 401 || status == 403;

	d->asker = NULL;
	if (body)
		read_list(d, body);
	else
		discovery_trouble(d, denied ? DISCOVERY_DENIED : DISCOVERY_SILENT,
		                  "the cluster cannot be asked", err);
	/* What was taken over may have brought other settings, but none without discovery. */
	if (d->good)
		end_round(d);
	else
		ask_next(d);
}

/* --- asking ------------------------------------------------------------------------------- */

static uint32_t time_limit(const struct settings_discover *w)
{
	uint32_t part = w->every_ms / 4 * 3;

	return part < TIMEOUT_MS ? part : TIMEOUT_MS;
}

/* A FIFO would hold everything up until somebody writes to it. */
static bool read_session(const char *said, char **ret, struct error *err)
{
	static const char prefix[] = "file:";
	const char *path = said + sizeof(prefix) - 1;
	struct stat st;

	if (strncmp(said, prefix, sizeof(prefix) - 1) == 0 && stat(path, &st) == 0 &&
	    !S_ISREG(st.st_mode))
		return error_set(err, "%s is not a file", path);
	return webget_session(said, ret, err);
}

static void ask_next(struct discovery *d)
{
	const struct settings_discover *w = wish(d);
	const struct discovery_place *at = discovery_places_next(&d->places);
	struct error err;

	free(d->session);
	d->session = NULL;
	if (!at) {
		end_round(d);
		return;
	}
	if (w->session && !read_session(w->session, &d->session, &err)) {
		discovery_trouble(d, DISCOVERY_DENIED, "the session cannot be read", &err);
		end_round(d);
		return;
	}
	d->asker = nodeasker_begin(&(struct nodeasker_options){ .loop = d->s->loop,
	                                                        .resolver = d->s->resolver,
	                                                        .tls = d->tls,
	                                                        .url = at->url,
	                                                        .path = DEFAULT_PATH,
	                                                        .session = d->session,
	                                                        .timeout_ms = time_limit(w),
	                                                        .max = BODY_MAX,
	                                                        .done = on_answer,
	                                                        .ctx = d });
}

static void on_next(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct discovery *d = container_of(timer, struct discovery, next);

	(void)loop;
	(void)revents;
	d->round++;
	d->good = false;
	d->trouble.kind = DISCOVERY_WELL;
	discovery_places_fill(&d->places, d->s->settings);
	ask_next(d);
}

/* --- life --------------------------------------------------------------------------------- */

bool discovery_prepare(const struct settings *s, struct tls_context **ret, struct error *err)
{
	const struct settings_discover *w = s->discover;
	bool secure = false;

	for (size_t i = 0; w && i < w->from.count; i++)
		secure |= strncasecmp(w->from.at[i], "https:", 6) == 0;
	*ret = NULL;
	if (!secure || tls_context_new(
	                   &(struct tls_client_options){
	                       .verify = w->verify, .ca = w->ca, .cert = w->cert, .key = w->key },
	                   ret, err))
		return true;
	return error_wrap(err, "cluster.discover");
}

void discovery_follow(struct discovery *d, struct tls_context **tls)
{
	struct tls_context *before = d->tls;

	stop(d);
	d->tls = *tls;
	*tls = before;
	d->failed_rounds = 0;
	d->keeps = false;
	d->told_unkept = false;
	if (wish(d))
		ask_in(d, 0);
	else
		discovery_forget(d);
}

static void tell_recalled(const struct discovery *d)
{
	const struct settings *s = d->s->settings;
	int64_t age_ms = tick_wall_ms() - s->found_wall_ms;
	AUTO_TEXT line = { 0 };
	char age[32];

	number_format_age(age_ms > 0 ? (uint64_t)age_ms / 1000 : 0, age, sizeof(age));
	text_addf(
	    &line,
	    "discovery: until the cluster answers the kept list counts: %zu node%s, %s old (%s)",
	    s->found.count, s->found.count == 1 ? "" : "s", age, s->discover->cache);
	rosterlog_mark(d->s->daemon.roster, LOG_LEVEL_WARN, text_str(&line));
}

void discovery_start(struct discovery *d)
{
	if (!wish(d))
		return;
	if (d->s->settings->recalled)
		tell_recalled(d);
	ask_in(d, 0);
}

void discovery_tend(struct discovery *d)
{
	if (d->s->daemon.stopping || upgrade_is_done(d->s->upgrade))
		stop(d);
	else if (d->is_waiting)
		take_if_due(d);
	else if (wish(d) && discovery_has_left(d))
		let_go(d);
}

bool discovery_new(struct supervisor *s, discovery_take *take, struct discovery **ret,
                   struct error *err)
{
	struct discovery *d = mem_zalloc(sizeof(*d));

	d->s = s;
	d->take = take;
	rng_seed(&d->rng);
	ev_timer_init(&d->next, on_next, 0., 0.);
	if (!discovery_prepare(s->settings, &d->tls, err)) {
		free(d);
		return false;
	}
	s->daemon.discovery = (struct daemon_discovery){ discovery_report, d };
	*ret = d;
	return true;
}

void discovery_free(struct discovery *d)
{
	if (!d)
		return;
	d->s->daemon.discovery = (struct daemon_discovery){ 0 };
	stop(d);
	tls_context_free(d->tls);
	mem_arena_release(&d->leavers_arena);
	free(d->session);
	free(d);
}
