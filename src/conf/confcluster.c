/* SPDX-License-Identifier: MIT */
#include "confcluster.h"

#include "base/text.h"

bool confcluster_has_nodes(const struct settings *s, const struct settings_service *service)
{
	return service->server_count && !strchr(s->targets[service->servers[0].node].name, '/');
}

/* What cluster.server has and cluster.nodes has not. */
static bool are_alike(const struct settings_server *a, const struct settings_server *b)
{
	return a->tcp_user_timeout_ms == b->tcp_user_timeout_ms && a->send_proxy == b->send_proxy &&
	       addr_equal(&a->source.addr, &b->source.addr) &&
	       a->source.port_low == b->source.port_low &&
	       a->source.port_high == b->source.port_high &&
	       text_same(a->source.interface, b->source.interface) && !a->track && !b->track &&
	       a->shutdown_on_down == b->shutdown_on_down && a->down_grace_ms == b->down_grace_ms &&
	       a->close_spread_ms == b->close_spread_ms &&
	       a->shutdown_backup_on_up == b->shutdown_backup_on_up && a->observe == b->observe &&
	       a->error_limit == b->error_limit && a->on_error == b->on_error &&
	       !a->agent == !b->agent;
}

static bool agents_alike(const struct settings *s, size_t a, size_t b)
{
	const struct settings_check *x;
	const struct settings_check *y;

	if (!a || !b)
		return a == b;
	x = &s->targets[a - 1].check;
	y = &s->targets[b - 1].check;
	return s->targets[a - 1].check_port == s->targets[b - 1].check_port &&
	       text_same(x->address, y->address) && x->inter_ms == y->inter_ms &&
	       x->timeout_ms == y->timeout_ms && x->rise == y->rise && x->fall == y->fall &&
	       text_same(x->agent_send, y->agent_send);
}

static bool is_same(const struct settings_server *a, const struct settings_server *b)
{
	return text_same(a->name, b->name) && text_same(a->host, b->host) && a->node == b->node &&
	       text_same(a->locality, b->locality) && a->weight == b->weight &&
	       a->backup == b->backup && a->disabled == b->disabled && a->maxconn == b->maxconn &&
	       a->minconn == b->minconn && a->maxqueue == b->maxqueue &&
	       a->slowstart_ms == b->slowstart_ms && a->max_connecting == b->max_connecting &&
	       a->warm == b->warm && a->id == b->id;
}

bool confcluster_fits(const struct settings *s)
{
	const struct settings_service *first = NULL;

	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *service = &s->services[i];

		if (!confcluster_has_nodes(s, service))
			continue;
		first = first ? first : service;
		if (service->server_count != first->server_count)
			return false;
		for (size_t k = 0; k < service->server_count; k++)
			if (!is_same(&service->servers[k], &first->servers[k]) ||
			    !are_alike(&service->servers[k], &first->servers[0]) ||
			    !agents_alike(s, service->servers[k].agent, first->servers[0].agent))
				return false;
	}
	return true;
}
