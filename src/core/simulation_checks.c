/* SPDX-License-Identifier: MIT */
/* When simulated checks run, as engine/checker.h has it, and what simulated nodes answer. */
#include "simulations.h"

#include "core/detection.h"

#include <errno.h>
#include <stdio.h>

enum { HURRY_MS = 100, ANSWER_MS = 1 };

static const struct settings_check *check_of(const struct simulation *s, size_t target)
{
	return &s->topology->settings->targets[target].check;
}

static uint32_t interval_ms(const struct simulation *s, size_t target)
{
	struct detection d = detection_of(check_of(s, target));

	switch (s->targets[target].pace) {
	case SIMULATION_FAST:
		return d.fast_ms;
	case SIMULATION_SLOW:
		return d.down_ms;
	case SIMULATION_NORMAL:
	case SIMULATION_PAUSED:
		break;
	}
	return d.inter_ms;
}

static int64_t jittered_ms(struct simulation *s, size_t target)
{
	uint64_t us = interval_ms(s, target) * 1000ULL;

	return (int64_t)(rng_jitter(&s->rng, us, DETECTION_JITTER_PERCENT) / 1000);
}

static void schedule(struct simulation *s, size_t target, int64_t after_ms)
{
	struct simulation_target *t = &s->targets[target];

	t->due_ms = s->now_ms + after_ms;
	simulation_agenda_add(s, SIMULATION_CHECK, (uint32_t)target, ++t->turn, t->due_ms);
}

static bool is_checked(const struct topology_server *server)
{
	return server->limits.checked && !server->tracked;
}

/* The first ones are spread evenly over one interval. */
void simulation_checks_begin(struct simulation *s)
{
	size_t active = 0;
	size_t turn = 0;

	for (size_t i = 0; i < s->topology->settings->target_count; i++)
		s->targets[i].first = SIMULATION_NOBODY;
	for (uint32_t i = 0; i < s->unit_count; i++) {
		struct simulation_unit *u = &s->units[i];
		struct simulation_target *t = &s->targets[u->server->check_slot];

		if (!is_checked(u->server))
			continue;
		active += !t->used;
		t->used = true;
		u->next = t->first;
		t->first = i;
	}
	for (size_t i = 0; i < s->topology->settings->target_count; i++) {
		if (!s->targets[i].used)
			continue;
		s->targets[i].pace = SIMULATION_NORMAL;
		schedule(s, i,
		         (int64_t)(interval_ms(s, i) * (uint64_t)turn++ / (active ? active : 1)));
		simulation_checks_pace(s, i);
	}
}

/* --- how fast ----------------------------------------------------------------------------- */

static enum simulation_pace wanted(const struct topology_server *server)
{
	struct state state = topology_state(server);

	if (state_in_maint(&state))
		return SIMULATION_PAUSED;
	if (state_is_changing(&state, &server->limits))
		return SIMULATION_FAST;
	return state.health == STATE_DOWN ? SIMULATION_SLOW : SIMULATION_NORMAL;
}

void simulation_checks_pace(struct simulation *s, size_t target)
{
	struct simulation_target *t = &s->targets[target];
	enum simulation_pace before = t->pace;
	enum simulation_pace pace = SIMULATION_PAUSED;
	int64_t next;

	for (uint32_t i = t->first; i != SIMULATION_NOBODY; i = s->units[i].next)
		if (wanted(s->units[i].server) > pace)
			pace = wanted(s->units[i].server);
	if (!t->used || pace == before)
		return;
	t->pace = pace;
	if (pace == SIMULATION_PAUSED) {
		t->turn++;
		t->running = false;
	} else if (before == SIMULATION_PAUSED) {
		schedule(s, target, 0);
	} else if (!t->running) {
		next = jittered_ms(s, target);
		if (s->now_ms + next < t->due_ms)
			schedule(s, target, next);
	}
}

void simulation_checks_hurry(struct simulation *s, const struct topology_server *server)
{
	const struct topology_server *leader = topology_checked_for(server);
	struct simulation_target *t = &s->targets[leader->check_slot];
	int64_t since = s->now_ms - t->ended_ms;
	int64_t left = since >= HURRY_MS ? 0 : HURRY_MS - since;

	if (is_checked(leader) && !t->running && t->pace != SIMULATION_PAUSED &&
	    s->now_ms + left < t->due_ms)
		schedule(s, leader->check_slot, left);
}

/* --- what a node says --------------------------------------------------------------------- */

static struct probe_result say(enum probe_code code, uint16_t status, const char *info,
                               uint32_t duration_ms)
{
	struct probe_result r = { .code = code, .status = status, .duration_ms = duration_ms };

	snprintf(r.info, sizeof(r.info), "%s", info);
	return r;
}

static struct probe_result pass(const struct settings_check *check, uint32_t duration_ms)
{
	bool connects = check->type == SETTINGS_CHECK_TCP && !check->steps.count;

	if (check->type == SETTINGS_CHECK_HTTP || check->type == SETTINGS_CHECK_HTTPS)
		return say(PROBE_L7OK, 200, "OK", duration_ms);
	if (check->type == SETTINGS_CHECK_EXTERNAL)
		return say(PROBE_PROCOK, 0, "", duration_ms);
	if (connects)
		return say(check->tls ? PROBE_L6OK : PROBE_L4OK, 0, "", duration_ms);
	return say(PROBE_L7OK, 0, "", duration_ms);
}

static struct probe_result answer(const struct settings_check *check,
                                  const struct simulation_machine *m)
{
	struct detection d = detection_of(check);
	struct probe_result drained = say(PROBE_L7STS, 503, "Service Unavailable", ANSWER_MS);
	uint32_t duration = m->slow_ms > ANSWER_MS ? m->slow_ms : ANSWER_MS;

	if (m->life == SIMULATION_DEAD)
		return probe_failed(PROBE_L4CON, ECONNREFUSED);
	if (m->life == SIMULATION_GONE)
		return say(PROBE_L4TOUT, 0, "", d.timeout_ms);
	if (d.sees_hang && (m->life == SIMULATION_HUNG || duration >= d.timeout_ms))
		return say(PROBE_L7TOUT, 0, "", d.timeout_ms);
	if (m->draining && d.sees_drain) {
		drained.draining = settings_ranges_contain(&check->drain_status, drained.status);
		drained.duration_ms = duration;
		return drained;
	}
	return pass(check, d.sees_hang ? duration : ANSWER_MS);
}

/* --- what comes of it --------------------------------------------------------------------- */

static enum state_event event_of(const struct probe_result *result)
{
	if (probe_code_passed(result->code))
		return STATE_CHECK_PASSED;
	return result->draining ? STATE_CHECK_DRAINING : STATE_CHECK_FAILED;
}

static void take(struct simulation *s, struct simulation_unit *u, const struct probe_result *result)
{
	struct simulation_cause c = {
		.event = event_of(result), .cause = JOURNAL_BY_CHECK, .check = result, .why = ""
	};
	struct topology_server *server = u->server;
	bool haproxy = s->topology->settings->haproxy;

	server->check = *result;
	if (probe_code_passed(result->code))
		topology_tiers_note(server, result->duration_ms);
	if (topology_state(server).health != STATE_DOWN)
		switch (testimony_confirms(&s->testimonies, server, result, haproxy, s->now_ms)) {
		case TESTIMONY_NONE:
			break;
		case TESTIMONY_REFUSED:
			c.why = "refused to clients and to a check";
			c.event = STATE_MARK_DOWN;
			break;
		case TESTIMONY_SILENT:
			c.why = "silent to clients and to a check";
			c.event = STATE_MARK_DOWN;
			break;
		}
	simulation_state_apply(s, u, &c);
}

static void end(struct simulation *s, size_t target)
{
	struct simulation_target *t = &s->targets[target];
	struct probe_result result = t->answer;

	t->running = false;
	t->ended_ms = s->now_ms;
	schedule(s, target, jittered_ms(s, target));
	for (uint32_t i = t->first; i != SIMULATION_NOBODY; i = s->units[i].next)
		take(s, &s->units[i], &result);
	simulation_checks_pace(s, target);
}

static void begin(struct simulation *s, size_t target)
{
	struct simulation_target *t = &s->targets[target];

	t->running = true;
	t->answer = answer(check_of(s, target), &t->machine);
	simulation_agenda_add(s, SIMULATION_ANSWER, (uint32_t)target, ++t->turn,
	                      s->now_ms + t->answer.duration_ms);
}

void simulation_checks_due(struct simulation *s, const struct simulation_item *item)
{
	if (s->targets[item->id].turn != item->turn || !simulation_count_work(s, 1))
		return;
	if (item->due == SIMULATION_CHECK)
		begin(s, item->id);
	else
		end(s, item->id);
}
