/* SPDX-License-Identifier: MIT */
#include "report/serversstate.h"

#include <inttypes.h>
#include <string.h>

enum { OP_STOPPED = 0, OP_RUNNING = 2, OP_STOPPING = 3 };
enum { RESULT_UNKNOWN = 0, RESULT_FAILED = 2, RESULT_PASSED = 3, RESULT_CONDITIONAL = 4 };
/* Flags of srv_check_state and srv_agent_state. */
enum { CHECK_CONFIGURED = 2, CHECK_ENABLED = 4, CHECK_PAUSED = 8, CHECK_AGENT = 16 };
enum { ADMIN_LOST = 0x20 };

int serversstate_op(const struct state *s)
{
	if (state_in_maint(s))
		return OP_STOPPED;
	switch (state_effective(s)) {
	case STATE_UP:
	case STATE_NOCHECK:
		return OP_RUNNING;
	case STATE_NOLB:
		return OP_STOPPING;
	case STATE_DOWN:
	case STATE_CHECKING:
	case STATE_HEALTH_COUNT:
		break;
	}
	return OP_STOPPED;
}

/* What HAProxy has of a server that the snapshot has not. */
struct facts {
	const struct topology_server *server; /* NULL: it has gone meanwhile */
	const struct settings *settings;
	uint32_t threads;
};

static bool has_check(const struct snapshot_server *s)
{
	return s->limits.checked && !s->tracked;
}

/* A name that stopped to resolve is HAProxy's third kind of maintenance. */
static bool is_lost(const struct snapshot_server *s)
{
	return s->host_is_name && strcmp(s->ip, "-") == 0;
}

static int check_result(const struct snapshot_server *s)
{
	if (!has_check(s) || !s->check_wall_ms || s->check.code == PROBE_RESOLVE)
		return RESULT_UNKNOWN;
	if (probe_code_passed(s->check.code))
		return s->state.health == STATE_NOLB ? RESULT_CONDITIONAL : RESULT_PASSED;
	return RESULT_FAILED;
}

static int check_status(const struct snapshot_server *s)
{
	enum probe_code code = s->check.code;

	if (!has_check(s) || code == PROBE_RESOLVE || code == PROBE_UNKNOWN)
		code = PROBE_INIT;
	return probe_code_number(code);
}

/* Without a check it is that of a server that has just come up. */
static unsigned int check_health(const struct snapshot_server *s)
{
	if (state_in_maint(&s->state) || is_lost(s))
		return 0;
	return has_check(s) ? s->state.counter : s->limits.rise;
}

/* "disabled" in the file is never forgotten, whatever a person decides later. */
static bool was_disabled(const struct topology_server *t)
{
	return t && t->settings->disabled && !t->own;
}

static int check_flags(const struct snapshot_server *s, const struct topology_server *t)
{
	int flags = 0;

	if (has_check(s) || was_disabled(t) || (s->state.admin & STATE_MAINT_CONFIG))
		flags |= state_in_maint(&s->state) || is_lost(s) ? CHECK_PAUSED : 0;
	if (has_check(s))
		flags |= CHECK_CONFIGURED | (s->check_on ? CHECK_ENABLED : 0);
	return flags;
}

static int agent_flags(const struct snapshot_server *s)
{
	if (!s->limits.agent)
		return 0;
	return CHECK_AGENT | CHECK_CONFIGURED | (s->agent_on ? CHECK_ENABLED : 0);
}

static unsigned int admin_flags(const struct snapshot_server *s, const struct topology_server *t)
{
	unsigned int flags = s->state.admin;

	if (flags & STATE_MAINT_CONFIG)
		flags |= STATE_MAINT_COMMAND;
	if (was_disabled(t))
		flags |= STATE_MAINT_CONFIG;
	if (flags & STATE_DRAIN_LEFT)
		flags = (flags & ~(unsigned int)STATE_DRAIN_LEFT) | STATE_DRAIN_INHERITED;
	return flags | (is_lost(s) ? ADMIN_LOST : 0);
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

/* Where checks and the agent are, if that is not where traffic goes. */
static void add_places(const struct snapshot_server *s, const struct facts *f, struct text *out)
{
	const struct topology_server *t = f->server;
	const struct settings_target *agent = NULL;
	const char *address = t ? t->target->check.address : NULL;
	const char *host = address;
	uint32_t port = s->check_port;

	if (t && t->settings->agent) {
		const struct settings *set = t->own ? t->own : f->settings;

		agent = &set->targets[t->settings->agent - 1];
		port = agent->check_port;
		host = agent->check.address;
	}
	text_addf(out, "%u %s %s %u\n", s->check_port, or_dash(address), or_dash(host), port);
}

static void add_state(const struct snapshot_service *service, const struct snapshot_server *s,
                      const struct facts *f, struct text *out)
{
	const struct topology_server *t = f->server;

	text_addf(out, "%u %s %u %s %s %d %u %u %u %" PRId64 " ", service->id, service->name, s->id,
	          s->name, s->ip, is_lost(s) ? OP_STOPPED : serversstate_op(&s->state),
	          admin_flags(s, t), s->weight, s->weight_initial, s->age_ms / 1000);
	text_addf(out, "%d %d %u %d %d %d %d ", check_status(s), check_result(s), check_health(s),
	          check_flags(s, t), agent_flags(s),
	          t && t->service->settings->id && !t->service->settings->id_counted,
	          t && t->settings->id && !t->settings->id_counted);
	/* srv_fqdn, port, SRV record, TLS */
	text_addf(out, "%s %u - 0 ", s->host_is_name ? s->host : "-", s->port);
	add_places(s, f, out);
}

/* `purge_delay` and the numbers of idle connections are what HAProxy shows without any. */
static void add_conn(const struct snapshot_service *service, const struct snapshot_server *s,
                     const struct facts *f, struct text *out)
{
	text_addf(out, "%s/%s %u/%u %s %u - 5000 %u %u %u 0 0 -1 0", service->name, s->name,
	          service->id, s->id, s->ip, s->port, s->sessions, s->sessions_max, s->sessions);
	for (uint32_t i = 0; i < f->threads; i++)
		text_add(out, " 0");
	text_addc(out, '\n');
}

typedef void add_server(const struct snapshot_service *service, const struct snapshot_server *s,
                        const struct facts *f, struct text *out);

static const struct topology_server *find(const struct topology *t,
                                          const struct snapshot_service *service, uint32_t id)
{
	const struct topology_service *at = topology_find_service(t, service->name);

	for (size_t i = 0; at && i < at->server_count; i++)
		if (at->servers[i]->id == id)
			return at->servers[i];
	return NULL;
}

static void add_servers(const struct snapshot *s, const struct topology *t, const char *service,
                        add_server *add, struct text *out)
{
	struct facts f = { .settings = t->settings, .threads = s->process.threads };

	for (size_t i = 0; i < s->service_count; i++) {
		const struct snapshot_service *at = &s->services[i];

		if (at->hidden || (service && strcmp(service, at->name) != 0))
			continue;
		for (size_t k = 0; k < at->server_count; k++) {
			f.server = find(t, at, at->servers[k].id);
			add(at, &at->servers[k], &f, out);
		}
	}
}

bool serversstate_write(const struct snapshot *s, const struct topology *t, const char *service,
                        struct text *out)
{
	if (service && !snapshot_find(s, service))
		return false;
	text_add(out, "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
	              "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
	              "srv_check_result srv_check_health srv_check_state srv_agent_state "
	              "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
	              "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n");
	add_servers(s, t, service, add_state, out);
	return true;
}

bool serversstate_write_conn(const struct snapshot *s, const struct topology *t,
                             const char *service, struct text *out)
{
	if (service && !snapshot_find(s, service))
		return false;
	text_addf(out,
	          "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est "
	          "unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[%u]\n",
	          s->process.threads);
	add_servers(s, t, service, add_conn, out);
	return true;
}
