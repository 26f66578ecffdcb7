/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include "net/sock.h"

void guard_set(struct session *s)
{
	const struct settings_service *set = session_service(s)->settings;
	uint32_t of_server = s->server->settings->tcp_user_timeout_ms;
	const struct sock_options o = {
		.keepalive = { .on = set->keepalive.server,
		               .idle_s = set->keepalive.idle_s,
		               .interval_s = set->keepalive.interval_s,
		               .count = set->keepalive.count },
		.user_timeout_ms = of_server ? of_server : set->tcp_user_timeout_ms,
		.nodelay = true,
	};

	/* Until a warm connection has proven that it lives it keeps the time-out that it has. */
	if (s->errand && s->errand->warm)
		return;
	s->guarded = true;
	/* A socket that is broken tells so when it is read from. */
	if (!s->server->unix_addr.len)
		sock_set_options(s->ends.io[DUPLEX_SERVER].fd, &o);
}
