/* SPDX-License-Identifier: MIT */
/*
 * When checks run.  Each target has one check, and the check one timer and one attempt (or
 * program): the timer runs between attempts.  Only schedule() and begin() go from one to the other.
 */
#include "engine/checker.h"

#include "attempt.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/tick.h"
#include "checktimes.h"
#include "engine/program.h"
#include "tlsshare.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* A storm of refused sessions asks for an extra check each: it gets one so often. */
	HURRY_MS = 100
};

enum check_state {
	CHECK_OFF,     /* type none, not started, or paused */
	CHECK_PENDING, /* the timer runs */
	CHECK_WAITING, /* due, but the address is not known yet */
	CHECK_RUNNING
};

struct check {
	struct checker *owner;
	size_t slot;
	const struct settings_target *target;
	struct settings *settings; /* a reference: where the target is; or NULL */
	enum check_state state;
	enum checker_pace pace;
	ev_timer due;
	struct probe_plan *plan; /* NULL: a program decides, or nothing does */
	struct attempt attempt;
	struct program program;
	struct program_facts facts;
	char *proxy_name; /* the part of the target's name that `facts` points at */
	uint16_t port;
	bool address_known; /* checker_set_address() was called */
	struct addr addr;   /* none: `reason` says why */
	char reason[sizeof(((struct probe_result *)0)->info)];
	int64_t ended_ms; /* when the last check ended; 0: there was none */
	/* A check in flight looks at these; what is to come takes their place when it has ended. */
	char *authority, *next_authority;
	char *agent_send, *next_agent_send;
	struct tlsshare *tls;
};

struct checker {
	struct ev_loop *loop;
	checker_on_result *on_result;
	void *ctx;
	bool started;
	struct rng rng;
	struct check **checks; /* by slot; NULL: free */
	size_t count;
	struct tlsshare_list tls;
	struct tlsshare *prepared; /* for targets that come later; or NULL */
};

static uint32_t interval_ms(const struct check *k)
{
	return checktimes_interval(&k->target->check, k->pace);
}

static uint64_t jittered_us(const struct check *k)
{
	return checktimes_next(&k->owner->rng, interval_ms(k));
}

static void arm(struct check *k, uint64_t us)
{
	struct ev_loop *loop = k->owner->loop;

	ev_timer_stop(loop, &k->due);
	ev_now_update(loop);
	ev_timer_set(&k->due, (double)us / 1e6, 0.);
	ev_timer_start(loop, &k->due);
}

/* The next check begins in so many microseconds, from the loop. */
static void schedule(struct check *k, uint64_t us)
{
	assert(k->state != CHECK_RUNNING && k->pace != CHECKER_PAUSED);
	k->state = CHECK_PENDING;
	arm(k, us);
}

/* The next check begins in so many microseconds at the latest. */
static void hasten(struct check *k, uint64_t us)
{
	struct ev_loop *loop = k->owner->loop;

	assert(k->state == CHECK_PENDING);
	ev_now_update(loop);
	if (ev_timer_remaining(loop, &k->due) * 1e6 > (double)us)
		schedule(k, us);
}

static void report(struct check *k, const struct probe_result *result)
{
	struct checker *c = k->owner;

	c->on_result(c->ctx, k->slot, result);
}

/* A check has ended; reported last, as the owner may change the pace in answer. */
static void finish(struct check *k, const struct probe_result *result)
{
	k->state = CHECK_OFF;
	k->ended_ms = tick_ms();
	schedule(k, jittered_us(k));
	report(k, result);
}

static bool is_program(const struct check *k)
{
	return k->target->check.type == SETTINGS_CHECK_EXTERNAL;
}

static void take_over(char **now, char **next)
{
	if (!*next)
		return;
	free(*now);
	*now = TAKE_PTR(*next);
}

static void start(struct check *k)
{
	struct addr to = k->addr;

	take_over(&k->authority, &k->next_authority);
	take_over(&k->agent_send, &k->next_agent_send);
	k->attempt.authority = k->authority;
	k->attempt.agent_send = k->agent_send;
	addr_set_port(&to, k->port);
	if (is_program(k))
		program_start(&k->program, &k->facts, &to);
	else
		attempt_start(&k->attempt, &to);
}

static void begin(struct check *k)
{
	if (!k->address_known) {
		k->state = CHECK_WAITING;
		return;
	}
	k->state = CHECK_RUNNING;
	/* A program hears first what has just become true. */
	if (k->addr.len && !is_program(k))
		start(k);
	else
		arm(k, 0);
	report(k, NULL);
}

/* There is no address to connect to. */
static void fail_resolve(struct check *k)
{
	struct probe_result result = { .code = PROBE_RESOLVE };

	memcpy(result.info, k->reason, sizeof(k->reason));
	finish(k, &result);
}

static void on_due(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct check *k = container_of(w, struct check, due);

	(void)loop;
	(void)revents;
	if (k->state != CHECK_RUNNING)
		begin(k);
	else if (k->addr.len)
		start(k);
	else
		fail_resolve(k);
}

/* Of an attempt or a program. */
static void on_verdict(void *ctx, const struct probe_result *result)
{
	finish(ctx, result);
}

static void pause_check(struct check *k)
{
	attempt_cancel(&k->attempt);
	program_cancel(&k->program);
	ev_timer_stop(k->owner->loop, &k->due);
	k->state = CHECK_OFF;
}

static bool is_unix(const char *host)
{
	return strncmp(host, "unix:", 5) == 0;
}

static char *make_authority(const struct check *k)
{
	const struct settings_target *t = k->target;
	const char *host = t->check.address ? t->check.address : t->host;
	struct text s = { 0 };

	if (is_unix(host))
		text_add(&s, "localhost");
	else
		text_addf(&s, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, k->port);
	return text_take(&s);
}

static void set_up_names(struct check *k)
{
	const char *name = k->target->name;
	const char *slash = strchr(name, '/');

	k->authority = make_authority(k);
	k->proxy_name = mem_strndup(name, slash ? (size_t)(slash - name) : 0);
	k->facts = (struct program_facts){ .proxy_name = k->proxy_name,
		                           .server_name = slash ? slash + 1 : name };
}

static bool has_rules(const struct settings_check *check)
{
	return check->type != SETTINGS_CHECK_NONE && check->type != SETTINGS_CHECK_EXTERNAL;
}

static bool make_rules(struct checker *c, const struct settings_check *s,
                       struct probe_plan **ret_plan, struct tlsshare **ret_tls, struct error *err)
{
	if (!has_rules(s))
		return true;
	if (!probe_plan_new(s, ret_plan, err))
		return false;
	return !probe_plan_uses_tls(*ret_plan) || tlsshare_get(&c->tls, s, ret_tls, err);
}

static void free_check(struct check *k)
{
	if (!k)
		return;
	pause_check(k);
	program_release(&k->program);
	probe_plan_free(k->plan);
	tlsshare_put(k->tls);
	free(k->authority);
	free(k->next_authority);
	free(k->agent_send);
	free(k->next_agent_send);
	free(k->proxy_name);
	settings_free(k->settings);
	free(k);
}

static struct check *make_check(struct checker *c, const struct settings_target *t, size_t slot,
                                struct error *err)
{
	struct check *k = mem_zalloc(sizeof(*k));

	k->owner = c;
	k->slot = slot;
	k->target = t;
	k->port = t->check_port;
	set_up_names(k);
	ev_timer_init(&k->due, on_due, 0., 0.);
	attempt_init(&k->attempt, c->loop, &t->check, on_verdict, k);
	program_init(&k->program, c->loop, &t->check, on_verdict, k);
	if (!make_rules(c, &t->check, &k->plan, &k->tls, err)) {
		free_check(k);
		error_wrap(err, "check of \"%s\"", t->name);
		return NULL;
	}
	k->attempt.plan = k->plan;
	k->attempt.source = &t->source;
	k->attempt.context = tlsshare_context(k->tls);
	k->attempt.peer = t->check.sni ? t->check.sni : is_unix(t->host) ? NULL : t->host;
	return k;
}

struct checker *checker_new(struct ev_loop *loop, const struct settings_target *targets,
                            size_t count, checker_on_result *on_result, void *ctx,
                            struct error *err)
{
	struct checker *c = mem_zalloc(sizeof(*c));

	c->loop = loop;
	c->on_result = on_result;
	c->ctx = ctx;
	c->checks = mem_zalloc(count * sizeof(struct check *));
	LIST_INIT(&c->tls);
	rng_seed(&c->rng);
	for (size_t i = 0; i < count; i++) {
		c->checks[i] = make_check(c, &targets[i], i, err);
		c->count = i + 1;
		if (!c->checks[i]) {
			checker_free(c);
			return NULL;
		}
	}
	return c;
}

bool checker_prepare(struct checker *c, const struct settings_check *check, struct error *err)
{
	struct probe_plan *plan = NULL;
	struct tlsshare *tls = NULL;
	bool ok = !check || make_rules(c, check, &plan, &tls, err);

	probe_plan_free(plan);
	if (!ok)
		return false;
	tlsshare_put(c->prepared);
	c->prepared = tls;
	return true;
}

bool checker_renew(struct checker *c, struct error *err)
{
	if (!tlsshare_renew(&c->tls, err))
		return false;
	/* One that is under way shakes hands by what it has begun with. */
	for (size_t i = 0; i < c->count; i++)
		if (c->checks[i])
			c->checks[i]->attempt.context = tlsshare_context(c->checks[i]->tls);
	return true;
}

static bool is_checked(const struct check *k)
{
	return k && k->target->check.type != SETTINGS_CHECK_NONE;
}

void checker_start(struct checker *c)
{
	size_t active = 0;
	size_t turn = 0;

	assert(!c->started);
	c->started = true;
	for (size_t i = 0; i < c->count; i++)
		active += is_checked(c->checks[i]);
	for (size_t i = 0; i < c->count; i++) {
		struct check *k = c->checks[i];

		if (!is_checked(k))
			continue;
		if (k->pace != CHECKER_PAUSED)
			schedule(k, checktimes_first(interval_ms(k), turn, active));
		turn++;
	}
}

static size_t find_slot(struct checker *c)
{
	size_t i = 0;

	while (i < c->count && c->checks[i])
		i++;
	if (i == c->count) {
		c->checks = mem_resize(c->checks, c->count + 1, sizeof(struct check *));
		c->checks[c->count++] = NULL;
	}
	return i;
}

bool checker_add(struct checker *c, const struct settings_target *target, size_t *ret_slot,
                 struct error *err)
{
	size_t slot = find_slot(c);
	struct check *k = make_check(c, target, slot, err);

	if (!k)
		return false;
	k->pace = CHECKER_PAUSED;
	c->checks[slot] = k;
	*ret_slot = slot;
	return true;
}

static struct check *at(const struct checker *c, size_t slot)
{
	assert(slot < c->count && c->checks[slot]);
	return c->checks[slot];
}

void checker_remove(struct checker *c, size_t slot)
{
	free_check(at(c, slot));
	c->checks[slot] = NULL;
}

void checker_keep(struct checker *c, size_t slot, struct settings *settings)
{
	struct check *k = at(c, slot);

	if (!k->settings)
		k->settings = settings_ref(settings);
}

void checker_set_port(struct checker *c, size_t slot, uint16_t port)
{
	struct check *k = at(c, slot);

	k->port = port;
	free(k->next_authority);
	k->next_authority = make_authority(k);
}

void checker_set_agent_send(struct checker *c, size_t slot, const char *line)
{
	struct check *k = at(c, slot);

	free(k->next_agent_send);
	k->next_agent_send = mem_strdup(line);
}

void checker_set_facts(struct checker *c, size_t slot, const struct program_facts *facts)
{
	program_take_facts(&at(c, slot)->facts, facts);
}

void checker_set_address(struct checker *c, size_t target, const struct addr *addr,
                         const char *reason)
{
	struct check *k = at(c, target);

	k->addr = addr ? *addr : (struct addr){ 0 };
	snprintf(k->reason, sizeof(k->reason), "%s", reason ? reason : "");
	k->address_known = true;
	if (k->state == CHECK_WAITING)
		schedule(k, 0);
}

void checker_set_pace(struct checker *c, size_t target, enum checker_pace pace)
{
	struct check *k = at(c, target);

	if (k->pace == pace)
		return;
	k->pace = pace;
	if (!c->started || !is_checked(k))
		return;
	if (pace == CHECKER_PAUSED)
		pause_check(k);
	else if (k->state == CHECK_OFF)
		schedule(k, 0);
	else if (k->state == CHECK_PENDING)
		hasten(k, jittered_us(k));
}

void checker_hurry(struct checker *c, size_t target)
{
	struct check *k = at(c, target);
	uint64_t gap = HURRY_MS;
	uint64_t since;

	if (k->state != CHECK_PENDING)
		return;
	since = (uint64_t)(tick_ms() - k->ended_ms);
	hasten(k, !k->ended_ms || since >= gap ? 0 : (gap - since) * 1000);
}

int64_t checker_next_ms(const struct checker *c, size_t target)
{
	struct check *k = at(c, target);
	int64_t left = (int64_t)(ev_timer_remaining(c->loop, &k->due) * 1e3);

	if (k->state == CHECK_PENDING)
		return left > 0 ? left : 1;
	return k->state == CHECK_RUNNING ? 0 : -1;
}

void checker_free(struct checker *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		free_check(c->checks[i]);
	tlsshare_put(c->prepared);
	free(c->checks);
	free(c);
}
