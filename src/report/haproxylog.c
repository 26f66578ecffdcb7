/* SPDX-License-Identifier: MIT */
#include "report/haproxylog.h"

#include "report/stamp.h"

#include <inttypes.h>
#include <string.h>

/* HAProxy has no CHECKING: it takes a server for UP until a check has failed. */
static bool is_stopped(const struct state *s)
{
	return state_in_maint(s) || state_effective(s) == STATE_DOWN;
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

/* Results that come with a number, as HAProxy orders them: those that read an answer. */
static bool has_code(enum probe_code code)
{
	return probe_code_number(code) >= probe_code_number(PROBE_L7OK);
}

static void add_reason(struct text *out, const struct probe_result *check)
{
	text_addf(out, ", reason: %s", probe_code_words(check->code));
	if (has_code(check->code))
		text_addf(out, ", code: %d", check->status == PROBE_KILLED ? -1 : check->status);
	if (check->info[0]) {
		text_add(out, ", info: ");
		add_quoted(out, check->info);
	}
	/* What traffic showed took no time. */
	if (check->code != PROBE_HANA)
		text_addf(out, ", check duration: %" PRIu32 "ms", check->duration_ms);
}

static void add_via(struct text *out, const struct journal_event *e)
{
	if (e->via[0])
		text_addf(out, " via %s", e->via);
}

static void add_cause(struct text *out, const struct journal_event *e)
{
	if (e->cause == JOURNAL_BY_COMMAND)
		text_add(out, ", changed from CLI");
	else if (e->check.code != PROBE_UNKNOWN && !e->check_was_logged)
		add_reason(out, &e->check);
	add_via(out, e);
}

static void add_rest(struct text *out, const struct journal_event *e, bool stopped)
{
	text_addf(out, ". %" PRIu32 " active and %" PRIu32 " backup servers %s.%s ", e->active_left,
	          e->backup_left, stopped ? "left" : "online",
	          e->on_backup ? " Running on backup." : "");
	if (stopped)
		text_addf(out,
		          "%" PRIu32 " sessions active, %" PRIu32 " requeued, %" PRIu32
		          " remaining in queue.",
		          e->sessions, e->requeued, e->queued);
	else
		text_addf(out, "%" PRIu32 " sessions requeued, %" PRIu32 " total in queue.",
		          e->requeued, e->queued);
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
	add_via(out, e);
	add_rest(out, e, true);
	return true;
}

/* In maintenance before and afterwards: for fewer reasons, or HAProxy says nothing. */
static bool stays_in_maint(const struct journal_event *e, struct text *out)
{
	const uint8_t forced = STATE_MAINT_COMMAND | STATE_MAINT_CONFIG;
	uint8_t gone = e->before.admin & (uint8_t)~e->after.admin;

	if (gone & forced && !(e->after.admin & forced)) {
		add_server(out, e);
		text_add(out, "is leaving forced maintenance but remains in maintenance");
		add_via(out, e);
		text_addc(out, '.');
		return true;
	}
	if (gone & STATE_MAINT_INHERITED) {
		add_server(out, e);
		text_add(out, "remains in forced maintenance.");
		return true;
	}
	return false;
}

static void add_remaining_drain(const struct journal_event *e, struct text *out)
{
	add_server(out, e);
	if (e->after.admin & STATE_DRAIN_COMMAND) {
		text_add(out, "remains in forced drain mode.");
		return;
	}
	text_add(out, "is leaving forced drain but remains in drain mode");
	add_via(out, e);
	text_addc(out, '.');
}

/* HAProxy says of drain that outlasts maintenance that it remains, in a line of its own. */
static bool leaves_maint(const struct journal_event *e, struct text *out)
{
	bool inherited = !(e->before.admin & (STATE_MAINT_COMMAND | STATE_MAINT_CONFIG));
	bool drains = e->after.admin & STATE_DRAIN_ANY;

	add_server(out, e);
	text_addf(out, "is %s/%s (leaving %smaintenance).", is_stopped(&e->after) ? "DOWN" : "UP",
	          drains ? "DRAIN" : "READY", inherited ? "" : "forced ");
	if (drains) {
		text_addc(out, '\n');
		add_remaining_drain(e, out);
	}
	return true;
}

static bool changes_drain(const struct journal_event *e, struct text *out)
{
	uint8_t was = e->before.admin & STATE_DRAIN_ANY;
	uint8_t is = e->after.admin & STATE_DRAIN_ANY;

	/* What it inherits is no news to a server that drains. */
	if (was && is & (uint8_t)~was & STATE_DRAIN_INHERITED)
		return false;
	if (is && was) {
		add_remaining_drain(e, out);
		return true;
	}
	add_server(out, e);
	if (is) {
		text_add(out, "enters drain state");
		add_via(out, e);
		add_rest(out, e, is_stopped(&e->after));
		return true;
	}
	text_addf(out, "is %s (leaving forced drain).", is_stopped(&e->after) ? "DOWN" : "UP");
	return true;
}

/* HAProxy takes what it has not asked yet, or never asks, for UP. */
static const char *health_word(enum state_health health)
{
	return health == STATE_DOWN ? "DOWN" : health == STATE_NOLB ? "stopping" : "UP";
}

static bool changes_health(const struct journal_event *e, struct text *out)
{
	enum state_health after = state_effective(&e->after);
	const char *word = health_word(after);

	if (after == STATE_CHECKING || strcmp(word, health_word(state_effective(&e->before))) == 0)
		return false;
	add_server(out, e);
	text_addf(out, "is %s", word);
	add_cause(out, e);
	add_rest(out, e, after == STATE_DOWN);
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
	const char *zone = e->weight ? "UP" : "DRAIN";

	if (e->check.code == PROBE_UNKNOWN)
		return false;
	text_addf(out, "%s check for %sserver %s/%s %s%s", e->agent_check ? "Agent" : "Health",
	          e->backup ? "backup " : "", e->service, e->server,
	          e->check.code == PROBE_L7OKC ? "conditionally " : "",
	          probe_code_passed(e->check.code) ? "succeeded" : "failed");
	add_reason(out, &e->check);
	text_addf(out, ", status: %u/%u %s.", upper ? counter - rise + 1 : counter,
	          upper ? e->limits.fall : rise, upper ? zone : "DOWN");
	return true;
}

/* What HAProxy says about its proxies, and sluice in its words. */
static bool write_process(const struct journal_event *e, struct text *out)
{
	static const char *const beginnings[] = { "Proxy ", "Paused ", "Resumed " };

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		if (strncmp(e->text, beginnings[i], strlen(beginnings[i])) == 0) {
			text_add(out, e->text);
			return true;
		}
	}
	return false;
}

bool haproxylog_event(const struct journal_event *e, unsigned int flags, struct text *out)
{
	const char *quote = flags & HAPROXYLOG_CONSOLE ? "'" : "";

	switch (e->kind) {
	case JOURNAL_SERVER:
		return write_transition(e, out);
	case JOURNAL_CHECK:
		return write_check(e, out);
	case JOURNAL_SERVICE_DOWN:
		text_addf(out, "%s %s%s%s has no server available!",
		          flags & HAPROXYLOG_LISTEN ? "proxy" : "backend", quote, e->service,
		          quote);
		return true;
	case JOURNAL_PROCESS:
		return write_process(e, out);
	case JOURNAL_PANIC:
	case JOURNAL_FAULT:
	case JOURNAL_MARK:
		text_add(out, e->text);
		return true;
	case JOURNAL_SERVICE_UP:
	case JOURNAL_KIND_COUNT:
		break;
	}
	return false;
}

/* --- sessions ----------------------------------------------------------------------------- */

const char *haproxylog_state(const struct record *r)
{
	if (!r->ended)
		return "--";
	if (r->reason == REASON_CONNECT_LEFT)
		return r->server ? "CC" : "CR";
	if (r->reason == REASON_CLIENT_IDLE && r->connect_ms < 0)
		return r->server ? "cC" : "cQ";
	if (r->reason == REASON_ALL_FULL)
		return "SQ";
	return reason_haproxy(r->reason);
}

bool haproxylog_is_error(const struct record *r)
{
	return r->redispatched || r->retries || (r->ended && r->reason != REASON_NORMAL);
}

uint32_t haproxylog_listener(const struct record *r)
{
	const struct settings_frontend *f = r->frontend->settings;

	if (r->bind->id)
		return r->bind->id;
	for (size_t i = 0; i < f->bind_count; i++)
		if (&f->binds[i] == r->bind)
			return (uint32_t)i + 1;
	return 1;
}

static void add_address(struct text *out, const struct addr_ip *a, uint32_t listener)
{
	struct addr addr = addr_unpack(a);
	char buf[ADDR_TEXT_MAX];

	text_addf(out, "%s:%u", addr_format_host(&addr, buf),
	          a->family == AF_UNIX ? listener : a->port);
}

void haproxylog_connect(const struct record *r, struct text *out)
{
	text_add(out, "Connect ");
	if (r->client.family == AF_UNIX) {
		text_addf(out, "to unix:%" PRIu32, haproxylog_listener(r));
	} else {
		text_add(out, "from ");
		add_address(out, &r->client, 0);
		text_add(out, " to ");
		add_address(out, &r->frontend_addr, 0);
	}
	text_addf(out, " (%s/TCP)", r->frontend->settings->name);
}

void haproxylog_refused(const struct record *r, struct text *out)
{
	add_address(out, &r->client, haproxylog_listener(r));
	text_add(out, " [");
	stamp_add_haproxy(out, r->accepted_wall_ms);
	text_addf(out, "] %s/", r->frontend->settings->name);
	if (r->bind->name)
		text_add(out, r->bind->name);
	else
		text_addf(out, "%" PRIu32, haproxylog_listener(r));
	text_addf(out, ": %s",
	          r->refusal
	              ? r->refusal
	              : "Received something which does not look like a PROXY protocol header");
}
