/* SPDX-License-Identifier: MIT */
#include "whyanswer.h"

#include "base/mem.h"
#include "base/tick.h"
#include "core/tiers.h"
#include "nearserver.h"
#include "report/eventline.h"
#include "report/whyjson.h"

#include <stdlib.h>
#include <string.h>

/* The words that one server's facts point at. */
struct words {
	struct text where, last, last_bad, decided, agent, tracked;
};

/* One server of the answer. */
struct item {
	struct why_facts facts;
	struct words words;
};

static uint32_t load(const _Atomic uint32_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

/* --- what is known of its checks ---------------------------------------------------------- */

static void add_answer(const struct checklog_entry *e, struct text *out)
{
	struct probe_result r = checklog_result(e);

	if (e->code == PROBE_RESOLVE) /* which the sentence says already */
		text_add(out, e->info);
	else if (e->code != PROBE_UNKNOWN)
		eventline_write_answer(&r, out);
}

static const struct checklog_entry *find_bad(const struct checklog *log)
{
	const struct checklog_entry *e;

	for (size_t i = 0; (e = checklog_at(log, i)); i++)
		if (e->run && !probe_code_passed((enum probe_code)e->code))
			return e;
	return NULL;
}

static void add_where(const struct settings_target *t, struct text *out)
{
	const char *host = t->check.address ? t->check.address : t->host;

	if (strncmp(host, "unix:", 5) == 0)
		text_add(out, host);
	else
		text_addf(out, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, t->check_port);
}

static void look_at_checks(const struct daemon *d, const struct topology_server *s, struct item *i)
{
	const struct topology_server *leader = topology_checked_for(s);
	const struct checklog_entry *last = checklog_at(leader->checks, 0);
	const struct checklog_entry *bad = find_bad(leader->checks);
	struct why_facts *f = &i->facts;

	f->check = &leader->target->check;
	f->target = leader->target->name;
	f->check_disabled = leader->check_disabled;
	f->next_check_ms = roster_next_check_ms(d->roster, s);
	f->decided = checklog_decided(leader->checks, f->state.health);
	add_where(leader->target, &i->words.where);
	if (last)
		add_answer(last, &i->words.last);
	if (bad)
		add_answer(bad, &i->words.last_bad);
	if (f->decided)
		add_answer(f->decided, &i->words.decided);
	f->bad = bad ? (enum probe_code)bad->code : PROBE_UNKNOWN;
	f->bad_draining = bad && bad->draining;
	f->where = text_str(&i->words.where);
	f->last = text_str(&i->words.last);
	f->last_bad = text_str(&i->words.last_bad);
	f->decided_words = text_str(&i->words.decided);
	if (!s->tracked)
		return;
	text_addf(&i->words.tracked, "%s/%s", s->tracked->service->settings->name,
	          s->tracked->settings->name);
	f->tracked = text_str(&i->words.tracked);
}

static void look_at_agent(const struct topology_server *s, struct item *i)
{
	const struct checklog_entry *last = checklog_at(s->agent_checks, 0);

	if (!s->settings->agent)
		return;
	if (last && last->info[0])
		text_add(&i->words.agent, last->info);
	else if (last)
		add_answer(last, &i->words.agent);
	i->facts.agent = text_str(&i->words.agent);
	i->facts.agent_disabled = s->agent_disabled;
}

/* --- and of the rest ---------------------------------------------------------------------- */

/* The backup that serves instead of `s`, if it is not `s`. */
static const char *backup_before(const struct topology_server *s)
{
	const struct topology_service *service = s->service;

	if (service->settings->allbackups)
		return NULL;
	for (size_t i = 0; i < service->server_count && service->servers[i] != s; i++) {
		const struct topology_server *other = service->servers[i];

		if (other->settings->backup && topology_is_usable(other) && load(&other->weight))
			return other->settings->name;
	}
	return NULL;
}

static uint32_t count_actives(const struct topology_service *service)
{
	uint32_t n = 0;

	for (size_t i = 0; i < service->server_count; i++)
		n += !service->servers[i]->settings->backup &&
		     topology_is_usable(service->servers[i]) && load(&service->servers[i]->weight);
	return n;
}

static void look_at_tier(const struct topology_server *s, struct why_facts *f)
{
	uint64_t spread = atomic_load_explicit(&s->service->spread, memory_order_relaxed);

	f->tiers = load(&s->service->tier_count);
	f->tier = topology_tier(s);
	f->tier_share = tiers_share(spread, f->tier);
}

static void look_at_load(const struct topology_server *s, int64_t now_ms, struct why_facts *f)
{
	f->weight = load(&s->weight);
	f->weight_configured = s->settings->weight;
	f->ramp = load(&s->ramp);
	f->sessions = load(&s->active);
	f->maxconn = topology_maxconn(s);
	f->queued = load(&s->queued);
	f->drain_left_ms = s->drain_until_ms ? s->drain_until_ms - now_ms : -1;
	f->observed = s->settings->observe;
	f->errors = load(&s->errors);
	f->error_limit = s->settings->error_limit;
	f->on_error = s->settings->on_error;
	f->backup = s->settings->backup;
	f->before_it = f->backup ? backup_before(s) : NULL;
	f->actives = count_actives(s->service);
	look_at_tier(s, f);
	f->panicking = atomic_load_explicit(&s->service->panicking, memory_order_relaxed);
	f->pressed = s->pressed;
	f->fault = fault_unpack(atomic_load_explicit(&s->fault, memory_order_relaxed));
	f->fault_left_ms = s->fault_until_ms ? s->fault_until_ms - now_ms : -1;
	if (s->fault_until_ms && f->fault_left_ms < 0)
		f->fault_left_ms = 0;
}

/* A server that a service has for itself may be named as a node. */
static bool is_joined(const struct settings *set, const struct topology_server *s)
{
	const char *name = s->settings->name;

	for (size_t i = 0; i < set->joined.count; i++)
		if (strcmp(set->joined.at[i].name, name) == 0)
			return strcmp(s->target->name, name) == 0;
	return false;
}

static void look_at_origin(const struct daemon *d, const struct topology_server *s,
                           struct why_facts *f)
{
	struct snapshot_discovery told;

	if (!d->discovery.report || s->own || !is_joined(d->topology->settings, s))
		return;
	d->discovery.report(d->discovery.ctx, &told);
	f->discovered = true;
	f->told_by = told.from;
	f->told_ms = told.last_s * 1000;
}

static void look(const struct daemon *d, const struct topology_server *s, struct item *i)
{
	int64_t now_ms = tick_ms();

	i->facts = (struct why_facts){
		.service = s->service->settings->name,
		.server = s->settings->name,
		.state = topology_state(s),
		.limits = s->limits,
		.age_ms = now_ms > s->since_ms ? now_ms - s->since_ms : 0,
		.cause = s->cause,
		.host = s->settings->host,
		.leaving = s->settings->leaving,
		.has_address = topology_has_address(s),
	};
	look_at_checks(d, s, i);
	look_at_agent(s, i);
	look_at_load(s, now_ms, &i->facts);
	look_at_origin(d, s, &i->facts);
}

static void release(struct item *i)
{
	text_release(&i->words.where);
	text_release(&i->words.last);
	text_release(&i->words.last_bad);
	text_release(&i->words.decided);
	text_release(&i->words.agent);
	text_release(&i->words.tracked);
}

/* --- the answer --------------------------------------------------------------------------- */

/* The caller frees the array. */
static const struct topology_server **find(const struct topology *t, const char *name,
                                           size_t *ret_count)
{
	const struct topology_server **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			const struct topology_server *s = t->services[i]->servers[k];

			if (strcmp(s->settings->name, name) != 0)
				continue;
			list = mem_resize(list, n + 1, sizeof(struct topology_server *));
			list[n++] = s;
		}
	*ret_count = n;
	return list;
}

static struct whyjson_source source_of(const struct daemon *d, const struct topology_server *s,
                                       const struct item *i)
{
	return (struct whyjson_source){ .facts = &i->facts,
		                        .now_wall_ms = tick_wall_ms(),
		                        .since_wall_ms = s->since_wall_ms,
		                        .checks = topology_checked_for(s)->checks,
		                        .agent_checks = s->agent_checks,
		                        .journal = d->journal };
}

static void write_one(const struct daemon *d, const struct topology_server *s, struct text *out)
{
	struct item item = { 0 };
	struct whyjson_source source;

	look(d, s, &item);
	source = source_of(d, s, &item);
	whyjson_write(&source, out);
	release(&item);
}

static void write_list(const struct daemon *d, const struct topology_server *const *servers,
                       size_t count, struct text *out)
{
	struct item *items = mem_zalloc(count * sizeof(*items));
	struct whyjson_source *sources = mem_zalloc(count * sizeof(*sources));

	for (size_t i = 0; i < count; i++) {
		look(d, servers[i], &items[i]);
		sources[i] = source_of(d, servers[i], &items[i]);
	}
	whyjson_write_list(sources, count, out);
	for (size_t i = 0; i < count; i++)
		release(&items[i]);
	free(sources);
	free(items);
}

bool whyanswer_write(const struct daemon *d, const char *name, struct text *out)
{
	const struct topology_server *one = topology_find_server(d->topology, name);
	const struct topology_server **list;
	size_t count;

	if (strchr(name, '/') && one) {
		write_one(d, one, out);
		return true;
	}
	list = find(d->topology, name, &count);
	if (count)
		write_list(d, list, count, out);
	else
		nearserver_write(d->topology, name, out);
	free(list);
	return count > 0;
}
