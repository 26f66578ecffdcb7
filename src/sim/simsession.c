/* SPDX-License-Identifier: MIT */
#include "sim/simsession.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "sim/simpage.h"
#include "sim/simwire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ID_SHIFT = 52, KEY_ID_MASK = 0x7ff };

uint32_t simsession_key_node(uint64_t key)
{
	return key >> 63 ? 0 : (uint32_t)(key >> KEY_ID_SHIFT) & KEY_ID_MASK;
}

static struct text *out(struct simsession *s)
{
	return &s->conn.out;
}

/* The last message of a session. */
static void end_fatal(struct simsession *s, const char *sqlstate, const char *message)
{
	ev_timer_stop(s->host->loop, &s->sleep);
	s->phase = SIMSESSION_OVER;
	simwire_add_error(out(s), "FATAL", sqlstate, message);
	simconn_finish(&s->conn);
}

static void end_leaving(struct simsession *s)
{
	end_fatal(s, "57P01", "server is shutting down");
}

static void end_quietly(struct simsession *s)
{
	s->phase = SIMSESSION_OVER;
	simconn_finish(&s->conn);
}

static bool is_idle(const struct simsession *s)
{
	return s->phase == SIMSESSION_READY && s->exec.status == 'I' && !s->batch;
}

static void say_ready(struct simsession *s)
{
	s->batch = false;
	simwire_add_ready(out(s), s->exec.status);
	if (s->host->leaving && is_idle(s))
		end_leaving(s);
}

static void start_sleep(struct simsession *s, uint64_t ms)
{
	s->phase = SIMSESSION_SLEEPING;
	ev_timer_set(&s->sleep, (double)ms / 1000., 0.);
	ev_timer_start(s->host->loop, &s->sleep);
}

/* Goes on with the statements of a Query, until one sleeps or all are answered. */
static void run_query(struct simsession *s)
{
	while (s->query_at < s->query.len) {
		struct simstmt stmt;

		s->query_at += simstmt_next(s->query.data + s->query_at, &stmt);
		if (stmt.kind == SIMSTMT_EMPTY)
			continue;
		s->answered = true;
		s->host->queries++;
		switch (simexec_run(&s->exec, &stmt, SIMEXEC_DESCRIBE, out(s))) {
		case SIMEXEC_DONE:
			break;
		case SIMEXEC_SLEEP:
			start_sleep(s, stmt.sleep_ms);
			return;
		case SIMEXEC_FAILED:
			s->query_at = s->query.len;
			break;
		}
	}
	if (!s->answered)
		simwire_add_bare(out(s), 'I');
	say_ready(s);
}

static void take_query(struct simsession *s, struct simwire_cursor *c)
{
	text_clear(&s->query);
	text_add(&s->query, simwire_take_string(c));
	s->query_at = 0;
	s->simple = true;
	s->binary = false;
	s->answered = false;
	run_query(s);
}

/* An error in the extended protocol: what follows is skipped up to Sync. */
static void fail_batch(struct simsession *s, const char *sqlstate, const char *message)
{
	simexec_fail(&s->exec, sqlstate, message, out(s));
	s->skipping = true;
}

static void take_parse(struct simsession *s, struct simwire_cursor *c)
{
	const char *name = simwire_take_string(c);
	const char *sql = simwire_take_string(c);
	struct simstmt stmt, rest;
	size_t used = simstmt_next(sql, &stmt);

	simstmt_next(sql + used, &rest);
	if (stmt.kind == SIMSTMT_UNKNOWN || rest.kind != SIMSTMT_EMPTY) {
		fail_batch(s, "42601", "this simulated node does not know that statement");
		return;
	}
	simportal_put(&s->portals, 'S', name, &stmt, false);
	simwire_add_bare(out(s), '1');
}

/* Do the result formats at the end of Bind ask for binary? */
static bool take_result_format(struct simwire_cursor *c)
{
	bool binary = false;

	simwire_skip(c, 2 * (size_t)simwire_take_u16(c));
	for (unsigned int left = simwire_take_u16(c); left; left--) {
		uint32_t len = simwire_take_u32(c);

		simwire_skip(c, len == UINT32_MAX ? 0 : len);
	}
	for (unsigned int left = simwire_take_u16(c); left; left--)
		binary = simwire_take_u16(c) == 1;
	return binary;
}

static void take_bind(struct simsession *s, struct simwire_cursor *c)
{
	const char *portal = simwire_take_string(c);
	const char *name = simwire_take_string(c);
	const struct simportal *p = simportal_find(&s->portals, 'S', name);
	bool binary = take_result_format(c);

	if (!p) {
		fail_batch(s, "26000", "unknown prepared statement");
		return;
	}
	simportal_put(&s->portals, 'P', portal, &p->stmt, binary);
	simwire_add_bare(out(s), '2');
}

static void take_describe(struct simsession *s, struct simwire_cursor *c)
{
	char kind = (char)simwire_take_u8(c);
	const struct simportal *p = simportal_find(&s->portals, kind, simwire_take_string(c));

	if (!p) {
		fail_batch(s, kind == 'P' ? "34000" : "26000", "nothing of that name to describe");
		return;
	}
	if (kind == 'S')
		simwire_add_no_parameters(out(s));
	simexec_describe(&p->stmt, p->binary, out(s));
}

static void take_execute(struct simsession *s, struct simwire_cursor *c)
{
	const struct simportal *p = simportal_find(&s->portals, 'P', simwire_take_string(c));

	if (!p) {
		fail_batch(s, "34000", "unknown portal");
		return;
	}
	s->simple = false;
	s->binary = p->binary;
	s->host->queries++;
	switch (simexec_run(&s->exec, &p->stmt, p->binary ? SIMEXEC_BINARY : 0, out(s))) {
	case SIMEXEC_DONE:
		break;
	case SIMEXEC_SLEEP:
		start_sleep(s, p->stmt.sleep_ms);
		break;
	case SIMEXEC_FAILED:
		s->skipping = true;
		break;
	}
}

static void take_close(struct simsession *s, struct simwire_cursor *c)
{
	char kind = (char)simwire_take_u8(c);

	simportal_drop(&s->portals, kind, simwire_take_string(c));
	simwire_add_bare(out(s), '3');
}

static const struct {
	char type;
	void (*take)(struct simsession *s, struct simwire_cursor *c);
} extended[] = {
	{ 'P', take_parse },   { 'B', take_bind },  { 'D', take_describe },
	{ 'E', take_execute }, { 'C', take_close },
};

/* False if the message is not one of the extended protocol. */
static bool take_extended(struct simsession *s, const struct simwire_message *m)
{
	struct simwire_cursor c = simwire_cursor(m);

	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
		if (extended[i].type != m->type)
			continue;
		s->batch = true;
		if (!s->skipping)
			extended[i].take(s, &c);
		if (c.bad)
			end_fatal(s, "08P01", "malformed message");
		return true;
	}
	return false;
}

static void take_message(struct simsession *s, const struct simwire_message *m)
{
	struct simwire_cursor c = simwire_cursor(m);

	if (take_extended(s, m))
		return;
	switch (m->type) {
	case 'Q':
		take_query(s, &c);
		break;
	case 'S':
		s->skipping = false;
		say_ready(s);
		break;
	case 'H': /* Flush: everything is sent at once anyway */
	case 'd': /* the rest of a COPY that failed */
	case 'c':
	case 'f':
		break;
	case 'X':
		end_quietly(s);
		break;
	default:
		end_fatal(s, "08P01", "unknown message type");
	}
}

static void greet(struct simsession *s)
{
	struct simsession_host *h = s->host;
	char version[64];

	snprintf(version, sizeof(version), "CockroachDB CCL %s (simulated)", simpage_version());
	s->key = (uint64_t)h->node_id << KEY_ID_SHIFT |
	         (rng_next(&h->rng) & ((UINT64_C(1) << KEY_ID_SHIFT) - 1));
	simwire_add_auth_ok(out(s));
	simwire_add_parameter(out(s), "server_version", "13.0.0");
	simwire_add_parameter(out(s), "crdb_version", version);
	simwire_add_parameter(out(s), "client_encoding", "UTF8");
	simwire_add_parameter(out(s), "server_encoding", "UTF8");
	simwire_add_parameter(out(s), "DateStyle", "ISO, MDY");
	simwire_add_parameter(out(s), "integer_datetimes", "on");
	simwire_add_parameter(out(s), "standard_conforming_strings", "on");
	simwire_add_key(out(s), s->key);
	simwire_add_ready(out(s), 'I');
	s->phase = SIMSESSION_READY;
	s->started = true;
	h->started(s);
}

static const char *reject_text(const char *sqlstate)
{
	if (strcmp(sqlstate, "53300") == 0)
		return "sorry, too many clients already";
	if (strcmp(sqlstate, "57P01") == 0)
		return "server is not accepting clients, try another node";
	return "session refused by the simulated node";
}

static void take_startup(struct simsession *s, const struct simwire_message *m)
{
	struct simwire_cursor c = simwire_cursor(m);
	uint32_t code = simwire_take_u32(&c);

	if (code == SIMWIRE_SSL || code == SIMWIRE_GSSENC) {
		text_addc(out(s), 'N');
	} else if (code == SIMWIRE_CANCEL) {
		uint64_t key = (uint64_t)simwire_take_u32(&c) << 32;

		s->host->cancel(s->host, key | simwire_take_u32(&c));
		end_quietly(s);
	} else if (code >> 16 != SIMWIRE_VERSION_3 >> 16) {
		end_fatal(s, "08P01", "unsupported protocol version");
	} else if (s->host->gate == SIMSESSION_REJECT) {
		end_fatal(s, s->host->reject_code, reject_text(s->host->reject_code));
		s->host->rejected(s);
	} else {
		greet(s);
	}
}

/* Takes one message from `in`; false if none can be taken now. */
static bool step(struct simsession *s)
{
	struct simwire_message m;
	bool startup = s->phase == SIMSESSION_STARTUP;

	if (s->phase == SIMSESSION_SLEEPING || s->phase == SIMSESSION_OVER)
		return false;
	if (startup && s->host->gate == SIMSESSION_WAIT)
		return false;
	switch (simwire_read(text_str(&s->conn.in), s->conn.in.len, startup, &m)) {
	case SIMWIRE_MORE:
		return false;
	case SIMWIRE_BAD:
		end_quietly(s);
		return false;
	case SIMWIRE_OK:
		break;
	}
	if (startup)
		take_startup(s, &m);
	else
		take_message(s, &m);
	text_consume(&s->conn.in, m.total);
	return true;
}

static void advance(struct simsession *s)
{
	while (step(s))
		;
	simconn_kick(&s->conn);
}

/* After a statement that slept. */
static void go_on(struct simsession *s)
{
	s->phase = SIMSESSION_READY;
	if (s->simple)
		run_query(s);
	advance(s);
}

static void on_slept(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct simsession *s = container_of(w, struct simsession, sleep);

	(void)loop;
	(void)revents;
	simexec_finish_sleep(s->binary, out(s));
	go_on(s);
}

static void take_bytes(struct simconn *c)
{
	advance(container_of(c, struct simsession, conn));
}

static void take_end(struct simconn *c, enum simconn_end end)
{
	struct simsession *s = container_of(c, struct simsession, conn);

	(void)end;
	s->host->gone(s);
	simsession_free(s, false);
}

struct simsession *simsession_new(struct simsession_host *host, int fd)
{
	static const struct simconn_calls calls = { .bytes = take_bytes, .gone = take_end };
	struct simsession *s = mem_zalloc(sizeof(*s));

	s->host = host;
	s->exec = (struct simexec){ .node_id = host->node_id, .status = 'I' };
	LIST_INIT(&s->portals);
	ev_init(&s->sleep, on_slept);
	simconn_open(&s->conn, host->loop, fd, false, &calls);
	return s;
}

void simsession_free(struct simsession *s, bool reset)
{
	ev_timer_stop(s->host->loop, &s->sleep);
	simconn_release(&s->conn, reset);
	simportal_release(&s->portals);
	text_release(&s->query);
	free(s);
}

void simsession_wake(struct simsession *s)
{
	advance(s);
}

void simsession_leave(struct simsession *s)
{
	if (is_idle(s))
		end_leaving(s);
}

void simsession_expel(struct simsession *s)
{
	if (s->phase != SIMSESSION_OVER)
		end_leaving(s);
}

bool simsession_cancel(struct simsession *s)
{
	if (s->phase != SIMSESSION_SLEEPING)
		return false;
	ev_timer_stop(s->host->loop, &s->sleep);
	simexec_fail(&s->exec, "57014", "query execution canceled", out(s));
	s->query_at = s->query.len;
	s->skipping = !s->simple;
	go_on(s);
	return true;
}
