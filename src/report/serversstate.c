/* SPDX-License-Identifier: MIT */
#include "report/serversstate.h"

#include <inttypes.h>
#include <string.h>

enum { OP_STOPPED = 0, OP_RUNNING = 2, OP_STOPPING = 3 };
enum { RESULT_UNKNOWN = 0, RESULT_FAILED = 2, RESULT_PASSED = 3 };
/* Flags of srv_check_state: configured, enabled, paused. */
enum { CHECK_CONFIGURED = 2, CHECK_ENABLED = 4, CHECK_PAUSED = 8 };

int serversstate_op(const struct state *s)
{
	if (state_in_maint(s))
		return OP_STOPPED;
	switch (s->health) {
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

static int check_result(const struct snapshot_server *s)
{
	if (!s->check_wall_ms)
		return RESULT_UNKNOWN;
	return probe_code_passed(s->check.code) ? RESULT_PASSED : RESULT_FAILED;
}

static int check_flags(const struct snapshot_server *s)
{
	if (!s->limits.checked)
		return 0;
	return CHECK_CONFIGURED | CHECK_ENABLED | (state_in_maint(&s->state) ? CHECK_PAUSED : 0);
}

static void add_state(const struct snapshot_service *service, const struct snapshot_server *s,
                      struct text *out)
{
	text_addf(out, "%u %s %u %s %s %d %u %u %u %" PRId64 " ", service->id, service->name, s->id,
	          s->name, s->ip, serversstate_op(&s->state), s->state.admin, s->weight,
	          s->weight_initial, s->age_ms / 1000);
	/* srv_check_status .. srv_f_forced_id, then name, port, SRV record, TLS */
	text_addf(out, "%d %d %u %d 0 0 0 %s %u - 0 ", probe_code_number(s->check.code),
	          check_result(s), s->limits.checked ? s->state.counter : 0, check_flags(s),
	          s->host_is_name ? s->host : "-", s->port);
	text_addf(out, "%u - - %u\n", s->check_port, s->check_port);
}

/* `purge_delay` and the numbers of idle connections are what HAProxy shows without any. */
static void add_conn(const struct snapshot_service *service, const struct snapshot_server *s,
                     struct text *out)
{
	text_addf(out, "%s/%s %u/%u %s %u - 5000 %u %u %u 0 0 -1 0 0\n", service->name, s->name,
	          service->id, s->id, s->ip, s->port, s->sessions, s->sessions_max, s->sessions);
}

typedef void add_server(const struct snapshot_service *service, const struct snapshot_server *s,
                        struct text *out);

static void add_servers(const struct snapshot *s, const char *service, add_server *add,
                        struct text *out)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct snapshot_service *at = &s->services[i];

		if (service && strcmp(service, at->name) != 0)
			continue;
		for (size_t k = 0; k < at->server_count; k++)
			add(at, &at->servers[k], out);
	}
}

bool serversstate_write(const struct snapshot *s, const char *service, struct text *out)
{
	if (service && !snapshot_find(s, service))
		return false;
	text_add(out, "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
	              "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
	              "srv_check_result srv_check_health srv_check_state srv_agent_state "
	              "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
	              "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n");
	add_servers(s, service, add_state, out);
	return true;
}

bool serversstate_write_conn(const struct snapshot *s, const char *service, struct text *out)
{
	if (service && !snapshot_find(s, service))
		return false;
	text_add(out,
	         "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est "
	         "unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[1]\n");
	add_servers(s, service, add_conn, out);
	return true;
}
