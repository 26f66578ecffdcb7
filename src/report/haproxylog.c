/* SPDX-License-Identifier: MIT */
#include "report/haproxylog.h"

#include "report/stamp.h"

#include <inttypes.h>

/* HAProxy has no CHECKING: it takes a server for UP until a check has failed. */
static bool is_stopped(const struct state *s)
{
	return state_in_maint(s) || s->health == STATE_DOWN;
}

/* What a node said, with what would end the quotes or the line as <hex>. */
static void add_quoted(struct text *out, const char *s)
{
	text_addc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c > 0x7e || c == '"')
			text_addf(out, "<%02X>", c);
		else
			text_addc(out, *s);
	}
	text_addc(out, '"');
}

static void add_reason(struct text *out, const struct probe_result *check)
{
	text_addf(out, ", reason: %s", probe_code_words(check->code));
	if (check->status)
		text_addf(out, ", code: %u", check->status);
	if (check->info[0] && !probe_code_passed(check->code)) {
		text_add(out, ", info: ");
		add_quoted(out, check->info);
	}
	text_addf(out, ", check duration: %" PRIu32 "ms", check->duration_ms);
}

static void add_cause(struct text *out, const struct journal_event *e)
{
	if (e->cause == JOURNAL_BY_COMMAND)
		text_add(out, ", changed from CLI");
	else if (e->check.code != PROBE_UNKNOWN && !e->check_was_logged)
		add_reason(out, &e->check);
}

/* Waiting sessions belong to no server here, so none are ever requeued. */
static void add_rest(struct text *out, const struct journal_event *e, bool stopped)
{
	text_addf(out, ". %" PRIu32 " active and %" PRIu32 " backup servers %s.%s ", e->active_left,
	          e->backup_left, stopped ? "left" : "online",
	          e->on_backup ? " Running on backup." : "");
	if (stopped)
		text_addf(out, "%" PRIu32 " sessions active, 0 requeued, 0 remaining in queue",
		          e->sessions);
	else
		text_add(out, "0 sessions requeued, 0 total in queue");
}

static void add_server(struct text *out, const struct journal_event *e)
{
	text_addf(out, "%sServer %s/%s ", e->backup ? "Backup " : "", e->service, e->server);
}

static bool enters_maint(const struct journal_event *e, struct text *out)
{
	add_server(out, e);
	if (is_stopped(&e->before)) {
		text_add(out, "was DOWN and now enters maintenance.");
		return true;
	}
	text_add(out, "is going DOWN for maintenance");
	add_rest(out, e, true);
	text_addc(out, '.');
	return true;
}

/* In maintenance before and afterwards: for fewer reasons, or HAProxy says nothing. */
static bool stays_in_maint(const struct journal_event *e, struct text *out)
{
	const uint8_t forced = STATE_MAINT_COMMAND | STATE_MAINT_CONFIG;
	uint8_t gone = e->before.admin & (uint8_t)~e->after.admin;

	if (gone & forced && !(e->after.admin & forced)) {
		add_server(out, e);
		text_add(out, "is leaving forced maintenance but remains in maintenance.");
		return true;
	}
	if (gone & STATE_MAINT_INHERITED) {
		add_server(out, e);
		text_add(out, "remains in forced maintenance.");
		return true;
	}
	return false;
}

static bool leaves_maint(const struct journal_event *e, struct text *out)
{
	bool inherited = !(e->before.admin & (STATE_MAINT_COMMAND | STATE_MAINT_CONFIG));

	add_server(out, e);
	text_addf(out, "is %s/%s (leaving %smaintenance).", is_stopped(&e->after) ? "DOWN" : "UP",
	          e->after.admin & STATE_DRAIN_ANY ? "DRAIN" : "READY", inherited ? "" : "forced ");
	return true;
}

static bool changes_drain(const struct journal_event *e, struct text *out)
{
	uint8_t was = e->before.admin & STATE_DRAIN_ANY;
	uint8_t is = e->after.admin & STATE_DRAIN_ANY;

	if (was && is && (is & ~was))
		return false;
	add_server(out, e);
	if (is && was) {
		text_addf(out, "remains in %sdrain mode.",
		          is & STATE_DRAIN_COMMAND ? "forced " : "");
		return true;
	}
	if (is) {
		text_add(out, "enters drain state");
		add_rest(out, e, is_stopped(&e->after));
		text_addc(out, '.');
		return true;
	}
	text_addf(out, "is %s (leaving %sdrain).", is_stopped(&e->after) ? "DOWN" : "UP",
	          was & STATE_DRAIN_COMMAND ? "forced " : "");
	return true;
}

static bool changes_health(const struct journal_event *e, struct text *out)
{
	static const char *const words[STATE_HEALTH_COUNT] = {
		[STATE_UP] = "UP", [STATE_NOLB] = "stopping", [STATE_DOWN] = "DOWN"
	};
	const char *word = words[e->after.health];

	if (!word || e->after.health == e->before.health)
		return false;
	if (e->before.health == STATE_CHECKING && e->after.health == STATE_UP)
		return false;
	add_server(out, e);
	text_addf(out, "is %s", word);
	add_cause(out, e);
	add_rest(out, e, is_stopped(&e->after));
	text_addc(out, '.');
	return true;
}

static bool write_transition(const struct journal_event *e, struct text *out)
{
	bool was_maint = state_in_maint(&e->before);
	bool is_maint = state_in_maint(&e->after);

	if (is_maint)
		return was_maint ? stays_in_maint(e, out) : enters_maint(e, out);
	if (was_maint)
		return leaves_maint(e, out);
	if ((e->before.admin ^ e->after.admin) & STATE_DRAIN_ANY)
		return changes_drain(e, out);
	return changes_health(e, out);
}

static bool write_check(const struct journal_event *e, struct text *out)
{
	unsigned int counter = e->after.counter;
	unsigned int rise = e->limits.rise;
	bool upper = counter >= rise;
	const char *zone = e->after.admin & STATE_DRAIN_ANY ? "DRAIN" : "UP";

	if (e->check.code == PROBE_UNKNOWN)
		return false;
	text_addf(out, "Health check for %sserver %s/%s %s", e->backup ? "backup " : "", e->service,
	          e->server, probe_code_passed(e->check.code) ? "succeeded" : "failed");
	add_reason(out, &e->check);
	text_addf(out, ", status: %u/%u %s.", upper ? counter - rise + 1 : counter,
	          upper ? e->limits.fall : rise, upper ? zone : "DOWN");
	return true;
}

bool haproxylog_event(const struct journal_event *e, struct text *out)
{
	switch (e->kind) {
	case JOURNAL_SERVER:
		return write_transition(e, out);
	case JOURNAL_CHECK:
		return write_check(e, out);
	case JOURNAL_SERVICE_DOWN:
		/* A service is what HAProxy calls a "listen", and that it calls a proxy. */
		text_addf(out, "proxy %s has no server available!", e->service);
		return true;
	case JOURNAL_SERVICE_UP:
	case JOURNAL_PROCESS:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return false;
}

static void add_client(struct text *out, const struct record *r)
{
	struct addr a = addr_unpack(&r->client);
	char buf[ADDR_TEXT_MAX];

	addr_format_host(&a, buf);
	if (r->client.family == AF_UNIX)
		text_addf(out, "%s:1", buf);
	else
		text_addf(out, "%s:%u", buf, r->client.port);
}

/* HAProxy counts a session out of its backend and server, but not of its frontend, before this. */
static uint32_t without_itself(uint32_t conns)
{
	return conns ? conns - 1 : 0;
}

void haproxylog_record(const struct record *r, struct text *out)
{
	const char *service = r->service->settings->name;

	add_client(out, r);
	text_add(out, " [");
	stamp_add_haproxy(out, r->accepted_wall_ms);
	text_addf(out, "] %s %s/%s ", service, service,
	          r->server ? r->server->settings->name : "<NOSRV>");
	text_addf(out, "%" PRId32 "/%" PRId32 "/%" PRId64 " %" PRIu64 " %s ", r->queue_ms,
	          r->connect_ms, r->total_ms, r->bytes_out,
	          r->ended ? reason_haproxy(r->reason) : "--");
	text_addf(out, "%" PRIu32 "/%" PRIu32 "/%" PRIu32 "/%" PRIu32 "/%s%u 0/0", r->process_conns,
	          r->service_conns, without_itself(r->service_conns),
	          without_itself(r->server_conns), r->redispatched ? "+" : "", r->retries);
}
