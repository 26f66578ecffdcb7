/* SPDX-License-Identifier: MIT */
#include "outset.h"

int outset_connect(const struct topology_server *server, const struct addr *to,
                   struct sock_options o, bool *at_once)
{
	const struct settings_source *from = &server->settings->source;
	struct sock_source source;

	if (from->addr.len || from->interface) {
		source = (struct sock_source){ .addr = from->addr,
			                       .port_low = from->port_low,
			                       .port_high = from->port_high,
			                       .interface = from->interface };
		o.source = &source;
	}
	return sock_connect(to, &o, at_once);
}
