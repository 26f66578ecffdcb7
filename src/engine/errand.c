/* SPDX-License-Identifier: MIT */
#include "engine/errand.h"

#include "net/sock.h"

struct errand *errand_begin(struct slab *errands, struct session *s, const struct addr_ip *client)
{
	struct errand *e = slab_get(errands);

	if (!e)
		return NULL;
	*e = (struct errand){ .session = s, .ticket.request.client = *client };
	e->ticket.request.tried = &e->ticket.tried;
	return e;
}

const struct addr_ip *errand_local(struct errand *e, int fd)
{
	struct addr_ip *local = &e->ticket.request.local;
	struct addr a;

	if (!local->family && sock_local(fd, &a))
		*local = addr_pack(&a);
	return local;
}

bool errand_is_told(const struct errand *e)
{
	return e->waited.server || e->waited.service || e->ticket.request.local.family ||
	       e->server_addr.family;
}
