/* SPDX-License-Identifier: MIT */
#include "draft.h"

struct draft_frontend draft_frontend_begin(const struct draft_service *service)
{
	const struct settings_service *s = &service->s;

	return (struct draft_frontend){
		.f = { .tcp_user_timeout_ms = s->tcp_user_timeout_ms,
		       .rate_limit = s->rate_limit,
		       .dontlognull = s->dontlognull,
		       .dontlog_normal = s->dontlog_normal,
		       .log_separate_errors = s->log_separate_errors,
		       .logasap = s->logasap,
		       .socket_stats = s->socket_stats,
		       .session_log = s->session_log,
		       .log_format = s->log_format },
		.timeout = service->timeout,
		.keepalive = service->keepalive,
		.allow = service->allow,
		.deny = service->deny,
		.conn_rate_limit = service->conn_rate_limit,
		.logs = service->logs,
	};
}
