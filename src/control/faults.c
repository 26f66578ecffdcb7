/* SPDX-License-Identifier: MIT */
#include "control/faults.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"
#include "core/faultcheck.h"
#include "rosterlog.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>

/* How exactly a fault ends in time. */
#define LOOK_S 0.05

struct faults {
	struct ev_loop *loop;
	struct roster *roster;
	struct topology *topology;
	ev_timer look; /* while there is a fault */
};

static struct fault fault_of(const struct topology_server *s)
{
	return fault_unpack(atomic_load_explicit(&s->fault, memory_order_relaxed));
}

static void tell(struct faults *f, const struct topology_server *s, struct fault fault, bool begins,
                 uint64_t for_ms)
{
	struct journal_event e = { .kind = JOURNAL_FAULT,
		                   .cause = JOURNAL_BY_COMMAND,
		                   .level = LOG_LEVEL_WARN,
		                   .begins = begins };
	AUTO_TEXT words = { 0 };
	char limit[32];

	fault_describe(&fault, &words);
	number_format_duration(for_ms, limit, sizeof(limit));
	snprintf(e.service, sizeof(e.service), "%s", s->service->settings->name);
	snprintf(e.server, sizeof(e.server), "%s", s->settings->name);
	if (begins)
		snprintf(e.text, sizeof(e.text), "%s%s%s: %s", text_str(&words),
		         for_ms ? " for " : "", for_ms ? limit : "", fault_meaning(fault.kind));
	else
		snprintf(e.text, sizeof(e.text), "%s is over", text_str(&words));
	rosterlog_write(f->roster, &e);
}

static void end(struct faults *f, struct topology_server *s)
{
	struct fault was = fault_of(s);

	atomic_store_explicit(&s->fault, 0, memory_order_relaxed);
	s->fault_until_ms = 0;
	s->fault_check_ms = 0;
	if (was.kind != FAULT_NONE)
		tell(f, s, was, false, 0);
}

void faults_put(struct faults *f, struct topology_server *s, struct fault fault, uint64_t for_ms)
{
	end(f, s);
	if (fault.kind == FAULT_NONE)
		return;
	s->fault_until_ms = for_ms ? tick_ms() + (int64_t)for_ms : 0;
	atomic_store_explicit(&s->fault, fault_pack(fault), memory_order_relaxed);
	tell(f, s, fault, true, for_ms);
	if (fault.kind == FAULT_RESET)
		f->roster->o.end_sessions(f->roster->o.ctx, s, REASON_SERVER_RESET);
	if (!ev_is_active(&f->look))
		ev_timer_again(f->loop, &f->look);
}

void faults_end(struct faults *f)
{
	for (size_t i = 0; i < f->topology->service_count; i++)
		for (size_t k = 0; k < f->topology->services[i]->server_count; k++)
			end(f, f->topology->services[i]->servers[k]);
}

/* Ends it if its time is over, and a check that hangs at its time-out.  False: there is none. */
static bool look_at(struct faults *f, struct topology_server *s, int64_t now_ms)
{
	struct probe_result result;

	if (s->fault_until_ms && now_ms >= s->fault_until_ms)
		end(f, s);
	else if (faultcheck_expired(s, now_ms, &result))
		roster_check_hung(f->roster, s, &result);
	return fault_of(s).kind != FAULT_NONE;
}

static void on_look(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct faults *f = container_of(w, struct faults, look);
	int64_t now = tick_ms();
	size_t left = 0;

	(void)revents;
	for (size_t i = 0; i < f->topology->service_count; i++)
		for (size_t k = 0; k < f->topology->services[i]->server_count; k++)
			left += look_at(f, f->topology->services[i]->servers[k], now);
	if (!left)
		ev_timer_stop(loop, w);
}

struct faults *faults_new(struct ev_loop *loop, struct roster *roster, struct topology *topology)
{
	struct faults *f = mem_zalloc(sizeof(*f));

	*f = (struct faults){ .loop = loop, .roster = roster, .topology = topology };
	ev_timer_init(&f->look, on_look, 0., LOOK_S);
	return f;
}

void faults_free(struct faults *f)
{
	if (f)
		ev_timer_stop(f->loop, &f->look);
	free(f);
}
