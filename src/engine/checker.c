/* SPDX-License-Identifier: MIT */
/*
 * When checks run.  Each target has one check, and the check one timer and one attempt: the timer
 * runs between attempts, the attempt in between.  schedule() and begin() are the only places that
 * change from one to the other.
 */
#include "engine/checker.h"

#include "attempt.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/tick.h"
#include "net/tls.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	JITTER_PERCENT = 10,
	/* A storm of refused sessions asks for an extra check each; this is how often it gets one.
	 */
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
	const struct settings_target *target;
	enum check_state state;
	enum checker_pace pace;
	ev_timer due;
	struct attempt attempt;
	bool address_known; /* checker_set_address() was called */
	struct addr addr;   /* none: `reason` says why */
	char reason[sizeof(((struct probe_result *)0)->info)];
	int64_t ended_ms; /* when the last check ended; 0: there was none */
	char *authority;
	struct tls_context *tls;
	bool owns_tls; /* checks with the same files share a context */
};

struct checker {
	struct ev_loop *loop;
	checker_on_result *on_result;
	void *ctx;
	bool started;
	struct rng rng;
	struct check *checks; /* one for each target, in their order */
	size_t count;
};

static uint32_t interval_ms(const struct check *k)
{
	const struct settings_check *s = &k->target->check;
	uint32_t ms = s->inter_ms;

	switch (k->pace) {
	case CHECKER_NORMAL:
	case CHECKER_PAUSED:
		break;
	case CHECKER_FAST:
		ms = s->fastinter_ms ? s->fastinter_ms : ms;
		break;
	case CHECKER_SLOW:
		ms = s->downinter_ms ? s->downinter_ms : ms;
		break;
	}
	return ms ? ms : 1;
}

static uint64_t jittered_ms(const struct check *k)
{
	return rng_jitter(&k->owner->rng, interval_ms(k), JITTER_PERCENT);
}

static void arm(struct check *k, uint64_t ms)
{
	struct ev_loop *loop = k->owner->loop;

	ev_timer_stop(loop, &k->due);
	ev_now_update(loop);
	ev_timer_set(&k->due, (double)ms / 1000., 0.);
	ev_timer_start(loop, &k->due);
}

/* The next check begins in `ms`, from the loop. */
static void schedule(struct check *k, uint64_t ms)
{
	assert(k->state != CHECK_RUNNING && k->pace != CHECKER_PAUSED);
	k->state = CHECK_PENDING;
	arm(k, ms);
}

/* The next check begins in `ms` at the latest. */
static void hasten(struct check *k, uint64_t ms)
{
	struct ev_loop *loop = k->owner->loop;

	assert(k->state == CHECK_PENDING);
	ev_now_update(loop);
	if (ev_timer_remaining(loop, &k->due) * 1000. > (double)ms)
		schedule(k, ms);
}

static void report(struct check *k, const struct probe_result *result)
{
	struct checker *c = k->owner;

	c->on_result(c->ctx, (size_t)(k - c->checks), result);
}

/* A check has ended; reported last, as the owner may change the pace in answer. */
static void finish(struct check *k, const struct probe_result *result)
{
	k->state = CHECK_OFF;
	k->ended_ms = tick_ms();
	schedule(k, jittered_ms(k));
	report(k, result);
}

static void begin(struct check *k)
{
	if (!k->address_known) {
		k->state = CHECK_WAITING;
		return;
	}
	k->state = CHECK_RUNNING;
	if (k->addr.len)
		attempt_start(&k->attempt, &k->addr);
	else
		arm(k, 0);
	report(k, NULL);
}

/* A check that runs without an attempt has no address to connect to. */
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
	if (k->state == CHECK_RUNNING)
		fail_resolve(k);
	else
		begin(k);
}

static void on_attempt(void *ctx, const struct probe_result *result)
{
	finish(ctx, result);
}

static void pause_check(struct check *k)
{
	attempt_cancel(&k->attempt);
	ev_timer_stop(k->owner->loop, &k->due);
	k->state = CHECK_OFF;
}

static bool same_file(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_tls(const struct settings_check *a, const struct settings_check *b)
{
	return a->verify == b->verify && same_file(a->ca, b->ca) && same_file(a->cert, b->cert) &&
	       same_file(a->key, b->key);
}

/* System certificates are megabytes and milliseconds: load them once, not once a node. */
static bool set_up_tls(struct check *k, struct error *err)
{
	const struct settings_check *s = &k->target->check;

	for (const struct check *other = k->owner->checks; other < k; other++) {
		if (!other->owns_tls || !same_tls(s, &other->target->check))
			continue;
		k->tls = other->tls;
		return true;
	}
	k->owns_tls = tls_context_new(
	    &(struct tls_client_options){
	        .verify = s->verify, .ca = s->ca, .cert = s->cert, .key = s->key },
	    &k->tls, err);
	return k->owns_tls;
}

static bool is_unix(const char *host)
{
	return strncmp(host, "unix:", 5) == 0;
}

static char *make_authority(const struct settings_target *t)
{
	const char *host = t->check.address ? t->check.address : t->host;
	struct text s = { 0 };

	if (is_unix(host))
		text_add(&s, "localhost");
	else
		text_addf(&s, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, t->check_port);
	return text_take(&s);
}

static bool set_up(struct check *k, struct checker *c, const struct settings_target *t,
                   struct error *err)
{
	k->owner = c;
	k->target = t;
	k->authority = make_authority(t);
	ev_timer_init(&k->due, on_due, 0., 0.);
	attempt_init(&k->attempt, c->loop, &t->check, on_attempt, k);
	if (t->check.type == SETTINGS_CHECK_HTTPS && !set_up_tls(k, err))
		return error_wrap(err, "check of \"%s\"", t->name);
	k->attempt.context = k->tls;
	k->attempt.peer = t->check.sni ? t->check.sni : is_unix(t->host) ? NULL : t->host;
	k->attempt.authority = k->authority;
	return true;
}

struct checker *checker_new(struct ev_loop *loop, const struct settings_target *targets,
                            size_t count, checker_on_result *on_result, void *ctx,
                            struct error *err)
{
	struct checker *c = mem_zalloc(sizeof(*c));

	c->loop = loop;
	c->on_result = on_result;
	c->ctx = ctx;
	c->checks = mem_zalloc(count * sizeof(*c->checks));
	rng_seed(&c->rng);
	for (size_t i = 0; i < count; i++) {
		c->count = i + 1;
		if (!set_up(&c->checks[i], c, &targets[i], err)) {
			checker_free(c);
			return NULL;
		}
	}
	return c;
}

void checker_start(struct checker *c)
{
	size_t active = 0;
	size_t turn = 0;

	assert(!c->started);
	c->started = true;
	for (size_t i = 0; i < c->count; i++)
		active += c->checks[i].target->check.type != SETTINGS_CHECK_NONE;
	for (size_t i = 0; i < c->count; i++) {
		struct check *k = &c->checks[i];

		if (k->target->check.type == SETTINGS_CHECK_NONE)
			continue;
		if (k->pace != CHECKER_PAUSED)
			schedule(k, (uint64_t)interval_ms(k) * turn / active);
		turn++;
	}
}

void checker_set_address(struct checker *c, size_t target, const struct addr *addr,
                         const char *reason)
{
	struct check *k = &c->checks[target];

	assert(target < c->count);
	k->addr = addr ? *addr : (struct addr){ 0 };
	if (addr)
		addr_set_port(&k->addr, k->target->check_port);
	snprintf(k->reason, sizeof(k->reason), "%s", reason ? reason : "");
	k->address_known = true;
	if (k->state == CHECK_WAITING)
		schedule(k, 0);
}

void checker_set_pace(struct checker *c, size_t target, enum checker_pace pace)
{
	struct check *k = &c->checks[target];

	assert(target < c->count);
	if (k->pace == pace)
		return;
	k->pace = pace;
	if (!c->started || k->target->check.type == SETTINGS_CHECK_NONE)
		return;
	if (pace == CHECKER_PAUSED)
		pause_check(k);
	else if (k->state == CHECK_OFF)
		schedule(k, 0);
	else if (k->state == CHECK_PENDING)
		hasten(k, jittered_ms(k));
}

void checker_hurry(struct checker *c, size_t target)
{
	struct check *k = &c->checks[target];
	uint64_t gap = HURRY_MS;
	uint64_t since;

	assert(target < c->count);
	if (k->state != CHECK_PENDING)
		return;
	since = (uint64_t)(tick_ms() - k->ended_ms);
	hasten(k, !k->ended_ms || since >= gap ? 0 : gap - since);
}

void checker_free(struct checker *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		struct check *k = &c->checks[i];

		pause_check(k);
		if (k->owns_tls)
			tls_context_free(k->tls);
		free(k->authority);
	}
	free(c->checks);
	free(c);
}
